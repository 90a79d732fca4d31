//! The operations of `openapi.yaml`, with the schemas of requests, responses and events.

use std::sync::{LazyLock, OnceLock};

use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use crate::spec::json_schema;

/// `openapi.yaml` without the additions of servers, as embedded by the build script.
pub(crate) static DOCUMENT: LazyLock<Document> =
    LazyLock::new(|| Document::parse(include_str!(concat!(env!("OUT_DIR"), "/openapi.json"))));

/// `openapi.yaml` with the additions of Foundry.
static FOUNDRY: LazyLock<Document> =
    LazyLock::new(|| Document::parse(include_str!(concat!(env!("OUT_DIR"), "/foundry.json"))));

/// The server whose API is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenAi,
    Foundry,
}

impl Dialect {
    /// The prefix of the paths. Foundry's has the name of a project.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1",
            Self::Foundry => "/api/projects/{project}",
        }
    }

    pub(crate) fn document(self) -> &'static Document {
        match self {
            Self::OpenAi => &DOCUMENT,
            Self::Foundry => &FOUNDRY,
        }
    }
}

const FORM: &str = "multipart/form-data";

pub(crate) struct Document {
    pub(crate) operations: Vec<Operation>,
    /// The components of the OpenAPI document, for samples.
    pub(crate) components: Value,
    /// An error response.
    pub(crate) error: Schema,
    /// An event of a stream: name and data.
    pub(crate) event: Schema,
}

/// An operation of the OpenAPI document.
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Body>,
    /// The response schema of the OpenAPI document, for samples.
    pub(crate) openapi_response: Value,
    pub(crate) response: Schema,
    pub(crate) is_paginated: bool,
    /// Names of the query parameters.
    pub(crate) query: Vec<String>,
}

/// The request body of an operation.
pub(crate) struct Body {
    pub(crate) is_required: bool,
    /// Whether it is a form instead of JSON.
    pub(crate) is_form: bool,
    /// Properties that are optional and not nullable.
    pub(crate) optional_non_null: Vec<String>,
    pub(crate) schema: Schema,
}

/// A JSON Schema that is compiled on first use.
pub(crate) struct Schema {
    schema: Value,
    components: std::sync::Arc<Value>,
    validator: OnceLock<Validator>,
}

impl Schema {
    /// Validates a value.
    pub(crate) fn errors<'a>(
        &'a self,
        value: &'a Value,
    ) -> impl Iterator<Item = ValidationError<'a>> {
        let validator = self.validator.get_or_init(|| {
            let mut root = self.schema.clone();
            root["components"] = Value::clone(&self.components);
            jsonschema::validator_for(&root).expect("every schema of openapi.yaml compiles")
        });
        validator.iter_errors(value)
    }

    /// Validates a value, and returns all errors as text.
    pub(crate) fn error_text(&self, value: &Value) -> Option<String> {
        let errors: Vec<String> = self
            .errors(value)
            .map(|error| format!("at {}: {error}", error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }
}

impl Document {
    fn parse(text: &str) -> Self {
        Self::new(&serde_json::from_str(text).expect("the build script writes JSON"))
    }

    fn new(document: &Value) -> Self {
        let components = document["components"].clone();
        let schemas = components["schemas"].as_object().into_iter().flatten();
        let mut converted: Value = schemas
            .map(|(name, schema)| (name.clone(), json_schema::convert(&components, schema)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        json_schema::add_limits(&mut converted);
        let shared = std::sync::Arc::new(json!({ "schemas": converted }));
        let schema = |schema: &Value| Schema {
            schema: json_schema::convert(&components, schema),
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
                let response = content(&operation["responses"]["200"]);
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
                        is_form: body["content"].get(FORM).is_some(),
                        optional_non_null: optional_non_null(&components, content(body)),
                        schema: schema(content(body)),
                    }),
                    openapi_response: response.clone(),
                    response: schema(response),
                    is_paginated: query.iter().any(|name| name == "limit"),
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

fn optional_non_null(components: &Value, schema: &Value) -> Vec<String> {
    let schema = json_schema::resolve(components, schema);
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .filter(|(name, property)| !is_required(name) && property["nullable"] != true)
        .map(|(name, _)| name.clone())
        .collect()
}

/// The schema of a request or response.
fn content(of: &Value) -> &Value {
    let content = &of["content"];
    let media_types = ["application/json", FORM, "application/octet-stream"];
    let mut known = media_types.iter().filter_map(|name| content.get(name));
    known.next().map_or(&Value::Null, |media| &media["schema"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_compiles() {
        for dialect in [Dialect::OpenAi, Dialect::Foundry] {
            every_schema_of(dialect.document());
        }
    }

    fn every_schema_of(document: &Document) {
        for operation in &document.operations {
            assert!(
                operation.response.error_text(&json!(7)).is_some(),
                "{}",
                operation.id
            );
            if let Some(body) = &operation.body {
                assert!(
                    body.schema.error_text(&json!(7)).is_some(),
                    "{}",
                    operation.id
                );
            }
        }
        assert!(document.error.error_text(&json!({})).is_some());
        assert!(
            document
                .event
                .error_text(&json!({ "event": "thread.new" }))
                .is_some()
        );
        let done = json!({ "event": "done", "data": "[DONE]" });
        assert_eq!(document.event.error_text(&done), None);
    }
}
