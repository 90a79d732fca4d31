//! Compares small documents, one rule each.

use serde_json::{Value, json};

use super::*;

/// A document with an operation that sends `Request` and receives `Response`.
fn document(request: Value, response: Value) -> Value {
    let content = |schema: &str| json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}});
    json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/threads/{id}": {"post": {
            "operationId": "modifyThread",
            "tags": ["Threads"],
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "requestBody": {"content": content("Request")},
            "responses": {"200": {"content": content("Response")}},
        }}},
        "components": {"schemas": {"Request": request, "Response": response}},
    })
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn between(server: &Value, ours: &Value) -> Vec<String> {
    let ours = Side::read(&events::with_root(ours.clone()), Scope::AnyTag).unwrap();
    let server = Side::of_server(server.clone(), &ours).unwrap();
    let findings = compare(&server, &ours);
    findings
        .iter()
        .map(|Finding { place, what }| format!("{place}: {what}"))
        .collect()
}

/// The differences between documents with these schemas of a response.
fn responses(server: Value, ours: Value) -> Vec<String> {
    let of = |schema| document(object(json!({}), &[]), object(json!({"a": schema}), &[]));
    stripped(between(&of(server), &of(ours)))
}

/// The differences between documents with these requests.
fn requests(server: Value, ours: Value) -> Vec<String> {
    let of = |schema| document(schema, object(json!({}), &[]));
    stripped(between(&of(server), &of(ours)))
}

fn stripped(findings: Vec<String>) -> Vec<String> {
    findings
        .iter()
        .map(|finding| finding.replace("POST /threads/{id} ", ""))
        .collect()
}

fn member(tag: &str) -> Value {
    object(
        json!({"type": {"type": "string", "enum": [tag]}}),
        &["type"],
    )
}

#[test]
fn operations_match_by_route_and_parameters_by_name() {
    let mut server = document(object(json!({}), &[]), object(json!({}), &[]));
    let mut ours = server.clone();
    let item = server["paths"]["/threads/{id}"].take();
    server["paths"] = json!({"/threads/{threadId}": item, "/threads": item, "/models": item});
    for (path, name) in [("/threads/{threadId}", "threadId"), ("/threads", "")] {
        let post = &mut server["paths"][path]["post"];
        post["operationId"] = path.into();
        post["parameters"] = match name {
            "" => json!([]),
            name => json!([
                {"name": name, "in": "path", "required": true, "schema": {"type": "string"}},
                {"name": "api-version", "in": "query", "required": true, "schema": {"type": "string"}},
                {"name": "limit", "in": "query", "schema": {"type": "string"}},
                {"name": "order", "in": "query", "schema": {"type": "string", "enum": ["asc", "desc"]}},
            ]),
        };
    }
    let post = &mut ours["paths"]["/threads/{id}"]["post"];
    post["parameters"].as_array_mut().unwrap().extend([
        json!({"name": "after", "in": "query", "required": true, "schema": {"type": "string"}}),
        json!({"name": "order", "in": "query", "schema": {"type": "string", "enum": ["asc"]}}),
    ]);
    assert_eq!(
        between(&server, &ours),
        [
            "POST /threads: lacks the operation",
            "POST /threads/{threadId}: lacks the parameter limit",
            "POST /threads/{threadId}?order: lacks the value \"desc\"",
            "POST /threads/{threadId}: requires the parameter after",
        ]
    );
}

#[test]
fn media_types_differ_and_downloads_accept_everything() {
    let form = json!({"multipart/form-data": {"schema": {"$ref": "#/components/schemas/Request"}}});
    let bytes =
        json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}});
    let ours = document(object(json!({}), &[]), object(json!({}), &[]));
    let mut other = ours.clone();
    let post = &mut other["paths"]["/threads/{id}"]["post"];
    post["requestBody"]["content"] = form;
    post["responses"]["200"]["content"] = bytes;
    assert_eq!(
        stripped(between(&other, &ours)),
        [
            "request: is application/json, not multipart/form-data",
            "response: is application/json, not application/octet-stream",
        ]
    );
    assert_eq!(
        stripped(between(&ours, &other)),
        ["request: is multipart/form-data, not application/json"]
    );
}

#[test]
fn a_response_without_a_body_is_a_difference_and_no_error() {
    let ours = document(object(json!({}), &[]), object(json!({}), &[]));
    let mut server = ours.clone();
    let post = &mut server["paths"]["/threads/{id}"]["post"];
    post["responses"] = json!({"204": {"description": "Done."}});
    let mut other = post.clone();
    other["operationId"] = "otherOperation".into();
    other["parameters"] = json!([]);
    server["paths"]["/threads"] = json!({"post": other});
    let findings = [
        "POST /threads: lacks the operation",
        "POST /threads/{id} response: requires a body",
    ];
    assert_eq!(between(&server, &ours), findings);

    let bytes =
        json!({"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}});
    let mut download = ours;
    download["paths"]["/threads/{id}"]["post"]["responses"]["200"]["content"] = bytes;
    assert_eq!(between(&server, &download), findings[..1]);
}

#[test]
fn a_request_that_cannot_be_sent_is_a_difference_and_no_error() {
    let text = json!({"type": "string"});
    let ours = document(object(json!({}), &[]), object(json!({"b": text}), &[]));
    let schema = json!({"schema": {"type": "string"}});
    let bytes = json!({"schema": {"type": "string", "format": "binary"}});
    for (content, media_types) in [
        (
            json!({"text/plain": schema, "text/html": schema}),
            "text/html or text/plain",
        ),
        (
            json!({"application/octet-stream": bytes}),
            "application/octet-stream",
        ),
    ] {
        let mut server = ours.clone();
        let post = &mut server["paths"]["/threads/{id}"]["post"];
        post["requestBody"]["content"] = content;
        let mut other = post.clone();
        other["operationId"] = "otherOperation".into();
        other["parameters"] = json!([]);
        server["paths"]["/threads"] = json!({"post": other});
        server["components"]["schemas"]["Response"]["properties"]["a"] = text.clone();
        assert_eq!(
            between(&server, &ours),
            [
                "POST /threads: lacks the operation".to_owned(),
                format!("POST /threads/{{id}} request: is application/json, not {media_types}"),
                "POST /threads/{id} response: lacks the property a".to_owned(),
            ]
        );
    }
}

#[test]
fn a_body_of_several_media_types_is_compared_in_ours() {
    let ours = document(object(json!({}), &[]), object(json!({}), &[]));
    let post = "/paths/~1threads~1{id}/post";
    let content = |document: &Value, form: &Value| {
        let json = document["paths"]["/threads/{id}"]["post"]["requestBody"]["content"]["application/json"].clone();
        json!({"application/json": json, "multipart/form-data": form})
    };
    let form = json!({"schema": object(json!({"a": {"type": "string"}}), &[])});
    let mut server = ours.clone();
    let both = content(&ours, &form);
    server["components"]["requestBodies"] = json!({"Both": {"content": both}});
    let body = format!("{post}/requestBody");
    *server.pointer_mut(&body).unwrap() = json!({"$ref": "#/components/requestBodies/Both"});
    assert_eq!(between(&server, &ours), [""; 0]);

    let mut uploads = ours;
    *uploads.pointer_mut(&body).unwrap() = json!({"content": {"multipart/form-data": {"schema": object(json!({"b": {"type": "string"}}), &[])}}});
    assert_eq!(
        stripped(between(&server, &uploads)),
        ["request: lacks the property a"]
    );
}

#[test]
fn values_that_the_server_names_are_known() {
    let of = |values: Value| json!({"type": "string", "enum": values});
    assert_eq!(
        responses(of(json!(["a", "b"])), of(json!(["a"]))),
        ["response.a: lacks the value \"b\""]
    );
    let open = json!({"type": "string"});
    assert!(responses(open.clone(), of(json!(["a"]))).is_empty());
    assert!(responses(of(json!(["a"])), open).is_empty());
}

#[test]
fn json_types_are_compared() {
    let of = |name: &str| json!({"type": name});
    assert_eq!(
        responses(of("string"), of("boolean")),
        ["response.a: lacks the JSON type string"]
    );
    assert!(responses(of("integer"), of("number")).is_empty());
    assert_eq!(
        responses(of("number"), of("integer")),
        ["response.a: lacks the JSON type number"]
    );
    let list = |items: Value| json!({"type": "array", "items": items});
    assert_eq!(
        responses(list(of("string")), list(of("boolean"))),
        ["response.a[]: lacks the JSON type string"]
    );
    let map = |values: Value| json!({"type": "object", "additionalProperties": values});
    assert_eq!(
        responses(map(of("string")), map(of("boolean"))),
        ["response.a.*: lacks the JSON type string"]
    );
    assert!(responses(member("a"), map(true.into())).is_empty());
    assert_eq!(
        responses(member("a"), of("string")),
        ["response.a: lacks the JSON type object"]
    );
}

#[test]
fn members_of_unions_match_by_their_tag() {
    let union = |members: &[Value]| json!({"oneOf": members});
    let mut wider = member("a");
    wider["properties"]["b"] = json!({"type": "string"});
    assert_eq!(
        responses(
            union(&[wider, member("b")]),
            union(&[member("a"), member("c")])
        ),
        [
            "response.a<a>: lacks the property b",
            "response.a: lacks the member b",
        ]
    );
    let text = json!({"type": "string"});
    assert_eq!(
        responses(union(&[text, member("a")]), member("a")),
        ["response.a: lacks the JSON type string"]
    );
    // One object with several tags is each member of a union.
    let mut several = member("a");
    several["properties"]["type"]["enum"] = json!(["a", "b"]);
    assert_eq!(
        responses(several, union(&[member("a"), member("c")])),
        ["response.a: lacks the member b"]
    );
}

#[test]
fn requests_may_not_be_stricter() {
    let text = json!({"type": "string"});
    let nullable = json!({"type": "string", "nullable": true});
    assert_eq!(
        requests(
            object(json!({"a": nullable, "b": text}), &["b"]),
            object(
                json!({"a": text, "b": nullable, "c": text}),
                &["a", "b", "c"]
            ),
        ),
        [
            "request.a: does not allow null",
            "request: requires the property a",
            "request: requires the property c",
        ]
    );
}

#[test]
fn responses_may_be_stricter_where_the_client_is_not() {
    let text = json!({"type": "string"});
    let ours = object(
        json!({"id": text, "name": text, "list": {"type": "array", "items": text}, "part": member("a")}),
        &["id", "list", "name", "part"],
    );
    let server = object(
        json!({"name": text, "list": {"type": "array", "items": text}, "part": member("a")}),
        &[],
    );
    let of = |schema| document(object(json!({}), &[]), schema);
    assert_eq!(
        stripped(between(&of(server), &of(ours))),
        [
            "response.part: may not be missing or null",
            "response: requires the property id",
        ]
    );
}

#[test]
fn events_match_by_name() {
    let event = |name: &str| {
        object(
            json!({"event": {"type": "string", "enum": [name]}, "data": {"type": "string"}}),
            &["event"],
        )
    };
    let with = |name: &str, events: &[&str]| {
        let mut document = document(object(json!({}), &[]), object(json!({}), &[]));
        let members: Vec<Value> = events.iter().map(|name| event(name)).collect();
        document["components"]["schemas"][name] = json!({"oneOf": members});
        document
    };
    assert_eq!(
        between(
            &with("AgentEvent", &["a", "b", "c"]),
            &with("AssistantStreamEvent", &["a", "b"])
        ),
        ["event: lacks the member c"]
    );
}
