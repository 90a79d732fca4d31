//! Requests that violate the OpenAPI document.

use openai_assistants_fake::Echo;
use serde_json::{Value, json};

use crate::{conversation, get, http, post, rejected, serve, text};

#[tokio::test]
async fn invalid_parameters_are_rejected_by_name() {
    let server = serve(Echo).await;
    let assistants = "/assistants";
    let threads = "/threads";
    let many: serde_json::Map<_, _> = (0..17).map(|n| (n.to_string(), json!("v"))).collect();
    let function = |name: &str| json!({ "type": "function", "function": { "name": name } });
    let both = json!({ "file_search": { "vector_store_ids": ["vs_1"], "vector_stores": [{}] } });
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
            assistants,
            json!({ "model": "m", "tools": [function("get weather")] }),
            "tools[0].function.name",
            "invalid_value",
        ),
        (
            assistants,
            json!({ "model": "m", "tools": [function("")] }),
            "tools[0].function.name",
            "string_below_min_length",
        ),
        (
            assistants,
            json!({ "model": "m", "tools": [function(&"f".repeat(65))] }),
            "tools[0].function.name",
            "string_above_max_length",
        ),
        (
            assistants,
            json!({ "model": "m", "response_format": { "type": "json_schema", "json_schema": { "name": "a.b" } } }),
            "response_format.json_schema.name",
            "invalid_value",
        ),
        (
            assistants,
            json!({ "model": "m", "tool_resources": both }),
            "tool_resources.file_search.vector_stores",
            "invalid_value",
        ),
        (
            "/threads/runs",
            json!({ "assistant_id": "asst_9", "tool_resources": both }),
            "tool_resources.file_search.vector_stores",
            "invalid_value",
        ),
        (
            "/threads/thread_9",
            json!({ "tool_resources": { "file_search": { "vector_stores": [{}, {}] } } }),
            "tool_resources.file_search.vector_stores",
            "array_above_max_length",
        ),
        (
            "/threads/runs",
            json!({ "assistant_id": "asst_9", "truncation_strategy": { "type": "last_messages" } }),
            "truncation_strategy.last_messages",
            "missing_required_parameter",
        ),
        (
            "/threads/runs",
            json!({ "assistant_id": "asst_9", "truncation_strategy": { "type": "last_messages", "last_messages": null } }),
            "truncation_strategy.last_messages",
            "invalid_type",
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
        let (status, error) = rejected(&server, "POST", path, body.clone()).await;
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
async fn null_is_accepted_for_nullable_properties() {
    let server = serve(Echo).await;
    let body = json!({
        "model": "m", "name": null, "metadata": null, "tool_resources": null,
        "response_format": null, "temperature": null, "reasoning_effort": null,
    });
    let assistant = post(&server, "/assistants", body).await;
    assert_eq!(assistant["metadata"], json!({}));
}

#[tokio::test]
async fn null_equals_absence_for_optional_properties() {
    let server = serve(Echo).await;
    let body = json!({ "model": "m", "tools": null });
    let assistant = post(&server, "/assistants", body).await;
    assert_eq!(assistant["tools"], json!([]));
    let id = text(&assistant["id"]);
    let body = json!({ "model": null, "tools": null });
    let changed = post(&server, &format!("/assistants/{id}"), body).await;
    assert_eq!(changed, assistant);
    post(&server, "/threads", json!({ "messages": null })).await;
    let body = json!({ "assistant_id": id, "thread": null, "parallel_tool_calls": null });
    let run = post(&server, "/threads/runs", body).await;
    assert_eq!(run["parallel_tool_calls"], true);

    let (status, error) = rejected(&server, "POST", "/assistants", json!({ "model": null })).await;
    assert_eq!((status, &error["param"]), (400, &json!("model")));
}

#[tokio::test]
async fn an_integer_can_have_a_fraction_of_zero() {
    let server = serve(Echo).await;
    let (assistant, thread) = conversation(&server).await;
    let path = format!("/threads/{thread}/runs");
    let body = json!({
        "assistant_id": assistant,
        "max_prompt_tokens": 300.0,
        "max_completion_tokens": 300.0,
        "truncation_strategy": { "type": "last_messages", "last_messages": 2.0 },
    });
    let run = post(&server, &path, body).await;
    assert_eq!(run["max_prompt_tokens"], 300);
    assert_eq!(run["max_completion_tokens"], 300);
    assert_eq!(run["truncation_strategy"]["last_messages"], 2);
}

#[tokio::test]
async fn tool_choice_requires_a_function_among_the_tools() {
    let server = serve(Echo).await;
    let (assistant, thread) = conversation(&server).await;
    let path = format!("/threads/{thread}/runs");
    let body = |name: &str| {
        json!({
            "assistant_id": assistant,
            "tools": [{ "type": "function", "function": { "name": "f" } }],
            "tool_choice": { "type": "function", "function": { "name": name } },
        })
    };
    let (status, error) = rejected(&server, "POST", &path, body("g")).await;
    assert_eq!((status, &error["param"]), (400, &json!("tool_choice")));
    assert!(text(&error["message"]).contains("\"g\""), "{error}");
    post(&server, &path, body("f")).await;
}

#[tokio::test]
async fn unknown_query_parameters_are_rejected() {
    let server = serve(Echo).await;
    for query in ["limits=5", "limit=5&run_id=run_1"] {
        let path = format!("/assistants?{query}");
        let (status, error) = rejected(&server, "GET", &path, Value::Null).await;
        assert_eq!((status, &error["code"]), (400, &json!("unknown_parameter")));
        let message = text(&error["message"]);
        assert!(
            message.starts_with("Unrecognized query parameter"),
            "{message}"
        );
    }
    get(
        &server,
        "/assistants?api-version=2024-05-01-preview&limit=5",
    )
    .await;
}

#[tokio::test]
async fn a_missing_or_malformed_body_is_rejected() {
    let server = serve(Echo).await;
    let (status, error) = rejected(&server, "POST", "/assistants", Value::Null).await;
    assert_eq!(status, 400);
    assert!(text(&error["message"]).contains("missing"), "{error}");
    let key = [("authorization", "Bearer k")];
    let response = http::raw(&server, "POST", "/v1/assistants", &key, "{\"model\":").await;
    assert_eq!(response.status, 400);
    assert!(text(&response.json()["error"]["message"]).contains("not valid JSON"));
}

#[tokio::test]
async fn unknown_paths_and_methods_get_error_objects() {
    let server = serve(Echo).await;
    let (status, error) = rejected(&server, "GET", "/batches", Value::Null).await;
    assert_eq!((status, &error["code"]), (404, &json!("unknown_url")));
    let (status, error) = rejected(&server, "GET", "/threads/%FF", Value::Null).await;
    assert_eq!((status, &error["code"]), (404, &json!("unknown_url")));
    let (status, error) = rejected(&server, "PUT", "/threads", Value::Null).await;
    assert_eq!(
        (status, &error["code"]),
        (405, &json!("method_not_supported"))
    );
}
