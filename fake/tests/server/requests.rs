//! Requests that the document does not allow.

use openai_assistants_fake::Echo;
use serde_json::{Value, json};

use crate::{http, post, refused, serve, text};

#[tokio::test]
async fn what_the_document_does_not_allow_is_named() {
    let server = serve(Echo).await;
    let assistants = "/assistants";
    let threads = "/threads";
    let many: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!("v"))).collect();
    for (path, body, param, code) in [
        (assistants, json!({}), "model", "missing_required_parameter"),
        (assistants, json!({ "model": 7 }), "model", "invalid_type"),
        (
            assistants,
            json!({ "model": "m", "colour": "red" }),
            "colour",
            "unknown_parameter",
        ),
        (
            assistants,
            json!({ "model": "m", "temperature": 3 }),
            "temperature",
            "number_above_max_value",
        ),
        (
            assistants,
            json!({ "model": "m", "name": "n".repeat(257) }),
            "name",
            "string_above_max_length",
        ),
        (
            assistants,
            json!({ "model": "m", "tools": [{ "type": "hammer" }] }),
            "tools[0].type",
            "invalid_value",
        ),
        (
            assistants,
            json!({ "model": "m", "tools": [{ "type": "function" }] }),
            "tools[0].function",
            "missing_required_parameter",
        ),
        (
            assistants,
            json!({ "model": "m", "response_format": 7 }),
            "response_format",
            "invalid_type",
        ),
        (
            assistants,
            json!({ "model": "m", "response_format": { "type": "json_schema" } }),
            "response_format.json_schema",
            "missing_required_parameter",
        ),
        (
            assistants,
            json!({ "model": "m", "metadata": { "k": 1 } }),
            "metadata.k",
            "invalid_type",
        ),
        (
            assistants,
            json!({ "model": "m", "metadata": { "k": "v".repeat(513) } }),
            "metadata.k",
            "string_above_max_length",
        ),
        (
            assistants,
            json!({ "model": "m", "metadata": many }),
            "metadata",
            "object_above_max_properties",
        ),
        (
            threads,
            json!({ "messages": [{ "content": "a" }] }),
            "messages[0].role",
            "missing_required_parameter",
        ),
        (
            threads,
            json!({ "messages": [{ "role": "user", "content": [] }] }),
            "messages[0].content",
            "array_below_min_length",
        ),
        (
            threads,
            json!({ "messages": [{ "role": "king", "content": "a" }] }),
            "messages[0].role",
            "invalid_value",
        ),
        (
            threads,
            json!({ "messages": [{ "role": "user", "content": "a".repeat(256_001) }] }),
            "messages[0].content",
            "string_above_max_length",
        ),
    ] {
        let (status, error) = refused(&server, "POST", path, body.clone()).await;
        let expected = (400, json!(param), json!(code));
        assert_eq!(
            (status, error["param"].clone(), error["code"].clone()),
            expected,
            "{error}"
        );
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.contains(param)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn null_is_allowed_where_the_document_allows_it() {
    let server = serve(Echo).await;
    let body = json!({
        "model": "m", "name": null, "metadata": null, "tool_resources": null,
        "response_format": null, "temperature": null, "reasoning_effort": null,
    });
    let assistant = post(&server, "/assistants", body).await;
    assert_eq!(assistant["metadata"], json!({}));
}

#[tokio::test]
async fn a_body_has_to_be_there_and_to_be_json() {
    let server = serve(Echo).await;
    let (status, error) = refused(&server, "POST", "/assistants", Value::Null).await;
    assert_eq!(status, 400);
    assert!(text(&error["message"]).contains("missing"), "{error}");
    let key = [("authorization", "Bearer k")];
    let reply = http::raw(&server, "POST", "/v1/assistants", &key, "{\"model\":").await;
    assert_eq!(reply.status, 400);
    assert!(text(&reply.json()["error"]["message"]).contains("not valid JSON"));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_refused_in_the_same_form() {
    let server = serve(Echo).await;
    let (status, error) = refused(&server, "GET", "/files", Value::Null).await;
    assert_eq!((status, &error["code"]), (404, &json!("unknown_url")));
    let (status, error) = refused(&server, "GET", "/threads/%FF", Value::Null).await;
    assert_eq!((status, &error["code"]), (404, &json!("unknown_url")));
    let (status, error) = refused(&server, "PUT", "/threads", Value::Null).await;
    assert_eq!(
        (status, &error["code"]),
        (405, &json!("method_not_supported"))
    );
}
