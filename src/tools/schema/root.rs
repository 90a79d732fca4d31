//! The root of a schema, which must describe an object.

use serde_json::{Value, json};

use crate::error::core::Result;
use crate::tools::schema::reference::resolve;
use crate::tools::schema::unsupported::error;

const NOT_AN_OBJECT: &str = "is not an object with named properties, as the outermost value must be: put it into a field of a struct";
const UNION: &str = "is not an object with one set of properties, as the outermost value must be, but a union, as of an enum or of a struct that flattens one: put it into a field of a struct";

/// Returns a schema with all its keywords, but with an object as its root.
///
/// # Errors
/// The schema does not describe an object.
pub(crate) fn with_object_root(name: &str, root: &Value) -> Result<Value> {
    let mut schema = root.as_object().cloned().unwrap_or_default();
    if let Some(Value::String(reference)) = schema.remove("$ref") {
        let target = resolve(root, &reference, name)?.as_object().cloned();
        for (keyword, value) in target.unwrap_or_default() {
            schema.entry(keyword).or_insert(value);
        }
    }
    schema.remove("$schema");
    schema.remove("title");
    require_object(schema.into(), name)
}

/// Checks that a schema describes an object. A unit type becomes an object without properties.
pub(super) fn require_object(mut schema: Value, path: &str) -> Result<Value> {
    match schema["type"].as_str() {
        Some("object") if schema.get("properties").is_some() => {}
        Some("object") => schema["properties"] = json!({}),
        Some("null") => {
            schema["type"] = "object".into();
            schema["properties"] = json!({});
            schema["required"] = json!([]);
            schema["additionalProperties"] = false.into();
        }
        None if schema.get("anyOf").is_some() => return Err(error(path, UNION)),
        _ => return Err(error(path, NOT_AN_OBJECT)),
    }
    Ok(schema)
}
