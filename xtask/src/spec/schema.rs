//! Queries and edits of lowered schemas that several steps share.

use std::collections::BTreeMap;

use openai_assistants_codegen::features;
use serde_json::{Map, Value, json};

use super::canonical::{DESCRIPTION, MERGES_INTO, UNION_OF_ONE};

/// Component schemas by name.
pub(super) type Schemas = BTreeMap<String, Value>;

/// The prefix of references to component schemas.
pub(super) const PREFIX: &str = "#/components/schemas/";

/// Keywords about the use of a schema, which may stand beside a `$ref`.
///
/// They stay in place when the schema becomes a component.
pub(super) const SIBLING_KEYWORDS: [&str; 6] = [
    "description",
    "nullable",
    "default",
    "deprecated",
    features::FEATURE,
    DESCRIPTION,
];

/// Extensions that lowering keeps.
pub(super) const EXTENSIONS: [&str; 5] = [
    features::FEATURE,
    features::FEATURES_OF_PARTS,
    DESCRIPTION,
    UNION_OF_ONE,
    MERGES_INTO,
];

/// The kinds of lowered schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reference,
    /// A string, number or boolean. Enumerated numbers are primitive too.
    Primitive,
    /// A string with exactly one allowed value.
    Constant,
    /// A string with several allowed values.
    Enum,
    Array,
    /// An object with named properties.
    Object,
    /// An object with arbitrary keys.
    Map,
    Union,
}

/// Returns the kind of a lowered schema.
pub(super) fn kind(schema: &Value) -> Option<Kind> {
    if reference(schema).is_some() {
        return Some(Kind::Reference);
    }
    if schema.get("oneOf").is_some() {
        return Some(Kind::Union);
    }
    match (
        schema.get("type")?.as_str()?,
        schema.get("enum").and_then(Value::as_array),
    ) {
        ("string", Some(values)) if values.len() == 1 => Some(Kind::Constant),
        ("string", Some(_)) => Some(Kind::Enum),
        ("string" | "integer" | "number" | "boolean", _) => Some(Kind::Primitive),
        ("array", _) => Some(Kind::Array),
        ("object", _) if schema.get("properties").is_some() => Some(Kind::Object),
        ("object", _) => Some(Kind::Map),
        _ => None,
    }
}

/// Returns the component that a schema refers to, directly or through `allOf`.
///
/// OpenAPI 3.0 wraps a reference in `allOf` to add sibling keywords.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    let target = match schema
        .get("allOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        Some([one]) => one,
        _ => schema,
    };
    target.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// Follows references, and returns the schema with the name of its component.
///
/// Returns a reference if the references form a cycle.
pub(super) fn target<'a>(schema: &'a Value, schemas: &'a Schemas) -> (Option<&'a str>, &'a Value) {
    let mut found = (None, schema);
    for _ in 0..16 {
        match reference(found.1).and_then(|name| schemas.get_key_value(name)) {
            Some((name, target)) => found = (Some(name.as_str()), target),
            None => break,
        }
    }
    found
}

/// Creates a reference to a component.
pub(super) fn reference_to(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// Sets a sibling keyword, and wraps a reference in `allOf` if needed.
pub(super) fn set(schema: &mut Value, keyword: &str, value: Value) {
    if schema.get("$ref").is_some() {
        *schema = json!({ "allOf": [schema.take()] });
    }
    if let Some(map) = schema.as_object_mut() {
        map.insert(keyword.to_owned(), value);
    }
}

/// Removes and returns the sibling keywords of a schema.
pub(super) fn take_siblings(schema: &mut Value) -> Map<String, Value> {
    let mut siblings = Map::new();
    if let Some(map) = schema.as_object_mut() {
        for keyword in SIBLING_KEYWORDS {
            siblings.extend(map.remove_entry(keyword));
        }
        if let (1, Some(Value::Array(branches))) = (map.len(), map.get_mut("allOf"))
            && let [one] = branches.as_mut_slice()
        {
            *schema = one.take();
        }
    }
    siblings
}

/// Sets all sibling keywords.
pub(super) fn put_siblings(schema: &mut Value, siblings: Map<String, Value>) {
    for (keyword, value) in siblings {
        set(schema, &keyword, value);
    }
}

/// Whether a schema requires the property.
pub(super) fn requires(schema: &Value, name: &str) -> bool {
    schema
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|names| names.iter().any(|one| one == name))
}

/// The properties of an object schema, by name.
pub(super) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The direct subschemas of a schema, with their key paths.
pub(super) fn subschemas(schema: &Value) -> Vec<(Vec<String>, &Value)> {
    let mut parts: Vec<_> = properties(schema)
        .map(|(name, property)| (vec!["properties".to_owned(), name.clone()], property))
        .collect();
    for keyword in ["items", "additionalProperties"] {
        parts.extend(
            schema
                .get(keyword)
                .filter(|part| part.is_object())
                .map(|part| (vec![keyword.to_owned()], part)),
        );
    }
    for keyword in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        let branches = schema
            .get(keyword)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        parts.extend(
            branches
                .enumerate()
                .map(|(index, branch)| (vec![keyword.to_owned(), index.to_string()], branch)),
        );
    }
    parts
}

/// The direct subschemas of a schema.
pub(super) fn subschemas_mut(schema: &mut Value) -> Vec<&mut Value> {
    let mut parts = Vec::new();
    for (keyword, part) in schema.as_object_mut().into_iter().flatten() {
        match (keyword.as_str(), part) {
            ("properties", Value::Object(properties)) => parts.extend(properties.values_mut()),
            ("items" | "additionalProperties", part) if part.is_object() => parts.push(part),
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(branches)) => {
                parts.extend(branches);
            }
            _ => {}
        }
    }
    parts
}

/// The names of the components that a schema refers to, at any depth.
pub(super) fn references(schema: &Value) -> Vec<String> {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name
            .strip_prefix(PREFIX)
            .map(str::to_owned)
            .into_iter()
            .collect();
    }
    subschemas(schema)
        .into_iter()
        .flat_map(|(_, part)| references(part))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_distinguished() {
        for (schema, expected) in [
            (json!({"$ref": "#/components/schemas/A"}), Kind::Reference),
            (
                json!({"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": true}),
                Kind::Reference,
            ),
            (json!({"type": "string"}), Kind::Primitive),
            (json!({"type": "string", "enum": ["a"]}), Kind::Constant),
            (json!({"type": "string", "enum": ["a", "b"]}), Kind::Enum),
            (
                json!({"type": "array", "items": {"type": "string"}}),
                Kind::Array,
            ),
            (json!({"type": "object", "properties": {}}), Kind::Object),
            (
                json!({"type": "object", "additionalProperties": true}),
                Kind::Map,
            ),
            (json!({"oneOf": []}), Kind::Union),
        ] {
            assert_eq!(kind(&schema), Some(expected), "{schema}");
        }
        assert_eq!(kind(&json!({})), None);
    }

    #[test]
    fn sibling_keywords_wrap_a_reference_and_are_removed_again() {
        let mut schema = reference_to("A");
        set(&mut schema, "nullable", true.into());
        assert_eq!(
            schema,
            json!({"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": true})
        );

        let siblings = take_siblings(&mut schema);
        assert_eq!(schema, reference_to("A"));
        put_siblings(&mut schema, siblings);
        assert_eq!(schema["nullable"], true);
    }

    #[test]
    fn references_are_found_at_any_depth_and_only_in_schemas() {
        let schema = json!({
            "type": "object",
            "default": {"$ref": "#/components/schemas/NotOne"},
            "properties": {
                "$ref": {"type": "string"},
                "a": {"type": "array", "items": {"$ref": "#/components/schemas/A"}},
                "b": {"oneOf": [{"type": "string"}, {"$ref": "#/components/schemas/B"}]},
            },
        });
        assert_eq!(references(&schema), ["A", "B"]);
    }
}
