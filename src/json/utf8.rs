//! Decodes bytes as UTF-8 text.

use std::borrow::Cow;

/// Decodes bytes as UTF-8. Invalid sequences become U+FFFD.
///
/// Validating the whole text once is much faster than letting the JSON parser validate each
/// string, and simdutf8 is faster than the standard library. The lossy conversion runs only where
/// validation fails.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
