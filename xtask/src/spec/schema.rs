//! What several steps ask of a schema.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Component schemas by name.
pub(super) type Schemas = BTreeMap<String, Value>;

/// Where component schemas live.
pub(super) const PREFIX: &str = "#/components/schemas/";

/// Keywords that say something about the place where a schema is used, not about
/// the shape of the data. They stay there when the shape gets a name.
pub(super) const PLACE_KEYWORDS: [&str; 4] = ["description", "nullable", "default", "deprecated"];

/// The forms that a lowered schema has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Reference,
    /// A string, number or boolean without a list of values, or a list of numbers.
    Primitive,
    /// A string that has one value only.
    Constant,
    /// A string that has one of several values.
    Enum,
    Array,
    /// An object with named properties.
    Object,
    /// An object with arbitrary keys.
    Map,
    Union,
}

/// The form of a lowered schema.
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

/// The component that a schema refers to, be it plainly or through `allOf`,
/// which is how OpenAPI 3.0 says more beside a reference.
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

/// What a schema is once its references are followed, with the name of the last.
/// A reference that leads back to itself ends at a reference.
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

/// A plain reference to a component.
pub(super) fn refer_to(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// Says something about the place where a schema is used.
pub(super) fn set(schema: &mut Value, keyword: &str, value: Value) {
    if schema.get("$ref").is_some() {
        *schema = json!({ "allOf": [schema.take()] });
    }
    if let Some(map) = schema.as_object_mut() {
        map.insert(keyword.to_owned(), value);
    }
}

/// Takes what is said about the place off a schema; the shape remains.
pub(super) fn take_place(schema: &mut Value) -> Map<String, Value> {
    let mut place = Map::new();
    if let Some(map) = schema.as_object_mut() {
        for keyword in PLACE_KEYWORDS {
            place.extend(map.remove_entry(keyword));
        }
        if let (1, Some(Value::Array(branches))) = (map.len(), map.get_mut("allOf"))
            && let [one] = branches.as_mut_slice()
        {
            *schema = one.take();
        }
    }
    place
}

/// Says about the place of `schema` what was said about another's.
pub(super) fn put_place(schema: &mut Value, place: Map<String, Value>) {
    for (keyword, value) in place {
        set(schema, &keyword, value);
    }
}

/// Whether a schema lists `name` among its required properties.
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

/// The schemas directly within a lowered schema, with the keys that lead to them.
pub(super) fn parts(schema: &Value) -> Vec<(Vec<String>, &Value)> {
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
    for keyword in ["oneOf", "anyOf", "allOf"] {
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

/// The same, to change them.
pub(super) fn parts_mut(schema: &mut Value) -> Vec<&mut Value> {
    let mut parts = Vec::new();
    for (keyword, part) in schema.as_object_mut().into_iter().flatten() {
        match (keyword.as_str(), part) {
            ("properties", Value::Object(properties)) => parts.extend(properties.values_mut()),
            ("items" | "additionalProperties", part) if part.is_object() => parts.push(part),
            ("oneOf" | "anyOf" | "allOf", Value::Array(branches)) => parts.extend(branches),
            _ => {}
        }
    }
    parts
}

/// The names of all components that a schema refers to, at any depth.
pub(super) fn references(schema: &Value) -> Vec<String> {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        return name
            .strip_prefix(PREFIX)
            .map(str::to_owned)
            .into_iter()
            .collect();
    }
    parts(schema)
        .into_iter()
        .flat_map(|(_, part)| references(part))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
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
    fn a_reference_is_wrapped_to_say_more_and_unwrapped_again() {
        let mut schema = refer_to("A");
        set(&mut schema, "nullable", true.into());
        assert_eq!(
            schema,
            json!({"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": true})
        );

        let place = take_place(&mut schema);
        assert_eq!(schema, refer_to("A"));
        put_place(&mut schema, place);
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
