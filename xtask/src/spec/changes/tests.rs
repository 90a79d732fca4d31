//! Tests every kind of change.

use serde_json::json;

use super::change::{Bump, Change};
use super::*;

const POST: &str = "/paths/~1threads/post";

/// A minimal document with an item of every kind that can change.
fn document() -> Value {
    let refer = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let json = |name: &str| json!({"application/json": {"schema": refer(name)}});
    let event = |name: &str, data: Value| {
        json!({"type": "object", "required": ["event", "data"], "properties": {
            "event": {"type": "string", "enum": [name]}, "data": data,
        }})
    };
    json!({
        "paths": {"/threads": {"post": {
            "operationId": "createThread",
            "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "default": 20}}],
            "requestBody": {"content": json("CreateThreadRequest")},
            "responses": {"200": {"content": json("Thread")}},
        }}},
        "components": {"schemas": {
            "AssistantStreamEvent": {
                "oneOf": [refer("CreatedEvent"), refer("DoneEvent")],
                "discriminator": {"propertyName": "event", "mapping": {
                    "created": "#/components/schemas/CreatedEvent",
                    "done": "#/components/schemas/DoneEvent",
                }},
            },
            "Call": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string", "enum": ["call"]}}},
            "CreateThreadRequest": {"type": "object", "required": ["b"], "properties": {
                "a": {"type": "string"}, "b": {"type": "string"}, "mode": refer("Mode"),
            }},
            "CreatedEvent": event("created", refer("Thread")),
            "DoneEvent": event("done", json!({"type": "string", "enum": ["[DONE]"]})),
            "Flag": {"type": "boolean"},
            "Labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "Mode": {"type": "string", "enum": ["a", "b"]},
            "Thread": {"type": "object", "required": ["id", "object"], "properties": {
                "flag": {"type": "boolean"},
                "id": {"type": "string"},
                "items": {"type": "array", "items": {"type": "string", "maxLength": 9}},
                "labels": refer("Labels"),
                "object": {"type": "string", "enum": ["thread"]},
                "tools": {"type": "array", "items": refer("Tool")},
                "x": {"type": "string"},
            }},
            "Tool": {"oneOf": [refer("Call")], "discriminator": {
                "propertyName": "type", "mapping": {"call": "#/components/schemas/Call"},
            }},
            "Words": {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
        }},
    })
}

/// Returns the changes after some edits. `null` removes a value.
fn after<const N: usize>(edits: [(&str, Value); N]) -> Vec<String> {
    let mut edited = document();
    for (pointer, value) in edits {
        edit(&mut edited, pointer, value);
    }
    changes(&document(), &edited)
}

fn edit(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/");
    let parent = document
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .unwrap();
    if value.is_null() {
        assert!(parent.remove(&key).is_some(), "{pointer}");
    } else {
        parent.insert(key, value);
    }
}

fn changes(before: &Value, after: &Value) -> Vec<String> {
    compare(before, after)
        .iter()
        .map(Change::to_string)
        .collect()
}

fn operation(keyword: &str, value: Value) -> Vec<String> {
    after([(&format!("{POST}/{keyword}"), value)])
}

fn schema(path: &str, value: Value) -> Vec<String> {
    after([(&format!("/components/schemas/{path}"), value)])
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

#[test]
fn equal_documents_have_no_differences() {
    assert_eq!(compare(&document(), &document()), []);
    assert_eq!(Bump::of(&[]), Bump::None);
}

#[test]
fn descriptions_are_not_compared() {
    assert_eq!(operation("description", json!("New.")), [""; 0]);
    assert_eq!(schema("Mode/description", json!("New.")), [""; 0]);
    assert_eq!(
        schema("Thread/properties/id/description", json!("New.")),
        [""; 0]
    );
    assert_eq!(
        schema(
            "Thread/properties/labels",
            json!({"description": "New.", "allOf": [refer("Labels")]})
        ),
        [""; 0]
    );
}

#[test]
fn an_operation_is_added_or_removed() {
    assert_eq!(
        after([("/paths/~1new", json!({"get": {"operationId": "new"}}))]),
        ["+ operations/new: GET /new"]
    );
    assert_eq!(
        after([(POST, Value::Null)]),
        [
            "- operations/createThread: POST /threads (breaking: method removed)",
            "~ schemas/CreateThreadRequest: no longer part of a request (breaking: builder removed)",
        ]
    );
}

#[test]
fn an_operation_is_renamed() {
    assert_eq!(
        operation("operationId", json!("newThread")),
        ["~ operations/createThread: renamed to newThread (breaking: method renamed)"]
    );
}

#[test]
fn the_route_of_an_operation_changes() {
    let mut edited = document();
    let post = edited["paths"]["/threads"]["post"].take();
    edited["paths"] = json!({"/t": {"put": post}});
    assert_eq!(
        changes(&document(), &edited),
        ["~ operations/createThread: route changed from POST /threads to PUT /t"]
    );
}

#[test]
fn an_operation_is_deprecated() {
    assert_eq!(
        operation("deprecated", json!(true)),
        ["~ operations/createThread: deprecated"]
    );
}

#[test]
fn streaming_is_added_or_removed() {
    let mut streamed = document();
    edit(
        &mut streamed,
        &format!("{POST}/x-event-stream"),
        refer("AssistantStreamEvent"),
    );
    assert_eq!(
        changes(&document(), &streamed),
        ["~ operations/createThread: now supports streaming"]
    );
    assert_eq!(
        changes(&streamed, &document()),
        [
            "~ operations/createThread: no longer supports streaming (breaking: method `stream` removed)"
        ]
    );
}

#[test]
fn a_parameter_is_added_or_removed() {
    let limit = &document()["paths"]["/threads"]["post"]["parameters"][0];
    let with = |new| operation("parameters", json!([limit, new]));
    assert_eq!(
        with(json!({"name": "after", "schema": {"type": "string"}})),
        ["+ operations/createThread/parameters/after"]
    );
    assert_eq!(
        with(json!({"name": "after", "required": true, "schema": {"type": "string"}})),
        ["+ operations/createThread/parameters/after: required (breaking: callers must set it)"]
    );
    assert_eq!(
        operation("parameters", json!([])),
        ["- operations/createThread/parameters/limit (breaking: setter removed)"]
    );
}

#[test]
fn a_parameter_becomes_required_or_optional() {
    let mut required = document();
    edit(
        &mut required,
        &format!("{POST}/parameters"),
        json!([{"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "default": 20}}]),
    );
    assert_eq!(
        changes(&document(), &required),
        [
            "~ operations/createThread/parameters/limit: now required (breaking: callers must set it)"
        ]
    );
    assert_eq!(
        changes(&required, &document()),
        ["~ operations/createThread/parameters/limit: now optional"]
    );
}

#[test]
fn the_type_default_or_location_of_a_parameter_changes() {
    let limit = |parameter| operation("parameters", json!([parameter]));
    assert_eq!(
        limit(json!({"name": "limit", "in": "query", "schema": {"type": "string"}})),
        [
            "~ operations/createThread/parameters/limit: type changed from integer to string (breaking: Rust type changed)"
        ]
    );
    assert_eq!(
        limit(
            json!({"name": "limit", "in": "header", "deprecated": true, "schema": {"type": "integer", "default": 10}})
        ),
        [
            "~ operations/createThread/parameters/limit: deprecated",
            "~ operations/createThread/parameters/limit: `in` changed from \"query\" to \"header\"",
            "~ operations/createThread/parameters/limit: `default` changed from 20 to 10",
        ]
    );
}

#[test]
fn brackets_after_the_name_of_a_parameter_do_not_change_the_setter() {
    assert_eq!(
        operation(
            "parameters",
            json!([{"name": "limit[]", "in": "query", "schema": {"type": "integer", "default": 20}}])
        ),
        [
            "~ operations/createThread/parameters/limit[]: `name` changed from \"limit\" to \"limit[]\""
        ]
    );
}

#[test]
fn a_request_body_is_changed_removed_or_added() {
    let body = |name: &str| json!({"content": {"application/json": {"schema": refer(name)}}});
    assert_eq!(
        operation("requestBody", body("Call")),
        [
            "~ schemas/CreateThreadRequest: no longer part of a request (breaking: builder removed)",
            "~ operations/createThread/requestBody: type changed from CreateThreadRequest to Call (breaking: Rust type changed)",
        ]
    );
    assert_eq!(
        operation("requestBody", Value::Null),
        [
            "~ schemas/CreateThreadRequest: no longer part of a request (breaking: builder removed)",
            "~ operations/createThread/requestBody: removed (was CreateThreadRequest) (breaking: setter removed)",
        ]
    );

    let mut without = document();
    edit(&mut without, &format!("{POST}/requestBody"), Value::Null);
    assert_eq!(
        changes(&without, &document()),
        [
            "~ operations/createThread/requestBody: added: CreateThreadRequest (breaking: callers must set it)"
        ]
    );
    let mut optional = document();
    edit(
        &mut optional,
        "/components/schemas/CreateThreadRequest/required",
        json!([]),
    );
    let (mut before, after) = (optional.clone(), optional);
    edit(&mut before, &format!("{POST}/requestBody"), Value::Null);
    assert_eq!(
        changes(&before, &after),
        ["~ operations/createThread/requestBody: added: CreateThreadRequest"]
    );
}

#[test]
fn requiring_a_request_body_does_not_affect_code() {
    assert_eq!(
        operation("requestBody/required", json!(true)),
        ["~ operations/createThread/requestBody: now required"]
    );
}

#[test]
fn a_response_changes() {
    assert_eq!(
        operation("responses", json!({"200": {}})),
        [
            "~ operations/createThread/responses/200: type changed from Thread to none (breaking: Rust type changed)"
        ]
    );
    let thread = json!({"content": {"application/json": {"schema": refer("Thread")}}});
    assert_eq!(
        operation("responses", json!({"201": thread})),
        ["~ operations/createThread/responses/201: status changed from 200 to 201"]
    );
}

#[test]
fn a_schema_is_added_or_removed() {
    assert_eq!(
        schema("New", json!({"type": "object", "properties": {}})),
        ["+ schemas/New: object"]
    );
    assert_eq!(
        schema("Words", Value::Null),
        ["- schemas/Words (breaking: type removed)"]
    );
}

#[test]
fn an_alias_of_a_primitive_is_not_a_type() {
    assert_eq!(schema("Flag", Value::Null), ["- schemas/Flag"]);
    assert_eq!(
        schema("Thread/properties/flag", refer("Flag")),
        ["~ schemas/Thread/properties/flag: type changed from boolean to Flag"]
    );
}

#[test]
fn the_kind_of_a_schema_changes() {
    assert_eq!(
        schema("Mode", json!({"type": "object", "properties": {}})),
        ["~ schemas/Mode: changed from enum to object (breaking: Rust type changed)"]
    );
    assert_eq!(
        schema(
            "Labels",
            json!({"type": "object", "additionalProperties": {"type": "integer"}})
        ),
        [
            "~ schemas/Labels: type changed from map of string to map of integer (breaking: Rust type changed)"
        ]
    );
}

#[test]
fn a_schema_is_renamed() {
    assert_eq!(
        after([
            ("/components/schemas/Labels", Value::Null),
            (
                "/components/schemas/Metadata",
                json!({"type": "object", "additionalProperties": {"type": "string"}})
            ),
            (
                "/components/schemas/Thread/properties/labels",
                refer("Metadata")
            ),
        ]),
        ["~ schemas/Labels: renamed to Metadata (breaking: type renamed)"]
    );
}

#[test]
fn a_different_schema_in_the_same_place_is_not_a_rename() {
    assert_eq!(
        after([
            ("/components/schemas/Mode", Value::Null),
            (
                "/components/schemas/Manner",
                json!({"type": "string", "enum": ["c", "d"]})
            ),
            (
                "/components/schemas/CreateThreadRequest/properties/mode",
                refer("Manner")
            ),
        ]),
        [
            "- schemas/Mode (breaking: type removed)",
            "~ schemas/CreateThreadRequest/properties/mode: type changed from Mode to Manner (breaking: Rust type changed)",
            "+ schemas/Manner: enum: c, d",
        ]
    );
}

#[test]
fn a_schema_and_a_property_are_deprecated() {
    assert_eq!(
        schema("Thread/deprecated", json!(true)),
        ["~ schemas/Thread: deprecated"]
    );
    assert_eq!(
        schema("Thread/properties/x/deprecated", json!(true)),
        ["~ schemas/Thread/properties/x: deprecated"]
    );
}

#[test]
fn a_property_is_added() {
    let new = json!({"type": "string"});
    assert_eq!(
        schema("CreateThreadRequest/properties/new", new.clone()),
        ["+ schemas/CreateThreadRequest/properties/new: string"]
    );
    let required = |name: &str, required| {
        after([
            (
                &format!("/components/schemas/{name}/properties/new"),
                new.clone(),
            ),
            (&format!("/components/schemas/{name}/required"), required),
        ])
    };
    assert_eq!(
        required("CreateThreadRequest", json!(["b", "new"])),
        [
            "+ schemas/CreateThreadRequest/properties/new: string, required (breaking: callers must set it)"
        ]
    );
    assert_eq!(
        required("Thread", json!(["id", "object", "new"])),
        ["+ schemas/Thread/properties/new: string, required"]
    );
}

#[test]
fn a_property_is_removed() {
    assert_eq!(
        schema("Thread/properties/x", Value::Null),
        ["- schemas/Thread/properties/x (breaking: field removed)"]
    );
}

#[test]
fn a_constant_is_not_a_field() {
    assert_eq!(
        schema("Thread/properties/object", Value::Null),
        ["- schemas/Thread/properties/object"]
    );
    assert_eq!(
        schema("Thread/properties/object/enum", json!(["a.thread"])),
        ["~ schemas/Thread/properties/object: `enum` changed from [\"thread\"] to [\"a.thread\"]"]
    );
    assert_eq!(
        schema("Thread/required", json!(["id"])),
        ["~ schemas/Thread/properties/object: now optional"]
    );
    assert_eq!(
        schema("Thread/properties/object", json!({"type": "string"})),
        ["~ schemas/Thread/properties/object: type changed from constant to string"]
    );
    assert_eq!(
        schema(
            "CreateThreadRequest/properties/a",
            json!({"type": "string", "enum": ["a"]})
        ),
        [
            "~ schemas/CreateThreadRequest/properties/a: type changed from string to constant (breaking: field removed)"
        ]
    );
}

#[test]
fn a_property_becomes_required_or_optional() {
    assert_eq!(
        schema("Thread/required", json!(["id", "object", "x"])),
        ["~ schemas/Thread/properties/x: now required (breaking: field is no longer an `Option`)"]
    );
    assert_eq!(
        schema("Thread/required", json!(["object"])),
        ["~ schemas/Thread/properties/id: now optional (breaking: field is now an `Option`)"]
    );
}

#[test]
fn a_property_becomes_nullable() {
    let nullable = json!({"type": "string", "nullable": true});
    assert_eq!(
        schema("Thread/properties/id", nullable.clone()),
        ["~ schemas/Thread/properties/id: now nullable (breaking: field is now an `Option`)"]
    );
    assert_eq!(
        schema("Thread/properties/x", nullable.clone()),
        ["~ schemas/Thread/properties/x: now nullable"]
    );
    // An absent property and a null one are both `None`.
    assert_eq!(
        after([
            ("/components/schemas/Thread/properties/x", nullable),
            (
                "/components/schemas/Thread/required",
                json!(["id", "object", "x"])
            ),
        ]),
        [
            "~ schemas/Thread/properties/x: now required",
            "~ schemas/Thread/properties/x: now nullable",
        ]
    );
}

#[test]
fn the_type_of_a_property_changes() {
    assert_eq!(
        schema("Thread/properties/id", json!({"type": "integer"})),
        [
            "~ schemas/Thread/properties/id: type changed from string to integer (breaking: Rust type changed)"
        ]
    );
    assert_eq!(
        schema(
            "Thread/properties/items",
            json!({"type": "array", "items": {"type": "string", "nullable": true}})
        ),
        [
            "~ schemas/Thread/properties/items: type changed from array of string to array of string or null (breaking: Rust type changed)"
        ]
    );
}

#[test]
fn the_constraints_of_a_property_change() {
    assert_eq!(
        schema(
            "Thread/properties/id",
            json!({"type": "string", "maxLength": 9, "format": "uri"})
        ),
        [
            "~ schemas/Thread/properties/id: `format` added: \"uri\"",
            "~ schemas/Thread/properties/id: `maxLength` added: 9",
        ]
    );
    assert_eq!(
        schema("Thread/properties/items/items/maxLength", json!(8)),
        ["~ schemas/Thread/properties/items/items: `maxLength` changed from 9 to 8"]
    );
    assert_eq!(
        schema("Thread/properties/items/items/maxLength", Value::Null),
        ["~ schemas/Thread/properties/items/items: `maxLength` removed (was 9)"]
    );
}

#[test]
fn an_integer_becomes_a_timestamp() {
    let with = |property: Value| {
        let mut edited = document();
        edit(
            &mut edited,
            "/components/schemas/Thread/properties/x",
            property,
        );
        edited
    };
    let integer = with(json!({"type": "integer"}));
    let time = with(json!({"type": "integer", "format": "unixtime"}));
    assert_eq!(
        changes(&integer, &time),
        [
            "~ schemas/Thread/properties/x: type changed from integer to timestamp (breaking: Rust type changed)"
        ]
    );
    assert_eq!(changes(&time, &time), [""; 0]);
}

#[test]
fn a_map_of_strings_is_a_map_in_rust() {
    let map = |values: Value| json!({"type": "object", "additionalProperties": values});
    let mut before = document();
    edit(
        &mut before,
        "/components/schemas/Thread/properties/x",
        map(json!({"type": "string"})),
    );
    let mut after = before.clone();
    edit(
        &mut after,
        "/components/schemas/Thread/properties/x",
        map(true.into()),
    );
    assert_eq!(
        changes(&before, &after),
        ["~ schemas/Thread/properties/x: type changed from map of string to map"]
    );
}

#[test]
fn a_value_is_added_or_removed() {
    assert_eq!(
        schema("Mode/enum", json!(["b", "c"])),
        [
            "- schemas/Mode/enum/a (breaking: variant removed)",
            "+ schemas/Mode/enum/c",
        ]
    );
    assert_eq!(schema("Mode/enum", json!(["b", "a"])), [""; 0]);
}

#[test]
fn a_member_is_added_removed_or_changed() {
    let mapping = |mapping| schema("Tool/discriminator/mapping", mapping);
    let call = "#/components/schemas/Call";
    assert_eq!(
        mapping(json!({"call": call, "search": call})),
        ["+ schemas/Tool/oneOf/search: Call"]
    );
    assert_eq!(
        mapping(json!({})),
        ["- schemas/Tool/oneOf/call: Call (breaking: variant removed)"]
    );
    assert_eq!(
        mapping(json!({"call": "#/components/schemas/Thread"})),
        [
            "~ schemas/Tool/oneOf/call: type changed from Call to Thread (breaking: Rust type changed)"
        ]
    );
    assert_eq!(
        schema("Words/oneOf", json!([{"type": "string"}, refer("Call")])),
        [
            "- schemas/Words/oneOf/array of string (breaking: variant removed)",
            "+ schemas/Words/oneOf/Call",
        ]
    );
}

#[test]
fn the_discriminator_of_a_union_changes() {
    assert_eq!(
        schema("Tool/discriminator/propertyName", json!("kind")),
        ["~ schemas/Tool: discriminator changed from `type` to `kind`"]
    );
    assert_eq!(
        schema("Tool/discriminator", Value::Null),
        [
            "~ schemas/Tool: discriminator changed from `type` to the JSON type (breaking: variants renamed)",
        ]
    );
}

#[test]
fn an_event_is_added_or_removed() {
    let mut more = document();
    let mut expired = more["components"]["schemas"]["CreatedEvent"].clone();
    expired["properties"]["event"]["enum"] = json!(["expired"]);
    edit(&mut more, "/components/schemas/ExpiredEvent", expired);
    edit(
        &mut more,
        "/components/schemas/AssistantStreamEvent/discriminator/mapping/expired",
        json!("#/components/schemas/ExpiredEvent"),
    );
    assert_eq!(
        changes(&document(), &more),
        ["+ events/expired: data type Thread"]
    );
    assert_eq!(
        changes(&more, &document()),
        ["- events/expired (breaking: variant removed)"]
    );
}

#[test]
fn the_data_of_an_event_changes() {
    assert_eq!(
        schema("CreatedEvent/properties/data", refer("Call")),
        ["~ events/created: data type changed from Thread to Call (breaking: Rust type changed)"]
    );
    assert_eq!(
        schema(
            "CreatedEvent/properties/enabled",
            json!({"type": "boolean"})
        ),
        ["+ schemas/CreatedEvent/properties/enabled: boolean"]
    );
    assert_eq!(
        schema("DoneEvent/properties/data/enum", json!(["[END]"])),
        ["~ schemas/DoneEvent/properties/data: `enum` changed from [\"[DONE]\"] to [\"[END]\"]"]
    );
}

#[test]
fn breaking_changes_come_first_then_operations_then_schemas() {
    assert_eq!(
        after([
            ("/components/schemas/Mode/enum", json!(["b", "c"])),
            ("/components/schemas/Words", Value::Null),
            ("/components/schemas/New", json!({"oneOf": []})),
            ("/paths/~1new", json!({"get": {"operationId": "new"}})),
            (&format!("{POST}/parameters"), json!([])),
        ]),
        [
            "- operations/createThread/parameters/limit (breaking: setter removed)",
            "- schemas/Words (breaking: type removed)",
            "- schemas/Mode/enum/a (breaking: variant removed)",
            "+ operations/new: GET /new",
            "+ schemas/New: union",
            "+ schemas/Mode/enum/c",
        ]
    );
}

#[test]
fn the_version_depends_on_the_most_severe_change() {
    let bump = |pointer: &str, value| {
        let mut edited = document();
        edit(&mut edited, pointer, value);
        Bump::of(&compare(&document(), &edited))
    };
    assert_eq!(
        bump("/components/schemas/Mode/enum", json!(["b", "c"])),
        Bump::Major
    );
    assert_eq!(
        bump("/components/schemas/Mode/enum", json!(["a", "b", "c"])),
        Bump::Minor
    );
    let limit = "/components/schemas/Thread/properties/id/maxLength";
    assert_eq!(bump(limit, json!(9)), Bump::Patch);

    let all = [Bump::Major, Bump::Minor, Bump::Patch, Bump::None];
    assert_eq!(
        all.map(Bump::before_one),
        [Bump::Minor, Bump::Patch, Bump::Patch, Bump::None]
    );
}

/// Removing any keyword of the document is reported.
#[test]
fn every_keyword_is_compared() {
    fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{}", key.replace('/', "~1"));
            paths(value, &at, found);
            found.push(at);
        }
    }
    let mut found = Vec::new();
    paths(&document(), "", &mut found);
    let mut unreported = Vec::new();
    for path in found {
        let mut edited = document();
        edit(&mut edited, &path, Value::Null);
        if changes(&document(), &edited).is_empty() {
            unreported.push(path);
        }
    }
    assert_eq!(
        unreported,
        [
            // Without these the document is invalid: an event has a schema, which is an object.
            "/components/schemas/CreatedEvent/type",
            "/components/schemas/CreatedEvent",
            "/components/schemas/DoneEvent/type",
            "/components/schemas/DoneEvent",
        ]
    );
}

#[test]
fn provenance_changes() {
    let with = |record: Value| json!({"info": {"x-source": record}});
    let changes = |before: Value, after: Value| -> Vec<String> {
        let changes = compare(&with(before), &with(after));
        changes.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        changes(
            json!({"beta": "assistants=v1", "constants": "a", "openapi": "3.0.0"}),
            json!({"beta": "assistants=v2", "openapi": "3.0.0", "refusals": "429"}),
        ),
        [
            "~ source/beta: changed from `assistants=v1` to `assistants=v2` (breaking: request header changed)",
            "- source/constants: `a`",
            "+ source/refusals: `429`",
        ]
    );
}

#[test]
fn a_document_without_a_header_uses_version_2() {
    let with = |record: Value| json!({"info": {"x-source": record}});
    let (first, second) = (
        json!({"beta": "assistants=v1"}),
        json!({"beta": "assistants=v2"}),
    );
    assert_eq!(
        changes(&with(first.clone()), &with(json!({}))),
        [
            "~ source/beta: changed from `assistants=v1` to `assistants=v2` (breaking: request header changed)"
        ]
    );
    assert_eq!(
        changes(&json!({}), &with(first)),
        [
            "~ source/beta: changed from `assistants=v2` to `assistants=v1` (breaking: request header changed)"
        ]
    );
    assert_eq!(changes(&json!({}), &with(second)), [""; 0]);
}

#[test]
fn a_type_outside_of_requests_loses_its_builder() {
    let sends = |name: &str| {
        let mut edited = document();
        let body = format!("{POST}/requestBody/content/application~1json/schema");
        edit(&mut edited, &body, refer(name));
        edited
    };
    let (thread, call) = (sends("Thread"), sends("Call"));
    let builders: Vec<String> = changes(&thread, &call)
        .into_iter()
        .filter(|change| change.contains("builder"))
        .collect();
    // `Thread` reaches `Call` through its tools. Only objects have builders.
    assert_eq!(
        builders,
        ["~ schemas/Thread: no longer part of a request (breaking: builder removed)"]
    );
}

#[test]
fn a_renamed_type_keeps_its_builder() {
    let mut renamed = document();
    let schemas = renamed["components"]["schemas"].as_object_mut().unwrap();
    let request = schemas.remove("CreateThreadRequest").unwrap();
    schemas.insert("ThreadRequest".into(), request);
    let body = format!("{POST}/requestBody/content/application~1json/schema");
    edit(&mut renamed, &body, refer("ThreadRequest"));
    assert_eq!(
        changes(&document(), &renamed),
        ["~ schemas/CreateThreadRequest: renamed to ThreadRequest (breaking: type renamed)"]
    );
}
