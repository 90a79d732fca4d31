//! Places in a document, and what references lead to.

use std::fmt;

use serde_json::Value;

/// The place of a value in a document: a JSON pointer in its URI form, `#/a/b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(String);

impl Pointer {
    /// The whole document.
    pub(super) fn root() -> Self {
        Self("#".to_owned())
    }

    /// The place that this one is directly in.
    #[must_use]
    pub(super) fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or("#", |(parent, _)| parent)
                .to_owned(),
        )
    }

    /// The place one key or index below this one.
    #[must_use]
    pub(super) fn child(&self, segment: impl fmt::Display) -> Self {
        let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{segment}", self.0))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a `$ref` within the document points to, if it is there.
pub(super) fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_resolve_within_the_document() {
        let document = json!({"components": {"schemas": {"a/b": 1}}});
        assert_eq!(
            resolve(&document, "#/components/schemas/a~1b"),
            Some(&json!(1))
        );
        assert_eq!(resolve(&document, "#/components/schemas/c"), None);
        assert_eq!(resolve(&document, "other.yaml#/a"), None);
        assert_eq!(
            Pointer::root().child("paths").child("/a").to_string(),
            "#/paths/~1a"
        );
    }
}
