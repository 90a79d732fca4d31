//! Annotations that cite web pages.

use serde::{Deserialize, Serialize};

use crate::json::scalar;
use crate::types::TextAnnotation;

/// The annotation `url_citation`: cites a web page.
///
/// Tools such as Bing add it to the text of a message.
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
/// let citation = UrlCitation::of(&annotation).expect("a citation");
/// assert_eq!(citation.url_citation.url, "https://example.com");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "url_citation")]
#[non_exhaustive]
pub struct UrlCitation {
    /// The marker in the text, such as `[1]`.
    pub text: String,
    /// The cited page.
    pub url_citation: UrlCitationSource,
    /// Start of the marker in the text, in characters.
    #[serde(
        default,
        deserialize_with = "scalar::integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub start_index: Option<i64>,
    /// End of the marker in the text, in characters (exclusive).
    #[serde(
        default,
        deserialize_with = "scalar::integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub end_index: Option<i64>,
}

impl UrlCitation {
    /// Returns the citation, or `None` for other annotations.
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

/// A cited web page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UrlCitationSource {
    /// URL of the page.
    pub url: String,
    /// Title of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}
