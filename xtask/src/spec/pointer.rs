//! JSON pointers into a document, and the resolution of references.

use std::fmt;

use serde_json::Value;

use openai_assistants_codegen::Error;

/// The location of a value: a JSON pointer as a URI fragment, `#/a/b`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pointer(String);

impl Pointer {
    /// The location of the document.
    pub(super) fn root() -> Self {
        Self("#".to_owned())
    }

    /// The location of a component schema.
    pub(super) fn component(name: &str) -> Self {
        Self::root()
            .child("components")
            .child("schemas")
            .child(name)
    }

    /// The location of the parent.
    #[must_use]
    pub(super) fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or("#", |(parent, _)| parent)
                .to_owned(),
        )
    }

    /// The location of a key or index in this value.
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

/// Returns the value that a `$ref` within the document points to.
pub(super) fn lookup<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

/// Returns the value that a `$ref` at this location points to.
pub(super) fn resolve<'a>(
    document: &'a Value,
    reference: &str,
    at: &Pointer,
) -> Result<&'a Value, Error> {
    lookup(document, reference).ok_or_else(|| {
        let reason = match reference.starts_with('#') {
            true => "does not resolve",
            false => "points outside of the document, which cannot be imported",
        };
        Error::at(at, format!("the `$ref` `{reference}` {reason}"))
    })
}

/// Follows references to parameters, request bodies and responses.
pub(super) fn follow<'a>(
    document: &'a Value,
    mut value: &'a Value,
    at: &Pointer,
) -> Result<&'a Value, Error> {
    for _ in 0..16 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
            return Ok(value);
        };
        value = resolve(document, reference, at)?;
    }
    Err(Error::at(at, "a `$ref` refers to itself"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_resolve_within_the_document() {
        let document = json!({"components": {"schemas": {"a/b": 1}}});
        assert_eq!(
            lookup(&document, "#/components/schemas/a~1b"),
            Some(&json!(1))
        );
        assert_eq!(lookup(&document, "#/components/schemas/c"), None);
        assert_eq!(lookup(&document, "other.yaml#/a"), None);
        assert_eq!(
            Pointer::root().child("paths").child("/a").to_string(),
            "#/paths/~1a"
        );
    }
}
