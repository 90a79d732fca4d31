//! An exchange as a line of JSON, without secrets.

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

/// What replaces a secret.
const REDACTED: &str = "***";

/// Headers whose values are secrets, beside those that are marked as such.
const SECRET: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "api-key",
    "cookie",
    "set-cookie",
];

/// Shorter values are redacted in their header alone: a text may contain them by chance.
const MIN_SECRET: usize = 8;

/// An exchange. Bodies are text.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Line {
    pub(super) method: String,
    /// The path and the query.
    pub(super) path: String,
    pub(super) request_headers: BTreeMap<String, String>,
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) response_headers: BTreeMap<String, String>,
    pub(super) response: String,
}

/// The secrets of an exchange.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Returns headers as text, and remembers the values of those that hold secrets.
    pub(super) fn headers(&mut self, headers: &HeaderMap) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for (name, value) in headers {
            let value_text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let text = if value.is_sensitive() || SECRET.contains(&name.as_str()) {
                // A body repeats a key without its scheme.
                let words = value_text.split([' ', ';', '=']).map(str::to_owned);
                self.0.extend(words.filter(|word| word.len() >= MIN_SECRET));
                REDACTED.to_owned()
            } else {
                value_text
            };
            texts.insert(name.as_str().to_owned(), text);
        }
        texts
    }

    /// Returns a text without the secrets.
    pub(super) fn redact(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0
            .iter()
            .fold(text, |text, secret| text.replace(secret, REDACTED))
    }
}
