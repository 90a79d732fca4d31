//! Schemas of tool definitions, and a check of the rules of strict schemas.

use std::convert::Infallible;

use openai_assistants::{Error, Result, Tool, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The definition of a tool.
pub fn definition_of(tool: Tool) -> Value {
    definition(tool).expect("the tool is valid")
}

fn definition(tool: Tool) -> Result<Value> {
    let tools = ToolSet::builder().tool(tool).build()?;
    Ok(json!(tools.definitions()[0]))
}

/// A tool with an argument of type `T` and its name.
pub fn tool_of<T: DeserializeOwned + JsonSchema + Send + 'static>() -> Tool {
    Tool::function(|_: T| async { Ok::<_, Infallible>(()) }).name(T::schema_name())
}

/// A tool with a schema given as JSON, not strict.
pub fn tool_with(name: &str, schema: Value) -> Tool {
    Tool::dynamic(name, "", schema, |_| async { Ok::<_, Infallible>(()) })
}

/// The schema that a tool sends.
pub fn schema_of(tool: Tool) -> Value {
    definition_of(tool)["function"]["parameters"].clone()
}

/// The strict schema of a type.
pub fn strict_of<T: DeserializeOwned + JsonSchema + Send + 'static>() -> Value {
    schema_of(tool_of::<T>())
}

/// The strict form of a schema given as JSON.
pub fn strict(schema: Value) -> Value {
    schema_of(tool_with("Given", schema).strict(true))
}

/// The error of a tool whose schema is not supported.
pub fn error_of(tool: Tool) -> Error {
    definition(tool).expect_err("the schema is not supported")
}

/// A strict schema of an object.
pub fn closed(properties: Value) -> Value {
    let names: Vec<_> = properties.as_object().unwrap().keys().collect();
    json!({"type": "object", "required": names, "additionalProperties": false, "properties": properties})
}

/// A strict schema of an object with the property `x`.
pub fn with(property: Value) -> Value {
    closed(json!({ "x": property }))
}

/// Checks that a schema follows the rules of the strict subset at every level.
pub fn check(schema: &Value) {
    match schema {
        Value::Object(keywords) => {
            for keyword in ["allOf", "oneOf", "default", "title", "$schema"] {
                assert!(!keywords.contains_key(keyword), "{keyword}: {schema:#}");
            }
            let is_reference = keywords.contains_key("$ref");
            assert!(!is_reference || keywords.len() == 1, "{schema:#}");
            if is_object(schema) {
                let names: Vec<_> = keywords["properties"].as_object().unwrap().keys().collect();
                assert_eq!(keywords["required"], json!(names), "{schema:#}");
                assert_eq!(keywords["additionalProperties"], false, "{schema:#}");
            }
            for (keyword, value) in keywords {
                match keyword.as_str() {
                    "properties" | "$defs" => value.as_object().unwrap().values().for_each(check),
                    "enum" | "const" => {}
                    _ => check(value),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(check),
        _ => {}
    }
}

fn is_object(schema: &Value) -> bool {
    match &schema["type"] {
        Value::Array(types) => types.contains(&json!("object")),
        only => only == "object",
    }
}

/// Inside.
#[derive(Debug, Default, Deserialize, JsonSchema, PartialEq)]
pub struct Inner {
    /// How many.
    pub count: u32,
    pub note: Option<String>,
}

/// The strict schema of [`Inner`].
pub fn inner() -> Value {
    let mut inner = closed(json!({
        "count": {"description": "How many.", "type": "integer", "minimum": 0},
        "note": {"type": ["string", "null"]},
    }));
    inner["description"] = "Inside.".into();
    inner
}

/// Color of something.
#[derive(Deserialize, JsonSchema)]
pub enum Color {
    Red,
    #[serde(rename = "dark green")]
    Green,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(dead_code, reason = "only the schema matters")]
pub enum Shape {
    /// Round.
    Circle {
        radius: f64,
    },
    Point,
    Other(Inner),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only the schema matters")]
pub struct Tree {
    children: Vec<Tree>,
    /// The sibling.
    next: Option<Box<Tree>>,
}
