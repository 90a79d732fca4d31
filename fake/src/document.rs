//! `openapi.yaml`: which operations there are, what they take, and what they answer.

use std::sync::{LazyLock, OnceLock};

use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use crate::schema;

/// The document that this crate was built from.
pub(crate) static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let text = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));
    Document::new(&serde_json::from_str(text).expect("the build script writes JSON"))
});

pub(crate) struct Document {
    pub(crate) operations: Vec<Operation>,
    /// The components as the document has them, for samples.
    pub(crate) components: Value,
    /// An answer that reports a failure.
    pub(crate) error: Schema,
    /// An event of a stream: its name and its data.
    pub(crate) event: Schema,
}

/// An operation of the document.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Body>,
    /// The schema of the answer as the document has it, for samples.
    pub(crate) answer: Value,
    pub(crate) answer_schema: Schema,
    pub(crate) has_pages: bool,
    /// The parameters of the query.
    pub(crate) query: Vec<String>,
}

pub(crate) struct Body {
    pub(crate) is_required: bool,
    /// The properties that may be left out, and that may not be null by the document.
    pub(crate) without_null: Vec<String>,
    pub(crate) schema: Schema,
}

/// A schema, made ready when it is used for the first time.
pub(crate) struct Schema {
    schema: Value,
    components: std::sync::Arc<Value>,
    validator: OnceLock<Validator>,
}

impl Schema {
    /// What is wrong with a value.
    pub(crate) fn errors<'a>(
        &'a self,
        value: &'a Value,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        let validator = self.validator.get_or_init(|| {
            let mut root = self.schema.clone();
            root["components"] = Value::clone(&self.components);
            jsonschema::validator_for(&root).expect("the importer writes schemas that can be used")
        });
        validator.iter_errors(value)
    }

    /// The same as text, if there is anything.
    pub(crate) fn complaint(&self, value: &Value) -> Option<String> {
        let errors: Vec<String> = self
            .errors(value)
            .map(|error| format!("at {}: {error}", error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }
}

impl Document {
    fn new(document: &Value) -> Self {
        let components = document["components"].clone();
        let schemas = components["schemas"].as_object().into_iter().flatten();
        let mut converted: Value = schemas
            .map(|(name, schema)| (name.clone(), schema::converted(&components, schema)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        schema::add_limits(&mut converted);
        let shared = std::sync::Arc::new(json!({ "schemas": converted }));
        let schema = |schema: &Value| Schema {
            schema: schema::converted(&components, schema),
            components: shared.clone(),
            validator: OnceLock::new(),
        };
        let named = |name: &str| schema(&json!({ "$ref": format!("#/components/schemas/{name}") }));

        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten();
                methods.map(move |(method, operation)| (path, method, operation))
            })
            .filter_map(|(path, method, operation)| {
                let answer = content(&operation["responses"]["200"]);
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let query = parameters.filter(|parameter| parameter["in"] == "query");
                let query = query.filter_map(|parameter| parameter["name"].as_str());
                let query: Vec<String> = query.map(str::to_owned).collect();
                Some(Operation {
                    id: operation["operationId"].as_str()?.to_owned(),
                    method: method.to_uppercase(),
                    path: path.clone(),
                    body: operation.get("requestBody").map(|body| Body {
                        is_required: body["required"] == true,
                        without_null: without_null(&components, content(body)),
                        schema: schema(content(body)),
                    }),
                    answer: answer.clone(),
                    answer_schema: schema(answer),
                    has_pages: query.iter().any(|name| name == "limit"),
                    query,
                })
            })
            .collect();
        Self {
            operations,
            error: named("ErrorResponse"),
            event: named("AssistantStreamEvent"),
            components,
        }
    }
}

fn without_null(components: &Value, schema: &Value) -> Vec<String> {
    let schema = schema::resolved(components, schema);
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter(|(name, property)| !is_required(name) && property["nullable"] != true)
        .map(|(name, _)| name.clone())
        .collect()
}

fn content(of: &Value) -> &Value {
    &of["content"]["application/json"]["schema"]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_can_be_used() {
        let document = &*DOCUMENT;
        for operation in &document.operations {
            assert!(
                operation.answer_schema.complaint(&json!(7)).is_some(),
                "{}",
                operation.id
            );
            if let Some(body) = &operation.body {
                assert!(
                    body.schema.complaint(&json!(7)).is_some(),
                    "{}",
                    operation.id
                );
            }
        }
        assert!(document.error.complaint(&json!({})).is_some());
        assert!(
            document
                .event
                .complaint(&json!({ "event": "thread.new" }))
                .is_some()
        );
        let done = json!({ "event": "done", "data": "[DONE]" });
        assert_eq!(document.event.complaint(&done), None);
    }
}
