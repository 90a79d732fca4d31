//! The constraints of a schema on its values: types, enumerated values and limits.

use std::collections::BTreeSet;

use openai_assistants_codegen::Error;
use serde_json::{Map, Value};

use super::pointer::Pointer;

type Object = Map<String, Value>;

/// The keywords that a schema of each type may have.
const KEYWORDS: [(&str, &[&str]); 6] = [
    (
        "string",
        &["format", "enum", "minLength", "maxLength", "pattern"],
    ),
    ("integer", NUMBER_KEYWORDS),
    ("number", NUMBER_KEYWORDS),
    ("boolean", &["enum"]),
    ("array", &["items", "minItems", "maxItems", "uniqueItems"]),
    (
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
        ],
    ),
];

const NUMBER_KEYWORDS: &[&str] = &[
    "format",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Returns the keywords that a schema of this type may have.
pub(super) fn keywords_of_type(name: &str) -> Option<&'static [&'static str]> {
    KEYWORDS
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, keywords)| keywords)
}

/// Whether the value of a keyword has the required JSON type.
pub(super) fn is_well_formed(keyword: &str, value: &Value) -> bool {
    match keyword {
        "format" | "pattern" => value.is_string(),
        "enum" | "required" => value.is_array(),
        "uniqueItems" => value.is_boolean(),
        "exclusiveMinimum" | "exclusiveMaximum" => value.is_boolean() || value.is_number(),
        "minimum" | "maximum" | "multipleOf" => value.is_number(),
        "additionalProperties" => value.is_boolean(),
        _ => value.is_u64(),
    }
}

/// Whether a schema is of the content of a file: `format: binary`, or its spelling in OpenAPI 3.1.
pub(super) fn is_file(schema: &Value) -> bool {
    let is_bytes = schema["type"] == "string"
        && schema.get("contentMediaType").is_some()
        && schema.get("contentEncoding").is_none();
    schema["format"] == "binary" || is_bytes
}

/// Whether a value has a primitive type.
pub(super) fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}

/// The enumerated values of a schema, without `null`.
pub(super) fn values(object: &Object) -> Option<Vec<Value>> {
    let listed = match object.get("const") {
        Some(constant) => std::slice::from_ref(constant),
        None => object.get("enum")?.as_array()?,
    };
    let mut values: Vec<Value> = Vec::new();
    for value in listed.iter().filter(|value| !value.is_null()) {
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    Some(values)
}

/// The types of a schema except `null`, and whether `null` is allowed.
pub(super) fn types(object: &Object, at: &Pointer) -> Result<(Vec<String>, bool), Error> {
    let listed: Vec<String> = match object.get("type") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(_) => {
            return Err(Error::at(
                at.child("type"),
                "must be a name or a list of names",
            ));
        }
        None => implied_type(object)
            .map(str::to_owned)
            .into_iter()
            .collect(),
    };
    let lists_null = object
        .get("enum")
        .and_then(Value::as_array)
        .is_some_and(|values| values.contains(&Value::Null));
    let nullable = lists_null || listed.iter().any(|name| name == "null");
    let types: Vec<String> = listed.into_iter().filter(|name| name != "null").collect();
    if types.is_empty() && nullable {
        return Err(Error::at(
            at,
            "a schema that only allows `null` cannot be lowered",
        ));
    }
    Ok((types, nullable))
}

fn implied_type(object: &Object) -> Option<&'static str> {
    if object.contains_key("properties") || object.contains_key("additionalProperties") {
        return Some("object");
    }
    if object.contains_key("items") {
        return Some("array");
    }
    match values(object)?.first()? {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        _ => None,
    }
}

/// Whether a default is valid according to its schema.
///
/// One upstream document has an empty list as the default of a list that must not be empty.
pub(super) fn is_valid_default(default: &Value, schema: &Value) -> bool {
    let count = default
        .as_array()
        .and_then(|items| u64::try_from(items.len()).ok());
    let min_items = schema.get("minItems").and_then(Value::as_u64);
    let listed = schema.get("enum").and_then(Value::as_array);
    !default.is_null()
        && count
            .zip(min_items)
            .is_none_or(|(count, min_items)| count >= min_items)
        && listed.is_none_or(|values| values.contains(default))
}

/// Normalizes the properties of an object, or the values of a map.
pub(super) fn normalize_object(object: &mut Object) {
    let names: BTreeSet<String> = object
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect();
    if names.is_empty() {
        object.remove("properties");
        object.remove("required");
        if !object
            .get("additionalProperties")
            .is_some_and(Value::is_object)
        {
            object.insert("additionalProperties".into(), true.into());
        }
        return;
    }
    if object.get("additionalProperties") == Some(&Value::Bool(true)) {
        object.remove("additionalProperties");
    }
    // Some upstream objects require properties that they do not define.
    let required: BTreeSet<String> = object
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| names.contains(*name))
        .map(str::to_owned)
        .collect();
    object.remove("required");
    if !required.is_empty() {
        object.insert("required".into(), required.into_iter().collect());
    }
}

/// The format of integers that are Unix timestamps.
pub(super) const TIMESTAMP: &str = "unixtime";

/// Sets the format of timestamps, which are recognized by name.
///
/// Some upstream documents declare the format, others only describe it.
pub(super) fn normalize_timestamp(name: &str, property: &mut Value) {
    let is_number = property["type"] == "integer" || property["type"] == "number";
    if name.ends_with("_at") && is_number {
        property["type"] = "integer".into();
        property["format"] = TIMESTAMP.into();
    }
}

/// Converts exclusive limits from numbers (OpenAPI 3.1) to flags (OpenAPI 3.0).
pub(super) fn normalize_limits(object: &mut Object) {
    for (exclusive, limit) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        match object.get(exclusive) {
            Some(Value::Number(number)) => {
                let number = number.clone();
                object.insert(limit.into(), number.into());
                object.insert(exclusive.into(), true.into());
            }
            Some(Value::Bool(false)) => {
                object.remove(exclusive);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_missing_type_is_inferred_from_other_keywords() {
        for (schema, expected) in [
            (json!({"properties": {}}), vec!["object"]),
            (json!({"items": {}}), vec!["array"]),
            (json!({"enum": ["a", null]}), vec!["string"]),
            (json!({"const": 1.5}), vec!["number"]),
            (json!({"const": 1}), vec!["integer"]),
            (json!({"enum": [true]}), vec!["boolean"]),
            (json!({}), vec![]),
        ] {
            let (types, _) = types(&object(schema.clone()), &Pointer::root()).unwrap();
            assert_eq!(types, expected, "{schema}");
        }
    }

    #[test]
    fn enumerated_values_are_distinct_and_not_null() {
        let listed = object(json!({"enum": ["a", "b", "a", null]}));
        assert_eq!(values(&listed), Some(vec![json!("a"), json!("b")]));
        assert!(types(&listed, &Pointer::root()).unwrap().1);
    }

    #[test]
    fn exclusive_limits_become_flags() {
        let mut number =
            object(json!({"minimum": 3, "exclusiveMinimum": false, "exclusiveMaximum": 9}));
        normalize_limits(&mut number);
        assert_eq!(
            number,
            object(json!({"minimum": 3, "maximum": 9, "exclusiveMaximum": true}))
        );
    }

    #[test]
    fn timestamps_are_recognized_by_name() {
        let normalized = |name: &str, mut property: Value| {
            normalize_timestamp(name, &mut property);
            property
        };
        let time = json!({"type": "integer", "format": "unixtime"});
        for property in [
            json!({"type": "integer"}),
            json!({"type": "integer", "format": "int64"}),
            json!({"type": "number"}),
            time.clone(),
        ] {
            assert_eq!(normalized("created_at", property), time);
        }
        let text = json!({"type": "string", "format": "date-time"});
        assert_eq!(normalized("created_at", text.clone()), text);
        let count = json!({"type": "integer"});
        assert_eq!(normalized("format", count.clone()), count);
    }

    #[test]
    fn invalid_defaults_are_detected() {
        let schema = json!({"enum": ["a", "b"]});
        assert!(is_valid_default(&json!("a"), &schema));
        assert!(!is_valid_default(&json!("c"), &schema));
        assert!(!is_valid_default(&Value::Null, &json!({})));
        assert!(!is_valid_default(&json!([]), &json!({"minItems": 1})));
    }
}
