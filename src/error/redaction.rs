//! Redacts secrets of a request from text that a server returned.

use std::cmp::Reverse;

use http::HeaderValue;

/// A shorter value is not a key, and may be a common word of the text.
const MIN_LENGTH: usize = 8;

/// The secrets of a request. Some servers quote the key that they reject.
#[derive(Default)]
pub(crate) struct Secrets(Vec<HeaderValue>);

impl Secrets {
    /// Adds the sensitive values among these.
    pub(crate) fn add<'a>(&mut self, values: impl IntoIterator<Item = &'a HeaderValue>) {
        let values = values.into_iter().filter(|value| value.is_sensitive());
        self.0.extend(values.cloned());
    }

    /// Replaces the secrets in a text by `***`.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self
            .0
            .iter()
            .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
            .map(|value| match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
                _ => value.trim(),
            })
            .filter(|secret| secret.len() >= MIN_LENGTH)
            .collect();
        // One secret may be part of another: replace the longest first.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}
