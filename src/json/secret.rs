//! A text that is secret: `Debug` and errors do not show it.

use std::cell::RefCell;
use std::fmt;

use reqwest::Url;
use serde::{Deserialize, Serialize, Serializer};

thread_local! {
    /// The secrets that have been serialized, within a call of [`collect`].
    static SERIALIZED: RefCell<Option<Vec<Secret>>> = const { RefCell::new(None) };
}

/// A text that is secret, such as a header, or may contain a secret, such as a URL.
///
/// It is sent as it is. `Debug` shows only the origin of a URL, and errors do not repeat it.
///
/// # Examples
///
/// ```
/// use openai_assistants::Secret;
///
/// let token = Secret::from("Bearer abc");
/// assert_eq!(format!("{token:?}"), "***");
/// assert_eq!(token.expose(), "Bearer abc");
///
/// let url = Secret::from("https://example.com/mcp?key=abc");
/// assert_eq!(format!("{url:?}"), "\"https://example.com\"");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Returns the text.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Self {
        Self(text.clone())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Url::parse(&self.0) {
            Ok(url) if url.has_host() => url.origin().ascii_serialization().fmt(f),
            _ => f.write_str("***"),
        }
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SERIALIZED
            .with_borrow_mut(|secrets| secrets.iter_mut().for_each(|all| all.push(self.clone())));
        serializer.serialize_str(&self.0)
    }
}

/// Runs a serialization, and returns the secrets that it contains.
pub(crate) fn collect<T>(serialize: impl FnOnce() -> T) -> (T, Vec<Secret>) {
    let outer = SERIALIZED.replace(Some(Vec::new()));
    let serialized = serialize();
    (serialized, SERIALIZED.replace(outer).unwrap_or_default())
}
