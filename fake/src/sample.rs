//! Valid values, made up from schemas. The same schema always gives the same value.

use serde_json::{Map, Value, json};

use crate::document::{DOCUMENT, Operation};
use crate::schema;

/// How deep a schema of somebody else may be nested.
const MAX_DEPTH: usize = 20;

/// How many values a sample may be made up of. What is beyond is null.
const MAX_VALUES: usize = 1_000;

/// An answer of an operation, about the objects that the path names.
pub(crate) fn answer(operation: &Operation, path: &[(String, String)]) -> Value {
    let mut answer = value(&operation.answer);
    for (name, id) in path {
        if answer.get(name).is_some() {
            answer[name] = id.as_str().into();
        }
    }
    // The object itself is the one that the path ends with.
    if let (Some((_, id)), true) = (path.last(), operation.path.ends_with('}')) {
        answer["id"] = id.as_str().into();
    }
    answer
}

/// A value that a schema of the document, or one of the parameters of a function, allows.
pub(crate) fn value(schema: &Value) -> Value {
    let mut left = MAX_VALUES;
    at_depth(schema, 0, &mut left)
}

/// The same for a schema in another one, if there are values left.
fn at_depth(schema: &Value, depth: usize, left: &mut usize) -> Value {
    if depth > MAX_DEPTH || *left == 0 {
        return Value::Null;
    }
    *left -= 1;
    let schema = schema::resolved(&DOCUMENT.components, schema);
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
            return at_depth(first, depth + 1, left);
        }
    }
    let ty = &schema["type"];
    match ty.as_str().or_else(|| ty.get(0)?.as_str()) {
        Some("string") => "string".into(),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.5.into()),
        Some("boolean") => true.into(),
        Some("array") => match schema["minItems"].as_u64() {
            Some(1..) => json!([at_depth(&schema["items"], depth + 1, left)]),
            _ => json!([]),
        },
        Some("null") => Value::Null,
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            let mut object = Map::new();
            for name in required.filter_map(Value::as_str) {
                if !object.contains_key(name) {
                    let value = at_depth(&schema["properties"][name], depth + 1, left);
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
    fn a_sample_of_every_answer_is_valid() {
        for operation in &DOCUMENT.operations {
            let path = [("thread_id".to_owned(), "thread_1".to_owned())];
            let sample = answer(operation, &path);
            assert_eq!(
                operation.answer_schema.complaint(&sample),
                None,
                "{}: {sample}",
                operation.id
            );
        }
    }

    #[test]
    fn a_name_that_is_required_again_and_again_is_there_once() {
        let mut schema = json!({ "type": "string" });
        let mut expected = json!("string");
        for _ in 0..15 {
            schema = json!({ "required": vec!["a"; 10], "properties": { "a": schema } });
            expected = json!({ "a": expected });
        }
        assert_eq!(value(&schema), expected);
    }

    #[test]
    fn a_sample_has_an_end() {
        let names: Vec<String> = (0..MAX_VALUES * 2).map(|n| n.to_string()).collect();
        let properties = names
            .iter()
            .map(|name| (name.clone(), json!({ "type": "string" })));
        let properties: Map<_, _> = properties.collect();
        let sample = value(&json!({ "required": names, "properties": properties }));
        let values: Vec<&Value> = names.iter().map(|name| &sample[name]).collect();
        // The object is a value as well.
        let (made, left_out) = values.split_at(MAX_VALUES - 1);
        assert!(made.iter().all(|value| **value == "string"));
        assert!(left_out.iter().all(|value| value.is_null()));
    }
}
