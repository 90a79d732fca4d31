//! JSON pointers to the values of a document.

/// Escapes a key as a segment of a JSON pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
