//! Encodes values as segments of a URL path.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::core::{Error, Result};

/// All characters except the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes an ID as a path segment. Rejects values that would address another resource.
pub(crate) fn segment(name: &str, value: &str) -> Result<String> {
    match value {
        "." | ".." => Err(Error::invalid_argument(
            name,
            format_args!("`{value}` would address another resource"),
        )),
        _ if value.trim().is_empty() => Err(Error::invalid_argument(
            name,
            "it is empty, which would address another resource",
        )),
        _ => Ok(encode_segment(value)),
    }
}

/// Percent-encodes a text as a path segment.
pub(crate) fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}
