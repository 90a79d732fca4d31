//! Closes a normalized JSON Schema to the strict subset of the API.
//!
//! Strict objects are closed and name all their properties as required, so an optional property
//! becomes a nullable one. Only plain local references are allowed, and neither `allOf` nor
//! `oneOf`.

use serde_json::{Map, Value, json};

use crate::error::core::Result;
use crate::tools::schema::keywords::any_of;
use crate::tools::schema::normalized::Normalized;
use crate::tools::schema::root::require_object;

impl Normalized {
    /// Returns the schema in the strict subset, with an object as its root.
    ///
    /// # Errors
    /// The schema does not describe an object.
    pub(crate) fn to_strict(&self, name: &str) -> Result<Value> {
        let mut schema = require_object(self.close(&self.0), name)?;
        if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
            for definition in definitions.values_mut() {
                *definition = self.close(definition);
            }
        }
        Ok(schema)
    }

    fn close(&self, schema: &Value) -> Value {
        let mut closed = schema.clone();
        if let Some(Value::Array(members)) = closed.get_mut("anyOf") {
            for member in members {
                *member = self.close(member);
            }
        }
        if let Some(items) = closed.get_mut("items") {
            *items = self.close(items);
        }
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let close = |(name, property): (&String, _)| {
                let property = self.close(property);
                let property = if self.is_null_missing(schema, name) {
                    nullable(property)
                } else {
                    property
                };
                (name.clone(), property)
            };
            let properties: Map<_, _> = properties.iter().map(close).collect();
            let names: Vec<_> = properties.keys().cloned().collect();
            closed["additionalProperties"] = false.into();
            closed["required"] = names.into();
            closed["properties"] = properties.into();
        }
        closed
    }
}

/// Makes a strict schema accept null as well.
fn nullable(mut schema: Value) -> Value {
    let null = json!({ "type": "null" });
    if let Some(Value::Array(members)) = schema.get_mut("anyOf") {
        members.push(null);
        return schema;
    }
    let mut types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::String(only) if only != "object" && schema.get("const").is_none() => {
            vec![only.as_str().into()]
        }
        _ => {
            let keywords = schema.as_object_mut();
            let description = keywords.and_then(|keywords| keywords.remove("description"));
            return any_of(vec![schema, null], description);
        }
    };
    if !types.contains(&"null".into()) {
        types.push("null".into());
    }
    schema["type"] = types.into();
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    schema
}
