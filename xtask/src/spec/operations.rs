//! Builds the canonical document around the schemas: paths, parameters and responses.

use openai_assistants_codegen::Error;
use serde_json::{Map, Value, json};

use super::canonical::{ERROR_RESPONSE, EVENT_STREAM, RUST_NAME, SOURCE, STREAM_EVENT, TITLE};
use super::corrections;
use super::hoist::Hoist;
use super::lower::Lowering;
use super::naming;
use super::schema::{self, Schemas};
use super::select::Operation;

const TAG: &str = "Assistants";

/// The keywords of a parameter besides its schema.
const PARAMETER_KEYWORDS: [&str; 6] = ["name", "in", "required", "deprecated", "style", "explode"];

/// Builds the `paths` of the document and hoists inline schemas.
pub(super) fn paths(
    operations: &[Operation],
    lowering: &Lowering,
    hoist: &mut Hoist,
) -> Result<Value, Error> {
    let mut paths = Map::new();
    for operation in operations {
        let built = build_operation(operation, lowering, hoist)?;
        paths.entry(&operation.path).or_insert_with(|| json!({}))[operation.method] = built;
    }
    Ok(paths.into())
}

fn build_operation(
    operation: &Operation,
    lowering: &Lowering,
    hoist: &mut Hoist,
) -> Result<Value, Error> {
    let mut built = json!({ "operationId": operation.id, "tags": [TAG] });
    if let Some(name) = corrections::rust_name(&operation.id) {
        built[RUST_NAME] = name.into();
    }
    if operation.deprecated {
        built["deprecated"] = true.into();
    }
    if !operation.parameters.is_empty() {
        built["parameters"] = build_parameters(operation, lowering, hoist)?;
    }
    if let Some(body) = &operation.body {
        let name = format!("{}Request", naming::pascal(&operation.id));
        let schema = hoist.body(lowering.schema(&body.schema, &body.at)?, &name, &body.at)?;
        if let Some(events) = event_stream(&schema, &hoist.components) {
            built[EVENT_STREAM] = events;
        }
        built["requestBody"] =
            json!({ "required": body.required, "content": json_content(schema) });
    }
    let success = &operation.success;
    let name = format!("{}Response", naming::pascal(&operation.id));
    let schema = lowering.schema(&success.schema, &success.at)?;
    let body = hoist.body(schema, &name, &success.at)?;
    let error = json_content(schema::reference_to(ERROR_RESPONSE));
    built["responses"] = json!({
        &success.status: { "description": "The operation succeeded.", "content": json_content(body) },
        "4XX": { "description": "The server rejected the request.", "content": error },
        "5XX": { "description": "The server failed to handle the request.", "content": error },
    });
    Ok(built)
}

fn build_parameters(
    operation: &Operation,
    lowering: &Lowering,
    hoist: &mut Hoist,
) -> Result<Value, Error> {
    let mut parameters = Vec::new();
    for (at, parameter) in &operation.parameters {
        let name = parameter["name"]
            .as_str()
            .ok_or_else(|| Error::at(at, "a parameter without `name` cannot be imported"))?;
        let at = at.child("schema");
        let mut schema = hoist.parameter(
            lowering.schema(&parameter["schema"], &at)?,
            name,
            &operation.id,
            &at,
        )?;
        // A parameter is omitted, not null.
        if let Some(map) = schema.as_object_mut() {
            map.remove("nullable");
        }
        let mut built: Map<String, Value> = PARAMETER_KEYWORDS
            .iter()
            .filter_map(|keyword| Some(((*keyword).to_owned(), parameter.get(*keyword)?.clone())))
            .filter(|(_, value)| *value != Value::Bool(false))
            .collect();
        built.insert("schema".into(), schema);
        parameters.push(Value::Object(built));
    }
    Ok(parameters.into())
}

fn json_content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
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

/// Builds the document without descriptions.
pub(super) fn document(version: &str, source: Value, paths: Value, components: Schemas) -> Value {
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
        "tags": [{ "name": TAG }],
        "paths": paths,
        "components": {
            "schemas": components.into_iter().collect::<Map<_, _>>(),
            "securitySchemes": { "ApiKeyAuth": { "type": "http", "scheme": "bearer" } },
        },
    })
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
        let closure = closure::extract(&document).unwrap();
        let lowering = Lowering::new(closure.schemas).unwrap();
        let mut hoist = Hoist::new(lowering.components().unwrap()).unwrap();
        let mut paths = paths(&closure.operations, &lowering, &mut hoist).unwrap();
        (paths["/threads/{id}"]["post"].take(), hoist.components)
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

    #[test]
    fn an_operation_has_one_success_and_one_error_type() {
        let plain = schema::reference_to("Plain");
        let (operation, _) = build(operation(plain.clone(), plain.clone()));
        assert_eq!(operation["tags"], json!([TAG]));
        assert_eq!(
            operation["parameters"],
            json!([
                {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "q", "in": "query", "schema": {"type": "string"}},
            ])
        );
        assert_eq!(
            operation["requestBody"],
            json!({"required": false, "content": json_content(plain.clone())})
        );
        let responses = operation["responses"].as_object().unwrap();
        assert_eq!(responses.keys().collect::<Vec<_>>(), ["201", "4XX", "5XX"]);
        assert_eq!(responses["201"]["content"], json_content(plain));
        assert_eq!(
            responses["4XX"]["content"],
            json_content(schema::reference_to(ERROR_RESPONSE))
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
            json_content(schema::reference_to("MakeItRequest"))
        );
        assert_eq!(
            operation["responses"]["201"]["content"],
            json_content(schema::reference_to("MakeItResponse"))
        );
        assert_eq!(components["MakeItResponse"], inline("b"));
    }
}
