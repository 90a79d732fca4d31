//! Builds the canonical document around the schemas: paths, parameters and responses.

use std::collections::BTreeSet;

use openai_assistants_codegen::{Error, features};
use serde_json::{Map, Value, json};

use super::canonical::{DESCRIPTION, ERROR_RESPONSE, EVENT_STREAM, SOURCE, STREAM_EVENT, TITLE};
use super::hoist::Hoist;
use super::lower::Lowering;
use super::naming;
use super::schema::{self, Schemas};
use super::select::{Content, Operation};

/// The keywords of a parameter that the import keeps.
const PARAMETER_KEYWORDS: [&str; 9] = [
    "name",
    "in",
    "required",
    "deprecated",
    "style",
    "explode",
    "schema",
    features::FEATURE,
    DESCRIPTION,
];

/// Lowers the schemas of parameters, requests and responses.
pub(super) fn lower(operations: &mut [Operation], lowering: &Lowering) -> Result<(), Error> {
    for operation in operations {
        for (at, parameter) in &mut operation.parameters {
            let mut schema = lowering.schema(&parameter["schema"], &at.child("schema"))?;
            // A parameter is omitted, not null.
            if let Some(map) = schema.as_object_mut() {
                map.remove("nullable");
            }
            parameter["schema"] = schema;
        }
        let body = operation.body.as_mut().map(|body| &mut body.content);
        for content in body.into_iter().chain(&mut operation.success.content) {
            content.schema = lowering.schema(&content.schema, &content.at)?;
        }
    }
    Ok(())
}

/// Hoists inline schemas, and finds the operations that stream.
pub(super) fn hoist(operations: &mut [Operation], hoist: &mut Hoist) -> Result<(), Error> {
    for operation in operations {
        for (at, parameter) in &mut operation.parameters {
            let name = parameter["name"].as_str().map(str::to_owned);
            let name = name
                .ok_or_else(|| Error::at(&*at, "a parameter without `name` cannot be imported"))?;
            parameter["schema"] = hoist.parameter(
                parameter["schema"].take(),
                &name,
                &operation.id,
                &at.child("schema"),
            )?;
        }
        let id = naming::pascal(&operation.id);
        if let Some(body) = &mut operation.body {
            let content = &mut body.content;
            let name = format!("{id}Request");
            content.schema = hoist.body(content.schema.take(), &name, &content.at)?;
            if let Some(events) = event_stream(&content.schema, &hoist.components) {
                let extensions = &mut operation.extensions;
                extensions.insert(EVENT_STREAM.to_owned(), events);
            }
        }
        let success = operation.success.content.as_mut();
        if let Some(success) = success.filter(|success| !success.is_binary()) {
            let name = format!("{id}Response");
            success.schema = hoist.body(success.schema.take(), &name, &success.at)?;
        }
    }
    Ok(())
}

/// Builds the `paths` of the document.
pub(super) fn paths(operations: &[Operation]) -> Value {
    let mut paths = Map::new();
    for operation in operations {
        let item = paths.entry(&operation.path).or_insert_with(|| json!({}));
        item[operation.method] = build(operation);
    }
    paths.into()
}

fn build(operation: &Operation) -> Value {
    let mut built = json!({ "operationId": operation.id, "tags": [operation.tag] });
    for (name, value) in &operation.extensions {
        built[name] = value.clone();
    }
    if operation.deprecated {
        built["deprecated"] = true.into();
    }
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter();
        built["parameters"] = parameters
            .map(|(_, parameter)| build_parameter(parameter))
            .collect();
    }
    if let Some(body) = &operation.body {
        built["requestBody"] =
            json!({ "required": body.required, "content": build_content(&body.content) });
    }
    let success = &operation.success;
    let mut response = json!({ "description": "The operation succeeded." });
    if let Some(content) = &success.content {
        response["content"] = build_content(content);
    }
    let error = schema::reference_to(ERROR_RESPONSE);
    let error = json!({ "application/json": { "schema": error } });
    built["responses"] = json!({
        &success.status: response,
        "4XX": { "description": "The server rejected the request.", "content": error },
        "5XX": { "description": "The server failed to handle the request.", "content": error },
    });
    built
}

fn build_parameter(parameter: &Value) -> Value {
    let keywords = PARAMETER_KEYWORDS.iter();
    keywords
        .filter_map(|keyword| Some(((*keyword).to_owned(), parameter.get(*keyword)?.clone())))
        .filter(|(_, value)| *value != Value::Bool(false))
        .collect()
}

fn build_content(content: &Content) -> Value {
    json!({ content.media_type: { "schema": content.schema } })
}

/// The event type of an operation whose request has the flag `stream`.
fn event_stream(request: &Value, components: &Schemas) -> Option<Value> {
    let request = components.get(schema::reference(request)?)?;
    let flag = request.get("properties")?.get("stream")?;
    (flag["type"] == "boolean" && components.contains_key(STREAM_EVENT))
        .then(|| schema::reference_to(STREAM_EVENT))
}

/// The names of the components that the paths refer to.
pub(super) fn roots(paths: &Value) -> Vec<String> {
    match paths {
        Value::Object(map) => match map.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference
                .strip_prefix(schema::PREFIX)
                .map(str::to_owned)
                .into_iter()
                .collect(),
            None => map.values().flat_map(roots).collect(),
        },
        Value::Array(list) => list.iter().flat_map(roots).collect(),
        _ => Vec::new(),
    }
}

/// Builds a document without descriptions.
pub(super) fn new_document(
    version: &str,
    source: Value,
    operations: &[Operation],
    schemas: Schemas,
) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": TITLE,
            "version": version,
            "license": { "name": "MIT", "url": "https://opensource.org/license/mit" },
            SOURCE: source,
        },
        "servers": [{ "url": "https://api.openai.com/v1" }],
        "security": [{ "ApiKeyAuth": [] }],
        "tags": tags(operations),
        "paths": paths(operations),
        "components": {
            "schemas": schemas,
            "securitySchemes": { "ApiKeyAuth": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn tags(operations: &[Operation]) -> Value {
    let tags: BTreeSet<&str> = operations
        .iter()
        .map(|operation| operation.tag.as_str())
        .collect();
    tags.into_iter().map(|tag| json!({ "name": tag })).collect()
}

/// Replaces the paths and schemas of a document.
pub(super) fn document(lowered: &Value, operations: &[Operation], schemas: Schemas) -> Value {
    let mut document = lowered.clone();
    document["tags"] = tags(operations);
    document["paths"] = paths(operations);
    document["components"]["schemas"] = json!(schemas);
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::closure;

    fn build(operation: Value) -> (Value, Schemas) {
        let document = json!({
            "paths": {"/threads/{id}": {"post": operation}},
            "components": {"schemas": {
                "Request": {"type": "object", "properties": {"stream": {"type": "boolean", "nullable": true}}},
                "Plain": {"type": "object", "properties": {"a": {"type": "string"}}},
                STREAM_EVENT: {"oneOf": [{"type": "object", "required": ["event"], "properties": {"event": {"const": "a"}}}]},
            }},
        });
        let mut closure = closure::extract(&document).unwrap();
        let lowering = Lowering::new(closure.schemas).unwrap();
        let mut hoisted = Hoist::new(lowering.components().unwrap()).unwrap();
        lower(&mut closure.operations, &lowering).unwrap();
        hoist(&mut closure.operations, &mut hoisted).unwrap();
        let mut paths = paths(&closure.operations);
        (paths["/threads/{id}"]["post"].take(), hoisted.components)
    }

    fn operation(body: Value, success: Value) -> Value {
        json!({
            "operationId": "makeIt",
            "tags": ["Assistants", "Other"],
            "parameters": [
                {"name": "id", "in": "path", "required": true, "schema": {"type": ["string", "null"]}, "example": "x"},
                {"name": "q", "in": "query", "required": false, "schema": {"type": "string"}},
            ],
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {
                "201": {"content": {"application/json": {"schema": success}, "text/event-stream": {}}},
                "429": {"description": "x"},
            },
        })
    }

    fn json_of(schema: &Value) -> Value {
        json!({ "application/json": { "schema": schema } })
    }

    #[test]
    fn an_operation_has_one_success_and_one_error_type() {
        let plain = schema::reference_to("Plain");
        let (operation, _) = build(operation(plain.clone(), plain.clone()));
        assert_eq!(operation["tags"], json!(["Assistants"]));
        assert_eq!(
            operation["parameters"],
            json!([
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "q", "in": "query", "schema": {"type": "string"}},
            ])
        );
        assert_eq!(
            operation["requestBody"],
            json!({"required": false, "content": json_of(&plain)})
        );
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.keys().collect::<Vec<_>>(), ["201", "4XX", "5XX"]);
        assert_eq!(responses["201"]["content"], json_of(&plain));
        assert_eq!(
            responses["4XX"]["content"],
            json_of(&schema::reference_to(ERROR_RESPONSE))
        );
        assert_eq!(operation.get(EVENT_STREAM), None);
    }

    #[test]
    fn an_operation_with_the_flag_stream_has_an_event_type() {
        let (operation, _) = build(operation(
            schema::reference_to("Request"),
            schema::reference_to("Plain"),
        ));
        assert_eq!(operation[EVENT_STREAM], schema::reference_to(STREAM_EVENT));
    }

    #[test]
    fn inline_bodies_are_named_after_the_operation() {
        let inline =
            |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
        let (operation, components) = build(operation(inline("a1"), inline("b")));
        assert_eq!(
            operation["requestBody"]["content"],
            json_of(&schema::reference_to("MakeItRequest"))
        );
        assert_eq!(
            operation["responses"]["201"]["content"],
            json_of(&schema::reference_to("MakeItResponse"))
        );
        assert_eq!(components["MakeItResponse"], inline("b"));
    }
}
