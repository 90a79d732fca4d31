//! Writes the document around the schemas: paths, parameters, responses, security.

use openai_assistants_codegen::Error;
use serde_json::{Map, Value, json};

use super::closure::{ERROR_RESPONSE, Operation, STREAM_EVENT};
use super::corrections;
use super::hoist::Hoist;
use super::lower::Lowering;
use super::naming;
use super::schema::{self, Schemas};
use super::source::SOURCE;

const TAG: &str = "Assistants";

/// Of the documents that are written here, and no others.
const TITLE: &str = "OpenAI Assistants API";

/// Marks an operation that can answer with a stream of events, and says of which.
pub(super) const EVENT_STREAM: &str = "x-event-stream";

/// The name of the method of an operation whose ID is misspelled.
pub(super) const RUST_NAME: &str = "x-rust-name";

/// What a parameter states besides its schema.
const PARAMETER_FACTS: [&str; 6] = ["name", "in", "required", "deprecated", "style", "explode"];

/// The `paths` of the document. Schemas on the way get names.
pub(super) fn paths(
    operations: &[Operation],
    lowering: &Lowering,
    hoist: &mut Hoist,
) -> Result<Value, Error> {
    let mut paths = Map::new();
    for operation in operations {
        let written = write_operation(operation, lowering, hoist)?;
        paths.entry(&operation.path).or_insert_with(|| json!({}))[operation.method] = written;
    }
    Ok(paths.into())
}

fn write_operation(
    operation: &Operation,
    lowering: &Lowering,
    hoist: &mut Hoist,
) -> Result<Value, Error> {
    let mut written = json!({ "operationId": operation.id, "tags": [TAG] });
    if let Some(name) = corrections::rust_name(&operation.id) {
        written[RUST_NAME] = name.into();
    }
    if operation.deprecated {
        written["deprecated"] = true.into();
    }
    if !operation.parameters.is_empty() {
        written["parameters"] = write_parameters(operation, lowering, hoist)?;
    }
    if let Some(body) = &operation.body {
        let name = format!("{}Request", naming::pascal(&operation.id));
        let schema = hoist.message(lowering.schema(&body.schema, &body.at)?, &name, &body.at)?;
        if let Some(events) = event_stream(&schema, &hoist.components) {
            written[EVENT_STREAM] = events;
        }
        written["requestBody"] =
            json!({ "required": body.required, "content": json_content(schema) });
    }
    let (status, at, success) = &operation.success;
    let name = format!("{}Response", naming::pascal(&operation.id));
    let success = hoist.message(lowering.schema(success, at)?, &name, at)?;
    let refusal = json_content(schema::refer_to(ERROR_RESPONSE));
    written["responses"] = json!({
        status: { "description": "The operation succeeded.", "content": json_content(success) },
        "4XX": { "description": "The server refused the request.", "content": refusal },
        "5XX": { "description": "The server failed to handle the request.", "content": refusal },
    });
    Ok(written)
}

fn write_parameters(
    operation: &Operation,
    lowering: &Lowering,
    hoist: &mut Hoist,
) -> Result<Value, Error> {
    let mut parameters = Vec::new();
    for (at, parameter) in &operation.parameters {
        let name = parameter["name"]
            .as_str()
            .ok_or_else(|| Error::at(at, "a parameter without a `name`"))?;
        let at = at.child("schema");
        let mut schema = hoist.parameter(
            lowering.schema(&parameter["schema"], &at)?,
            name,
            &operation.id,
            &at,
        )?;
        // A parameter is left out, not null.
        if let Some(map) = schema.as_object_mut() {
            map.remove("nullable");
        }
        let mut written: Map<String, Value> = PARAMETER_FACTS
            .iter()
            .filter_map(|fact| Some(((*fact).to_owned(), parameter.get(*fact)?.clone())))
            .filter(|(_, value)| *value != Value::Bool(false))
            .collect();
        written.insert("schema".into(), schema);
        parameters.push(Value::Object(written));
    }
    Ok(parameters.into())
}

fn json_content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// A request that has a switch `stream` is answered with events when it is on.
fn event_stream(request: &Value, components: &Schemas) -> Option<Value> {
    let request = components.get(schema::reference(request)?)?;
    let switch = request.get("properties")?.get("stream")?;
    (switch["type"] == "boolean" && components.contains_key(STREAM_EVENT))
        .then(|| schema::refer_to(STREAM_EVENT))
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

/// Whether a document was written here: it may have been edited since.
pub(super) fn is_canonical(document: &Value) -> bool {
    document
        .pointer("/info/title")
        .is_some_and(|title| title == TITLE)
}

/// The whole document, but for the descriptions.
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

    fn written(operation: Value) -> (Value, Schemas) {
        let document = json!({
            "paths": {"/threads/{id}": {"post": operation}},
            "components": {"schemas": {
                "Request": {"type": "object", "properties": {"stream": {"type": "boolean", "nullable": true}}},
                "Plain": {"type": "object", "properties": {"a": {"type": "string"}}},
                STREAM_EVENT: {"oneOf": [{"type": "object", "required": ["event"], "properties": {"event": {"const": "a"}}}]},
            }},
        });
        let closure = closure::cut(&document).unwrap();
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
    fn an_operation_has_one_kind_of_success_and_one_of_failure() {
        let plain = schema::refer_to("Plain");
        let (operation, _) = written(operation(plain.clone(), plain.clone()));
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
            json_content(schema::refer_to(ERROR_RESPONSE))
        );
        assert_eq!(operation.get(EVENT_STREAM), None);
    }

    #[test]
    fn a_request_with_a_switch_for_it_can_be_answered_with_a_stream() {
        let (operation, _) = written(operation(
            schema::refer_to("Request"),
            schema::refer_to("Plain"),
        ));
        assert_eq!(operation[EVENT_STREAM], schema::refer_to(STREAM_EVENT));
    }

    #[test]
    fn inline_bodies_are_named_after_the_operation() {
        let inline =
            |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
        let (operation, components) = written(operation(inline("a1"), inline("b")));
        assert_eq!(
            operation["requestBody"]["content"],
            json_content(schema::refer_to("MakeItRequest"))
        );
        assert_eq!(
            operation["responses"]["201"]["content"],
            json_content(schema::refer_to("MakeItResponse"))
        );
        assert_eq!(components["MakeItResponse"], inline("b"));
    }
}
