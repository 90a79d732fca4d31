//! Annotations of text.

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::types::TextAnnotation;

/// A marker that cites a page on the web, which a tool such as Bing has found: the annotation
/// `url_citation`.
///
/// # Examples
///
/// ```
/// use openai_assistants::foundry::UrlCitation;
/// use openai_assistants::types::TextAnnotation;
///
/// let annotation: TextAnnotation = serde_json::from_str(
///     r#"{"type": "url_citation", "text": "[1]", "url_citation": {"url": "https://example.com"}}"#,
/// )?;
/// let citation = UrlCitation::of(&annotation).expect("it is one");
/// assert_eq!(citation.url_citation.url, "https://example.com");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "url_citation")]
#[non_exhaustive]
pub struct UrlCitation {
    /// The marker as it stands in the text.
    pub text: String,
    /// The page.
    pub url_citation: UrlCitationSource,
    /// Where the marker begins in the text, in characters.
    #[serde(
        default,
        deserialize_with = "codec::integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub start_index: Option<i64>,
    /// Where the marker ends in the text: the position behind its last character.
    #[serde(
        default,
        deserialize_with = "codec::integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub end_index: Option<i64>,
}

impl UrlCitation {
    /// The citation, if the annotation is one of a page on the web.
    #[must_use]
    pub fn of(annotation: &TextAnnotation) -> Option<Self> {
        match annotation {
            TextAnnotation::Unknown(value) if value["type"] == "url_citation" => {
                Self::deserialize(value).ok()
            }
            _ => None,
        }
    }
}

/// The page that is cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UrlCitationSource {
    /// The address of the page.
    pub url: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}
