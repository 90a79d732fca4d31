//! References between the schemas of a document.

use serde_json::Value;

use super::name;

/// The pointer prefix of component schemas.
pub const SCHEMAS: &str = "#/components/schemas/";

/// The component that a schema refers to.
pub fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix(SCHEMAS)
}

/// The component that a schema refers to, directly or by an `allOf` with a description.
pub fn target(schema: &Value) -> Option<&str> {
    match schema["allOf"].as_array().map(Vec::as_slice) {
        Some([one]) => reference(one),
        _ => reference(schema),
    }
}

/// Calls `visit` with each component that the values refer to.
pub fn visit_references<'a>(
    values: impl Iterator<Item = &'a Value>,
    visit: &mut impl FnMut(&'a str),
) {
    for value in values {
        match value {
            Value::Object(map) => {
                if let Some(name) = reference(value) {
                    visit(name);
                }
                visit_references(map.values(), visit);
            }
            Value::Array(items) => visit_references(items.iter(), visit),
            _ => {}
        }
    }
}

/// The Rust type of a component, named as typify names it.
pub fn type_name(component: &str) -> String {
    name::pascal(component)
}
