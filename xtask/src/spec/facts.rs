//! What a schema says about the values it allows: types, listed values, limits.

use std::collections::BTreeSet;

use openai_assistants_codegen::Error;
use serde_json::{Map, Value};

use super::pointer::Pointer;

type Object = Map<String, Value>;

/// The facts that a schema of each type may state.
const FACTS: [(&str, &[&str]); 6] = [
    (
        "string",
        &["format", "enum", "minLength", "maxLength", "pattern"],
    ),
    ("integer", NUMBER_FACTS),
    ("number", NUMBER_FACTS),
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

const NUMBER_FACTS: &[&str] = &[
    "format",
    "enum",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// The facts that a schema of a type may state, if it is a type.
pub(super) fn of_type(name: &str) -> Option<&'static [&'static str]> {
    FACTS
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(_, facts)| facts)
}

/// Whether a fact about a plain type has a value that makes sense for it.
pub(super) fn is_well_formed(fact: &str, value: &Value) -> bool {
    match fact {
        "format" | "pattern" => value.is_string(),
        "enum" | "required" => value.is_array(),
        "uniqueItems" => value.is_boolean(),
        "exclusiveMinimum" | "exclusiveMaximum" => value.is_boolean() || value.is_number(),
        "minimum" | "maximum" | "multipleOf" => value.is_number(),
        "additionalProperties" => value.is_boolean(),
        _ => value.is_u64(),
    }
}

/// Whether a value is of a plain type.
pub(super) fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}

/// The values that a schema lists, `null` not among them.
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

/// The types of a schema without `null`, and whether `null` was one of them.
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

/// Whether a default is a value of its schema. A document was seen whose is not:
/// an empty list where there must be an item.
pub(super) fn fits(default: &Value, schema: &Value) -> bool {
    let count = default
        .as_array()
        .and_then(|items| u64::try_from(items.len()).ok());
    let fewest = schema.get("minItems").and_then(Value::as_u64);
    let listed = schema.get("enum").and_then(Value::as_array);
    !default.is_null()
        && count
            .zip(fewest)
            .is_none_or(|(count, fewest)| count >= fewest)
        && listed.is_none_or(|values| values.contains(default))
}

pub(super) fn tidy_object(object: &mut Object) {
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
    // A document was seen that requires properties it does not have.
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

/// What says that an integer is a Unix time.
pub(super) const TIMESTAMP: &str = "unixtime";

/// Documents of some dates say of a time that it is one, others have prose for that. The
/// names are the same in all of them.
pub(super) fn tidy_time(name: &str, property: &mut Value) {
    let is_number = property["type"] == "integer" || property["type"] == "number";
    if name.ends_with("_at") && is_number {
        property["type"] = "integer".into();
        property["format"] = TIMESTAMP.into();
    }
}

/// In 3.1 an exclusive limit is a number, in 3.0 a flag beside the limit.
pub(super) fn tidy_limits(object: &mut Object) {
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
    fn a_missing_type_is_told_by_other_facts() {
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
    fn listed_values_are_distinct_and_not_null() {
        let listed = object(json!({"enum": ["a", "b", "a", null]}));
        assert_eq!(values(&listed), Some(vec![json!("a"), json!("b")]));
        assert!(types(&listed, &Pointer::root()).unwrap().1);
    }

    #[test]
    fn limits_are_those_of_3_0() {
        let mut number =
            object(json!({"minimum": 3, "exclusiveMinimum": false, "exclusiveMaximum": 9}));
        tidy_limits(&mut number);
        assert_eq!(
            number,
            object(json!({"minimum": 3, "maximum": 9, "exclusiveMaximum": true}))
        );
    }

    #[test]
    fn a_time_is_told_by_its_name() {
        let tidied = |name: &str, mut property: Value| {
            tidy_time(name, &mut property);
            property
        };
        let time = json!({"type": "integer", "format": "unixtime"});
        for property in [
            json!({"type": "integer"}),
            json!({"type": "integer", "format": "int64"}),
            json!({"type": "number"}),
            time.clone(),
        ] {
            assert_eq!(tidied("created_at", property), time);
        }
        let text = json!({"type": "string", "format": "date-time"});
        assert_eq!(tidied("created_at", text.clone()), text);
        let count = json!({"type": "integer"});
        assert_eq!(tidied("format", count.clone()), count);
    }

    #[test]
    fn defaults_fit_or_go() {
        let schema = json!({"enum": ["a", "b"]});
        assert!(fits(&json!("a"), &schema));
        assert!(!fits(&json!("c"), &schema));
        assert!(!fits(&Value::Null, &json!({})));
        assert!(!fits(&json!([]), &json!({"minItems": 1})));
    }
}
