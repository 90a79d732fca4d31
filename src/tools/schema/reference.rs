//! Resolves references within a JSON Schema.

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::error::core::Result;
use crate::tools::schema::unsupported::error;

/// Prefix of references to definitions.
pub(super) const DEFINITIONS: &str = "#/$defs/";

/// Returns the schema that a reference points to, or an error.
pub(super) fn resolve<'a>(root: &'a Value, reference: &str, path: &str) -> Result<&'a Value> {
    find(root, reference).ok_or_else(|| {
        error(path, format_args!(
            "has a reference to `{reference}`, which is not in the schema: use `#` or `{DEFINITIONS}…`"
        ))
    })
}

/// Returns the schema that a reference points to, if it is in this document.
pub(super) fn find<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    match reference.strip_prefix(DEFINITIONS) {
        Some(name) => root.get("$defs")?.get(decode_name(name)),
        None => (reference == "#").then_some(root),
    }
}

/// Decodes the name in a reference, which is a part of a JSON pointer in a URI fragment.
pub(super) fn decode_name(name: &str) -> String {
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.replace("~1", "/").replace("~0", "~")
}
