//! Generates a deterministic sample value for a schema.

use serde_json::{Map, Value, json};

use crate::spec::document::{DOCUMENT, Operation};
use crate::spec::json_schema;

/// Nesting limit, since requests bring schemas of their own.
const MAX_DEPTH: usize = 20;

/// Limit of the number of values in a sample. Further values are null.
const MAX_VALUES: usize = 1_000;

/// A sample response of an operation, with the IDs of the path.
pub(crate) fn response(operation: &Operation, path: &[(String, String)]) -> Value {
    let mut response = value(&operation.openapi_response);
    for (name, id) in path {
        if response.get(name).is_some() {
            response[name] = id.as_str().into();
        }
    }
    // A path that ends with an ID identifies the object itself.
    if let (Some((_, id)), true) = (path.last(), operation.path.ends_with('}')) {
        response["id"] = id.as_str().into();
    }
    response
}

/// A sample value for an OpenAPI schema or for the parameters of a function.
pub(crate) fn value(schema: &Value) -> Value {
    let mut remaining = MAX_VALUES;
    nested(schema, 0, &mut remaining)
}

/// A sample value at a depth, or null if a limit is reached.
fn nested(schema: &Value, depth: usize, remaining: &mut usize) -> Value {
    if depth > MAX_DEPTH || *remaining == 0 {
        return Value::Null;
    }
    *remaining -= 1;
    let schema = json_schema::resolve(&DOCUMENT.components, schema);
    if let Some(default) = schema.get("default").or_else(|| schema.get("const")) {
        return default.clone();
    }
    for keyword in ["enum", "examples"] {
        if let Some(first) = schema[keyword].get(0) {
            return first.clone();
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[keyword].get(0) {
            return nested(first, depth + 1, remaining);
        }
    }
    let ty = &schema["type"];
    match ty.as_str().or_else(|| ty.get(0)?.as_str()) {
        Some("string") => "string".into(),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.5.into()),
        Some("boolean") => true.into(),
        Some("array") => match schema["minItems"].as_u64() {
            Some(1..) => json!([nested(&schema["items"], depth + 1, remaining)]),
            _ => json!([]),
        },
        Some("null") => Value::Null,
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            let mut object = Map::new();
            for name in required.filter_map(Value::as_str) {
                if !object.contains_key(name) {
                    let value = nested(&schema["properties"][name], depth + 1, remaining);
                    object.insert(name.to_owned(), value);
                }
            }
            object.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_response_of_every_operation_is_valid() {
        for operation in &DOCUMENT.operations {
            let path = [("thread_id".to_owned(), "thread_1".to_owned())];
            let sample = response(operation, &path);
            assert_eq!(
                operation.response.error_text(&sample),
                None,
                "{}: {sample}",
                operation.id
            );
        }
    }

    #[test]
    fn duplicate_names_in_required_yield_one_property() {
        let mut schema = json!({ "type": "string" });
        let mut expected = json!("string");
        for _ in 0..15 {
            schema = json!({ "required": vec!["a"; 10], "properties": { "a": schema } });
            expected = json!({ "a": expected });
        }
        assert_eq!(value(&schema), expected);
    }

    #[test]
    fn the_size_of_a_sample_is_limited() {
        let names: Vec<String> = (0..MAX_VALUES * 2).map(|n| n.to_string()).collect();
        let properties = names
            .iter()
            .map(|name| (name.clone(), json!({ "type": "string" })));
        let properties: Map<_, _> = properties.collect();
        let sample = value(&json!({ "required": names, "properties": properties }));
        let values: Vec<&Value> = names.iter().map(|name| &sample[name]).collect();
        // The object counts as a value.
        let (generated, omitted) = values.split_at(MAX_VALUES - 1);
        assert!(generated.iter().all(|value| **value == "string"));
        assert!(omitted.iter().all(|value| value.is_null()));
    }
}
