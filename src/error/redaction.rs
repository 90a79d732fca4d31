//! Redacts secrets of a request from text that a server returned.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};

/// A shorter value is not a key, and may be a common word of the text.
const MIN_LENGTH: usize = 8;
/// How much of a secret must be left where a text is cut.
const MIN_CUT: usize = 4;
/// The end of a text that was clipped.
const ELLIPSIS: &[u8] = "…".as_bytes();

/// The secrets of a request.
pub(crate) struct Secrets {
    values: Vec<String>,
    /// What a server may repeat of them. Needed only for errors.
    forms: OnceLock<Vec<String>>,
}

impl Secrets {
    /// Collects the secrets in values of headers and query parameters.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            values: values.into_iter().map(str::to_owned).collect(),
            forms: OnceLock::new(),
        }
    }

    fn forms(&self) -> &[String] {
        self.forms.get_or_init(|| {
            let parts = self.values.iter().flat_map(|value| parts(value));
            let mut forms: Vec<String> = parts
                .filter(|part| part.len() >= MIN_LENGTH)
                .flat_map(|part| base64_forms(part).chain([part.to_owned()]))
                .collect();
            // One secret may be part of another: the longest comes first.
            forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
            forms.dedup();
            forms
        })
    }

    /// Replaces the secrets in a text by `***`.
    pub(crate) fn redact(&self, text: &str) -> String {
        let forms = self.forms();
        let mut redacted = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let mut ends = forms.iter().filter_map(|secret| end(secret, rest));
            let end = ends.find(|end| rest.is_char_boundary(*end));
            match end {
                Some(_) => redacted.push_str("***"),
                None => redacted.push(character),
            }
            rest = &rest[end.unwrap_or(character.len_utf8())..];
        }
        redacted
    }

    /// Whether a text has a secret.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.redact(text) != text
    }

    /// Replaces the secrets in the values of headers.
    pub(crate) fn redact_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes());
            let redacted = self.redact(&text);
            if redacted != text {
                let redacted = HeaderValue::from_str(&redacted);
                *value = redacted.unwrap_or(HeaderValue::from_static("***"));
            }
        }
    }
}

/// A value, and what it consists of: the key behind a scheme such as `Basic`, the values of
/// cookies.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let items = value.split([' ', ',', ';', '"']);
    let values = items
        .clone()
        .filter_map(|item| Some(item.split_once('=')?.1));
    [value.trim()].into_iter().chain(items).chain(values)
}

/// The characters of base64 that a secret determines, wherever in the encoded text it starts.
fn base64_forms(secret: &str) -> impl Iterator<Item = String> {
    let alphabets = [STANDARD_NO_PAD, URL_SAFE_NO_PAD].into_iter();
    alphabets.flat_map(move |alphabet| {
        (0..3).map(move |offset: usize| {
            let bytes = [&[0; 2][..offset], secret.as_bytes()].concat();
            let (start, end) = ((offset * 8).div_ceil(6), bytes.len() * 8 / 6);
            alphabet.encode(bytes)[start..end].to_owned()
        })
    })
}

/// Returns where a secret at the start of a text ends, or is cut.
fn end(secret: &str, text: &str) -> Option<usize> {
    if text.starts_with(secret) {
        return Some(secret.len());
    }
    let mut rest = text.as_bytes();
    for (index, byte) in secret.bytes().enumerate() {
        match after(byte, rest) {
            Some(next) => rest = next,
            None if index >= MIN_CUT && is_cut(rest) && index >= min_cut(secret) => break,
            None => return None,
        }
    }
    Some(text.len() - rest.len())
}

/// How much of a secret must be left. The name of a scheme is no secret.
fn min_cut(secret: &str) -> usize {
    MIN_CUT + secret.find(' ').map_or(0, |space| space + 1)
}

/// Skips a character, plain or escaped as in URLs and JSON.
fn after(character: u8, text: &[u8]) -> Option<&[u8]> {
    let is_hexadecimal = |digits: [u8; 2]| {
        let digits = str::from_utf8(&digits).ok();
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(character)
    };
    match text {
        [b'%', a, b, rest @ ..] if is_hexadecimal([*a, *b]) => Some(rest),
        [b'\\', b'u', b'0', b'0', a, b, rest @ ..] if is_hexadecimal([*a, *b]) => Some(rest),
        [b'\\', escaped, rest @ ..] if *escaped == character => Some(rest),
        [b'+', rest @ ..] if character == b' ' => Some(rest),
        [plain, rest @ ..] if *plain == character => Some(rest),
        _ => None,
    }
}

/// Whether a text is cut here, or within the escaped character that starts here.
fn is_cut(text: &[u8]) -> bool {
    let is_end = |text: &[u8]| text.is_empty() || text.starts_with(ELLIPSIS);
    let is_escape = matches!(text, [b'%' | b'\\', ..]);
    is_end(text) || is_escape && (1..6).any(|length| text.get(length..).is_some_and(is_end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_redacted_in_each_form() {
        let key = "sk/secret+key=";
        let secrets = Secrets::new(["Bearer sk/secret+key="]);
        for text in [
            "no: sk/secret+key=.",
            "no: sk%2Fsecret%2Bkey%3D.",
            "no: sk%2fsecret+key%3d.",
            "no: %73k/secret+key=.",
            r"no: sk\/secret\u002Bkey\u003d.",
        ] {
            assert_eq!(secrets.redact(text), "no: ***.", "{text}");
        }
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            for context in ["", "a", "ab", "user:", "Bearer "] {
                let encoded = alphabet.encode(format!("{context}{key}:"));
                let redacted = secrets.redact(&encoded);
                assert!(redacted.contains("***"), "{encoded}: {redacted}");
                // At most the characters that the context determines too are left.
                let left = redacted.len() - "***".len();
                assert!(left <= context.len().div_ceil(3) * 4 + 3, "{redacted}");
            }
        }
    }

    #[test]
    fn the_parts_of_a_value_are_secrets() {
        for (value, text, redacted) in [
            ("Basic QWxhZGRpbjpvcGVu", "no QWxhZGRpbjpvcGVu!", "no ***!"),
            ("Token 0123456789", "0123456789", "***"),
            (
                "a=1; session=abcdefghij; b=2",
                "session abcdefghij",
                "session ***",
            ),
            ("Signature=\"abcdefghij\", v=1", "abcdefghij", "***"),
            ("correct horse battery", "correct horse battery", "***"),
            ("correct horse battery", "correct horse", "***"),
            ("short", "short", "short"),
        ] {
            assert_eq!(Secrets::new([value]).redact(text), redacted, "{value}");
        }
    }

    #[test]
    fn a_secret_is_redacted_where_the_text_is_cut() {
        let secrets = Secrets::new(["Bearer sk-secret-key"]);
        for (text, redacted) in [
            ("no: sk-secre", "no: ***"),
            ("no: sk-secre…; retry", "no: ***…; retry"),
            ("no: sk%2Dsecret%2", "no: ***%2"),
            (r"no: sk\u002dsec\u00…", r"no: ***\u00…"),
            ("no: sk-", "no: sk-"),
            ("send Authorization: Bearer", "send Authorization: Bearer"),
            ("no: sk-secrets", "no: sk-secrets"),
        ] {
            assert_eq!(secrets.redact(text), redacted);
        }
    }

    #[test]
    fn the_longest_secret_is_replaced() {
        let secrets = Secrets::new(["secret-key", "my-secret-key-2"]);
        assert_eq!(secrets.redact("my-secret-key-2"), "***");
        assert_eq!(secrets.redact("ü-secret-key-2"), "ü-***-2");
    }
}
