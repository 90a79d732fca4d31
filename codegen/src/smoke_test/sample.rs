//! Sample values of schemas, for request bodies and parameters.

use serde_json::{Map, Value, json};

use crate::model::api::Api;
use crate::model::reference::{reference, target};

/// How complete a sample is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// Required properties only.
    Minimal,
    /// All properties, and every member in a list of a union.
    Full,
}

/// A sample value of a schema.
pub fn sample(api: &Api, schema: &Value, extent: Extent) -> Value {
    let mut sampler = Sampler {
        api,
        extent,
        parents: Vec::new(),
    };
    sampler.value(schema)
}

struct Sampler<'a, 'b> {
    api: &'b Api<'a>,
    extent: Extent,
    /// The components that contain the current value. A recursive schema ends at null.
    parents: Vec<String>,
}

impl Sampler<'_, '_> {
    fn value(&mut self, schema: &Value) -> Value {
        let Some(name) = target(schema) else {
            return match schema.as_object() {
                Some(schema) => self.inline(schema),
                None => Value::Null,
            };
        };
        if self.parents.iter().any(|parent| parent == name) {
            return Value::Null;
        }
        self.parents.push(name.to_owned());
        let value = self.inline(self.api.schemas[name].value);
        self.parents.pop();
        value
    }

    fn inline(&mut self, schema: &Map<String, Value>) -> Value {
        let keyword = |name: &str| schema.get(name).unwrap_or(&Value::Null);
        if let Some(branches) = keyword("oneOf").as_array() {
            return branches
                .first()
                .map_or(Value::Null, |branch| self.value(branch));
        }
        if let Some(values) = keyword("enum").as_array() {
            return values.first().cloned().unwrap_or_default();
        }
        match keyword("default") {
            Value::Null | Value::Array(_) => {}
            // The default `1` of a number is deserialized and sent as `1.0`.
            Value::Number(number) if keyword("type") == "number" => return json!(number.as_f64()),
            default => return default.clone(),
        }
        match keyword("type").as_str() {
            Some("array") => self.list(schema),
            Some("boolean") => Value::Bool(false),
            Some("number") => json!(keyword("minimum").as_f64().unwrap_or(1.0)),
            Some("integer") => json!(keyword("minimum").as_i64().unwrap_or(1)),
            Some("string") => text(schema).into(),
            _ => self.object(schema),
        }
    }

    fn object(&mut self, schema: &Map<String, Value>) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut object = Map::new();
        for (name, property) in properties.into_iter().flatten() {
            let is_required = required.contains(&name.as_str());
            if !is_required && self.extent == Extent::Minimal {
                continue;
            }
            let value = self.value(property);
            if is_required || !value.is_null() {
                object.insert(name.clone(), value);
            }
        }
        if let (Some(values), Extent::Full) = (schema.get("additionalProperties"), self.extent)
            && values.is_object()
        {
            object.insert("key".to_owned(), self.value(values));
        }
        object.into()
    }

    fn list(&mut self, schema: &Map<String, Value>) -> Value {
        let items = schema.get("items").unwrap_or(&Value::Null);
        let union = reference(items).and_then(|name| self.api.schemas[name].value.get("oneOf"));
        let max = schema.get("maxItems").and_then(Value::as_u64);
        match union.and_then(Value::as_array) {
            Some(branches) if self.extent == Extent::Full && max.is_none_or(|max| max > 1) => {
                branches.iter().map(|branch| self.value(branch)).collect()
            }
            _ => json!([self.value(items)]),
        }
    }
}

/// A string within the limits on its length.
fn text(schema: &Map<String, Value>) -> String {
    let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
    let limit = |name: &str| limit(name).and_then(|limit| usize::try_from(limit).ok());
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("uri") => "https://example.com/",
        _ => "text",
    };
    let repeated: String = text
        .chars()
        .cycle()
        .take(text.len().max(limit("minLength").unwrap_or(0).min(1_000)))
        .collect();
    match limit("maxLength") {
        Some(max) => repeated.chars().take(max).collect(),
        None => repeated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::Module;

    /// A sample of the schema `Thing` of a document with these schemas.
    fn thing(schemas: Value, extent: Extent) -> Value {
        let document = json!({
            "openapi": "3.0.3",
            "paths": { "/things": { "get": { "operationId": "getThing", "responses": { "200": {
                "content": { "application/json": { "schema": refer("Thing") } },
            } } } } },
            "components": { "schemas": schemas },
        });
        let api = Api::read(&document, Module::Root).expect("the document is valid");
        sample(&api, &refer("Thing"), extent)
    }

    fn refer(name: &str) -> Value {
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    #[test]
    fn minimal_samples_have_required_properties_and_full_ones_all() {
        let schemas = json!({ "Thing": {
            "type": "object",
            "required": ["id", "type"],
            "properties": {
                "id": { "type": "string" },
                "type": { "type": "string", "enum": ["thing"] },
                "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                "is_new": { "type": "boolean" },
            },
        } });
        assert_eq!(
            thing(schemas.clone(), Extent::Minimal),
            json!({ "id": "text", "type": "thing" })
        );
        assert_eq!(
            thing(schemas, Extent::Full),
            json!({ "id": "text", "type": "thing", "labels": { "key": "text" }, "is_new": false })
        );
    }

    #[test]
    fn full_lists_of_a_union_have_each_member() {
        let member = |tag: &str| json!({ "type": "object", "required": ["type"], "properties": { "type": { "type": "string", "enum": [tag] } } });
        let schemas = json!({
            "Thing": { "type": "array", "items": refer("Part") },
            "Part": { "oneOf": [refer("A"), refer("B")] },
            "A": member("a"),
            "B": member("b"),
        });
        let (a, b) = (json!({ "type": "a" }), json!({ "type": "b" }));
        assert_eq!(thing(schemas.clone(), Extent::Minimal), json!([a]));
        assert_eq!(thing(schemas, Extent::Full), json!([a, b]));
    }

    #[test]
    fn samples_respect_limits_and_defaults() {
        let schemas = json!({ "Thing": {
            "type": "object",
            "properties": {
                "tokens": { "type": "integer", "minimum": 256 },
                "limit": { "type": "integer", "default": 20 },
                "temperature": { "type": "number", "default": 1 },
                "short": { "type": "string", "maxLength": 2 },
                "long": { "type": "string", "minLength": 6 },
                "url": { "type": "string", "format": "uri" },
            },
        } });
        assert_eq!(
            thing(schemas, Extent::Full),
            json!({
                "tokens": 256, "limit": 20, "temperature": 1.0, "short": "te", "long": "textte",
                "url": "https://example.com/",
            })
        );
    }

    #[test]
    fn recursive_schemas_end() {
        let schemas = json!({ "Thing": {
            "type": "object",
            "properties": { "id": { "type": "string" }, "inner": refer("Thing") },
        } });
        assert_eq!(thing(schemas, Extent::Full), json!({ "id": "text" }));
    }
}
