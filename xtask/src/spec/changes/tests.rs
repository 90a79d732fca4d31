//! One test for every kind of change.

use serde_json::json;

use super::*;

const POST: &str = "/paths/~1threads/post";

/// A document in miniature: something of each kind that can change.
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

/// What is different after some edits; null takes something away.
fn after<const N: usize>(edits: [(&str, Value); N]) -> Vec<String> {
    let mut edited = document();
    for (pointer, value) in edits {
        edit(&mut edited, pointer, value);
    }
    told(&document(), &edited)
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

fn told(before: &Value, after: &Value) -> Vec<String> {
    between(before, after)
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
    assert_eq!(between(&document(), &document()), []);
    assert_eq!(Bump::of(&[]), Bump::None);
}

#[test]
fn descriptions_are_no_differences() {
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
            "- operations/createThread: POST /threads (breaks callers: the method is gone)",
            "~ schemas/CreateThreadRequest: is no longer part of a request (breaks callers: its builder is gone)",
        ]
    );
}

#[test]
fn an_operation_has_another_name() {
    assert_eq!(
        operation("operationId", json!("newThread")),
        [
            "~ operations/createThread: is named newThread now (breaks callers: the method has another name)"
        ]
    );
}

#[test]
fn an_operation_has_another_route() {
    let mut edited = document();
    let post = edited["paths"]["/threads"]["post"].take();
    edited["paths"] = json!({"/t": {"put": post}});
    assert_eq!(
        told(&document(), &edited),
        ["~ operations/createThread: is PUT /t instead of POST /threads"]
    );
}

#[test]
fn an_operation_is_deprecated() {
    assert_eq!(
        operation("deprecated", json!(true)),
        ["~ operations/createThread: is deprecated now"]
    );
}

#[test]
fn an_operation_can_be_streamed() {
    let mut streamed = document();
    edit(
        &mut streamed,
        &format!("{POST}/x-event-stream"),
        refer("AssistantStreamEvent"),
    );
    assert_eq!(
        told(&document(), &streamed),
        ["~ operations/createThread: can be streamed now"]
    );
    assert_eq!(
        told(&streamed, &document()),
        [
            "~ operations/createThread: can no longer be streamed (breaks callers: its method `stream` is gone)"
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
        [
            "+ operations/createThread/parameters/after: required (breaks callers: callers have to set it)"
        ]
    );
    assert_eq!(
        operation("parameters", json!([])),
        ["- operations/createThread/parameters/limit (breaks callers: its setter is gone)"]
    );
}

#[test]
fn a_parameter_is_required_or_optional() {
    let mut required = document();
    edit(
        &mut required,
        &format!("{POST}/parameters"),
        json!([{"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "default": 20}}]),
    );
    assert_eq!(
        told(&document(), &required),
        [
            "~ operations/createThread/parameters/limit: is required now (breaks callers: callers have to set it)"
        ]
    );
    assert_eq!(
        told(&required, &document()),
        ["~ operations/createThread/parameters/limit: is optional now"]
    );
}

#[test]
fn a_parameter_has_another_type_default_or_place() {
    let limit = |parameter| operation("parameters", json!([parameter]));
    assert_eq!(
        limit(json!({"name": "limit", "in": "query", "schema": {"type": "string"}})),
        [
            "~ operations/createThread/parameters/limit: is string instead of integer (breaks callers: it is another type in Rust)"
        ]
    );
    assert_eq!(
        limit(
            json!({"name": "limit", "in": "header", "deprecated": true, "schema": {"type": "integer", "default": 10}})
        ),
        [
            "~ operations/createThread/parameters/limit: is deprecated now",
            "~ operations/createThread/parameters/limit: `in` is \"header\" instead of \"query\"",
            "~ operations/createThread/parameters/limit: `default` is 10 instead of 20",
        ]
    );
}

#[test]
fn brackets_behind_the_name_of_a_parameter_are_no_other_setter() {
    assert_eq!(
        operation(
            "parameters",
            json!([{"name": "limit[]", "in": "query", "schema": {"type": "integer", "default": 20}}])
        ),
        [
            "~ operations/createThread/parameters/limit[]: `name` is \"limit[]\" instead of \"limit\""
        ]
    );
}

#[test]
fn a_body_is_another_gone_or_new() {
    let body = |name: &str| json!({"content": {"application/json": {"schema": refer(name)}}});
    assert_eq!(
        operation("requestBody", body("Call")),
        [
            "~ schemas/CreateThreadRequest: is no longer part of a request (breaks callers: its builder is gone)",
            "~ operations/createThread/requestBody: is Call instead of CreateThreadRequest (breaks callers: it is another type in Rust)",
        ]
    );
    assert_eq!(
        operation("requestBody", Value::Null),
        [
            "~ schemas/CreateThreadRequest: is no longer part of a request (breaks callers: its builder is gone)",
            "~ operations/createThread/requestBody: was CreateThreadRequest, and is gone (breaks callers: its setter is gone)",
        ]
    );

    let mut without = document();
    edit(&mut without, &format!("{POST}/requestBody"), Value::Null);
    assert_eq!(
        told(&without, &document()),
        [
            "~ operations/createThread/requestBody: is CreateThreadRequest now (breaks callers: callers have to set it)"
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
        told(&before, &after),
        ["~ operations/createThread/requestBody: is CreateThreadRequest now"]
    );
}

#[test]
fn a_body_is_required_which_the_client_sends_anyway() {
    assert_eq!(
        operation("requestBody/required", json!(true)),
        ["~ operations/createThread/requestBody: is required now"]
    );
}

#[test]
fn an_answer_is_another() {
    assert_eq!(
        operation("responses", json!({"200": {}})),
        [
            "~ operations/createThread/responses/200: is nothing instead of Thread (breaks callers: it is another type in Rust)"
        ]
    );
    let thread = json!({"content": {"application/json": {"schema": refer("Thread")}}});
    assert_eq!(
        operation("responses", json!({"201": thread})),
        ["~ operations/createThread/responses/201: is 201 instead of 200"]
    );
}

#[test]
fn a_schema_is_added_or_removed() {
    assert_eq!(
        schema("New", json!({"type": "object", "properties": {}})),
        ["+ schemas/New: an object"]
    );
    assert_eq!(
        schema("Words", Value::Null),
        ["- schemas/Words (breaks callers: the type is gone)"]
    );
}

#[test]
fn a_name_for_a_plain_value_is_no_type() {
    assert_eq!(schema("Flag", Value::Null), ["- schemas/Flag"]);
    assert_eq!(
        schema("Thread/properties/flag", refer("Flag")),
        ["~ schemas/Thread/properties/flag: is Flag instead of boolean"]
    );
}

#[test]
fn a_schema_is_of_another_kind() {
    assert_eq!(
        schema("Mode", json!({"type": "object", "properties": {}})),
        [
            "~ schemas/Mode: is an object instead of a list of values (breaks callers: it is another type in Rust)"
        ]
    );
    assert_eq!(
        schema(
            "Labels",
            json!({"type": "object", "additionalProperties": {"type": "integer"}})
        ),
        [
            "~ schemas/Labels: is map of integer instead of map of string (breaks callers: it is another type in Rust)"
        ]
    );
}

#[test]
fn a_schema_has_another_name() {
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
        ["~ schemas/Labels: is named Metadata now (breaks callers: the type has another name)"]
    );
}

#[test]
fn another_schema_in_the_same_place_is_no_other_name() {
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
            "- schemas/Mode (breaks callers: the type is gone)",
            "~ schemas/CreateThreadRequest/properties/mode: is Manner instead of Mode (breaks callers: it is another type in Rust)",
            "+ schemas/Manner: a list of values: c, d",
        ]
    );
}

#[test]
fn a_schema_and_a_property_are_deprecated() {
    assert_eq!(
        schema("Thread/deprecated", json!(true)),
        ["~ schemas/Thread: is deprecated now"]
    );
    assert_eq!(
        schema("Thread/properties/x/deprecated", json!(true)),
        ["~ schemas/Thread/properties/x: is deprecated now"]
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
            "+ schemas/CreateThreadRequest/properties/new: string, required (breaks callers: callers have to set it)"
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
        ["- schemas/Thread/properties/x (breaks callers: the field is gone)"]
    );
}

#[test]
fn a_constant_is_no_field() {
    assert_eq!(
        schema("Thread/properties/object", Value::Null),
        ["- schemas/Thread/properties/object"]
    );
    assert_eq!(
        schema("Thread/properties/object/enum", json!(["a.thread"])),
        ["~ schemas/Thread/properties/object: `enum` is [\"a.thread\"] instead of [\"thread\"]"]
    );
    assert_eq!(
        schema("Thread/required", json!(["id"])),
        ["~ schemas/Thread/properties/object: is optional now"]
    );
    assert_eq!(
        schema("Thread/properties/object", json!({"type": "string"})),
        ["~ schemas/Thread/properties/object: is string instead of a constant"]
    );
    assert_eq!(
        schema(
            "CreateThreadRequest/properties/a",
            json!({"type": "string", "enum": ["a"]})
        ),
        [
            "~ schemas/CreateThreadRequest/properties/a: is a constant instead of string (breaks callers: the field is gone)"
        ]
    );
}

#[test]
fn a_property_is_required_or_optional() {
    assert_eq!(
        schema("Thread/required", json!(["id", "object", "x"])),
        [
            "~ schemas/Thread/properties/x: is required now (breaks callers: the field is no longer an `Option`)"
        ]
    );
    assert_eq!(
        schema("Thread/required", json!(["object"])),
        [
            "~ schemas/Thread/properties/id: is optional now (breaks callers: the field is an `Option` now)"
        ]
    );
}

#[test]
fn a_property_can_be_null() {
    let nullable = json!({"type": "string", "nullable": true});
    assert_eq!(
        schema("Thread/properties/id", nullable.clone()),
        [
            "~ schemas/Thread/properties/id: can be null now (breaks callers: the field is an `Option` now)"
        ]
    );
    assert_eq!(
        schema("Thread/properties/x", nullable.clone()),
        ["~ schemas/Thread/properties/x: can be null now"]
    );
    // What was an `Option` because it may be missing is one because it may be null.
    assert_eq!(
        after([
            ("/components/schemas/Thread/properties/x", nullable),
            (
                "/components/schemas/Thread/required",
                json!(["id", "object", "x"])
            ),
        ]),
        [
            "~ schemas/Thread/properties/x: is required now",
            "~ schemas/Thread/properties/x: can be null now",
        ]
    );
}

#[test]
fn a_property_has_another_type() {
    assert_eq!(
        schema("Thread/properties/id", json!({"type": "integer"})),
        [
            "~ schemas/Thread/properties/id: is integer instead of string (breaks callers: it is another type in Rust)"
        ]
    );
    assert_eq!(
        schema(
            "Thread/properties/items",
            json!({"type": "array", "items": {"type": "string", "nullable": true}})
        ),
        [
            "~ schemas/Thread/properties/items: is array of string or null instead of array of string (breaks callers: it is another type in Rust)"
        ]
    );
}

#[test]
fn a_property_has_another_limit_format_or_default() {
    assert_eq!(
        schema(
            "Thread/properties/id",
            json!({"type": "string", "maxLength": 9, "format": "uri"})
        ),
        [
            "~ schemas/Thread/properties/id: `format` is \"uri\" now",
            "~ schemas/Thread/properties/id: `maxLength` is 9 now",
        ]
    );
    assert_eq!(
        schema("Thread/properties/items/items/maxLength", json!(8)),
        ["~ schemas/Thread/properties/items/items: `maxLength` is 8 instead of 9"]
    );
    assert_eq!(
        schema("Thread/properties/items/items/maxLength", Value::Null),
        ["~ schemas/Thread/properties/items/items: `maxLength` was 9, and is gone"]
    );
}

#[test]
fn an_integer_becomes_a_time() {
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
        told(&integer, &time),
        [
            "~ schemas/Thread/properties/x: is timestamp instead of integer (breaks callers: it is another type in Rust)"
        ]
    );
    assert_eq!(told(&time, &time), [""; 0]);
}

#[test]
fn a_map_of_text_is_a_map_in_rust() {
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
        told(&before, &after),
        ["~ schemas/Thread/properties/x: is map instead of map of string"]
    );
}

#[test]
fn a_value_is_added_or_removed() {
    assert_eq!(
        schema("Mode/enum", json!(["b", "c"])),
        [
            "- schemas/Mode/enum/a (breaks callers: the variant is gone)",
            "+ schemas/Mode/enum/c",
        ]
    );
    assert_eq!(schema("Mode/enum", json!(["b", "a"])), [""; 0]);
}

#[test]
fn a_member_is_added_removed_or_another() {
    let mapping = |mapping| schema("Tool/discriminator/mapping", mapping);
    let call = "#/components/schemas/Call";
    assert_eq!(
        mapping(json!({"call": call, "search": call})),
        ["+ schemas/Tool/oneOf/search: Call"]
    );
    assert_eq!(
        mapping(json!({})),
        ["- schemas/Tool/oneOf/call: Call (breaks callers: the variant is gone)"]
    );
    assert_eq!(
        mapping(json!({"call": "#/components/schemas/Thread"})),
        [
            "~ schemas/Tool/oneOf/call: is Thread instead of Call (breaks callers: it is another type in Rust)"
        ]
    );
    assert_eq!(
        schema("Words/oneOf", json!([{"type": "string"}, refer("Call")])),
        [
            "- schemas/Words/oneOf/array of string (breaks callers: the variant is gone)",
            "+ schemas/Words/oneOf/Call",
        ]
    );
}

#[test]
fn a_union_is_told_apart_by_another_tag() {
    assert_eq!(
        schema("Tool/discriminator/propertyName", json!("kind")),
        ["~ schemas/Tool: is told apart by `kind` instead of `type`"]
    );
    assert_eq!(
        schema("Tool/discriminator", Value::Null),
        [
            "~ schemas/Tool: is told apart by the JSON type instead of `type` (breaks callers: the variants have other names)",
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
        told(&document(), &more),
        ["+ events/expired: carries Thread"]
    );
    assert_eq!(
        told(&more, &document()),
        ["- events/expired (breaks callers: the variant is gone)"]
    );
}

#[test]
fn an_event_carries_something_else() {
    assert_eq!(
        schema("CreatedEvent/properties/data", refer("Call")),
        [
            "~ events/created: carries Call instead of Thread (breaks callers: it is another type in Rust)"
        ]
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
        ["~ schemas/DoneEvent/properties/data: `enum` is [\"[END]\"] instead of [\"[DONE]\"]"]
    );
}

#[test]
fn what_breaks_callers_comes_first_then_operations_then_schemas() {
    assert_eq!(
        after([
            ("/components/schemas/Mode/enum", json!(["b", "c"])),
            ("/components/schemas/Words", Value::Null),
            ("/components/schemas/New", json!({"oneOf": []})),
            ("/paths/~1new", json!({"get": {"operationId": "new"}})),
            (&format!("{POST}/parameters"), json!([])),
        ]),
        [
            "- operations/createThread/parameters/limit (breaks callers: its setter is gone)",
            "- schemas/Words (breaks callers: the type is gone)",
            "- schemas/Mode/enum/a (breaks callers: the variant is gone)",
            "+ operations/new: GET /new",
            "+ schemas/New: a union",
            "+ schemas/Mode/enum/c",
        ]
    );
}

#[test]
fn the_version_follows_from_the_worst_change() {
    let bump = |pointer: &str, value| {
        let mut edited = document();
        edit(&mut edited, pointer, value);
        Bump::of(&between(&document(), &edited))
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

/// Every fact of the document is compared: whichever is taken away, that is told.
#[test]
fn no_fact_is_passed_over() {
    fn facts(value: &Value, at: &str, found: &mut Vec<String>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            let at = format!("{at}/{}", key.replace('/', "~1"));
            facts(value, &at, found);
            found.push(at);
        }
    }
    let mut found = Vec::new();
    facts(&document(), "", &mut found);
    let mut passed_over = Vec::new();
    for fact in found {
        let mut edited = document();
        edit(&mut edited, &fact, Value::Null);
        if told(&document(), &edited).is_empty() {
            passed_over.push(fact);
        }
    }
    assert_eq!(
        passed_over,
        [
            // Without these the document could not be read: an event has a schema, and is
            // an object.
            "/components/schemas/CreatedEvent/type",
            "/components/schemas/CreatedEvent",
            "/components/schemas/DoneEvent/type",
            "/components/schemas/DoneEvent",
        ]
    );
}

#[test]
fn how_the_document_is_written() {
    let with = |record: Value| json!({"info": {"x-source": record}});
    let changes = |before: Value, after: Value| -> Vec<String> {
        let changes = between(&with(before), &with(after));
        changes.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        changes(
            json!({"beta": "assistants=v1", "constants": "a", "openapi": "3.0.0"}),
            json!({"beta": "assistants=v2", "openapi": "3.0.0", "refusals": "429"}),
        ),
        [
            "~ source/beta: `assistants=v2` instead of `assistants=v1` (breaks callers: requests carry another header)",
            "- source/constants: `a`",
            "+ source/refusals: `429`",
        ]
    );
}

#[test]
fn a_document_that_names_no_header_speaks_of_the_second_version() {
    let with = |record: Value| json!({"info": {"x-source": record}});
    let (first, second) = (
        json!({"beta": "assistants=v1"}),
        json!({"beta": "assistants=v2"}),
    );
    assert_eq!(
        told(&with(first.clone()), &with(json!({}))),
        [
            "~ source/beta: `assistants=v2` instead of `assistants=v1` (breaks callers: requests carry another header)"
        ]
    );
    assert_eq!(
        told(&json!({}), &with(first)),
        [
            "~ source/beta: `assistants=v1` instead of `assistants=v2` (breaks callers: requests carry another header)"
        ]
    );
    assert_eq!(told(&json!({}), &with(second)), [""; 0]);
}

#[test]
fn a_type_that_requests_no_longer_reach_loses_its_builder() {
    let sends = |name: &str| {
        let mut edited = document();
        let body = format!("{POST}/requestBody/content/application~1json/schema");
        edit(&mut edited, &body, refer(name));
        edited
    };
    let (thread, call) = (sends("Thread"), sends("Call"));
    let builders: Vec<String> = told(&thread, &call)
        .into_iter()
        .filter(|change| change.contains("builder"))
        .collect();
    // `Thread` reaches `Call` by its tools, and what is no object has no builder.
    assert_eq!(
        builders,
        ["~ schemas/Thread: is no longer part of a request (breaks callers: its builder is gone)"]
    );
}

#[test]
fn a_type_of_another_name_keeps_its_builder() {
    let mut renamed = document();
    let schemas = renamed["components"]["schemas"].as_object_mut().unwrap();
    let request = schemas.remove("CreateThreadRequest").unwrap();
    schemas.insert("ThreadRequest".into(), request);
    let body = format!("{POST}/requestBody/content/application~1json/schema");
    edit(&mut renamed, &body, refer("ThreadRequest"));
    assert_eq!(
        told(&document(), &renamed),
        [
            "~ schemas/CreateThreadRequest: is named ThreadRequest now (breaks callers: the type has another name)"
        ]
    );
}
