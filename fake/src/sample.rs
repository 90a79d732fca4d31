//! Valid values, made up from schemas. The same schema always gives the same value.

use serde_json::{Map, Value, json};

use crate::document::{DOCUMENT, Operation};
use crate::schema;

/// How deep a schema of somebody else may be nested.
const MAX_DEPTH: usize = 20;

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
    at_depth(schema, 0)
}

fn at_depth(schema: &Value, depth: usize) -> Value {
    let schema = schema::resolved(&DOCUMENT.components, schema);
    if depth > MAX_DEPTH {
        return Value::Null;
    }
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
            return at_depth(first, depth + 1);
        }
    }
    let ty = &schema["type"];
    match ty.as_str().or_else(|| ty.get(0)?.as_str()) {
        Some("string") => "string".into(),
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| 0.into()),
        Some("number") => schema.get("minimum").cloned().unwrap_or_else(|| 0.5.into()),
        Some("boolean") => true.into(),
        Some("array") => match schema["minItems"].as_u64() {
            Some(1..) => json!([at_depth(&schema["items"], depth + 1)]),
            _ => json!([]),
        },
        Some("null") => Value::Null,
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            required
                .filter_map(Value::as_str)
                .map(|name| {
                    (
                        name.to_owned(),
                        at_depth(&schema["properties"][name], depth + 1),
                    )
                })
                .collect::<Map<_, _>>()
                .into()
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
}
