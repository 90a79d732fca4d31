//! Assistants and threads.

use serde_json::{Value, json};

use crate::{get, ok, post, rejected, serve, text};
use openai_assistants_fake::Echo;

#[tokio::test]
async fn a_new_assistant_has_every_property() {
    let server = serve(Echo).await;
    let assistant = post(
        &server,
        "/assistants",
        json!({ "model": "gpt-4o", "name": "Tutor" }),
    )
    .await;
    let expected = json!({
        "id": "asst_0001",
        "object": "assistant",
        "created_at": 1_700_000_000,
        "name": "Tutor",
        "description": null,
        "model": "gpt-4o",
        "instructions": null,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": null,
        "response_format": "auto",
    });
    assert_eq!(assistant, expected);
    assert_eq!(get(&server, "/assistants/asst_0001").await, expected);
}

#[tokio::test]
async fn a_tool_keeps_what_it_has_beside_the_property_of_its_type() {
    let server = serve(Echo).await;
    let tools = json!([
        { "type": "file_search", "function": ["f"] },
        { "type": "file_search", "function": { "name": "f" } },
        { "type": "code_interpreter", "file_search": { "ranking_options": ["r"] } },
    ]);
    let body = json!({ "model": "gpt-4o", "tools": tools });
    let assistant = post(&server, "/assistants", body).await;
    assert_eq!(assistant["tools"], tools);
}

#[tokio::test]
async fn modifying_leaves_other_properties_unchanged() {
    let server = serve(Echo).await;
    let body = json!({
        "model": "gpt-4o",
        "name": "Tutor",
        "temperature": 0.5,
        "tools": [{ "type": "code_interpreter" }],
        "metadata": { "a": "1", "b": "2" },
    });
    let assistant = post(&server, "/assistants", body).await;
    let path = format!("/assistants/{}", text(&assistant["id"]));
    let changed = post(
        &server,
        &path,
        json!({ "name": null, "metadata": { "c": "3" } }),
    )
    .await;
    assert_eq!(changed["name"], Value::Null);
    assert_eq!(changed["metadata"], json!({ "c": "3" }));
    assert_eq!(changed["tools"], assistant["tools"]);
    assert_eq!(changed["temperature"], 0.5);
    let changed = post(
        &server,
        &path,
        json!({ "metadata": null, "temperature": null }),
    )
    .await;
    assert_eq!(changed["metadata"], json!({}));
    assert_eq!(changed["temperature"], 1.0);
    assert_eq!(get(&server, &path).await, changed);
}

#[tokio::test]
async fn deleted_objects_are_not_found() {
    let server = serve(Echo).await;
    let assistant = post(&server, "/assistants", json!({ "model": "gpt-4o" })).await;
    let thread = post(&server, "/threads", Value::Null).await;
    for (object, path, kind) in [
        (&assistant, "/assistants", "assistant"),
        (&thread, "/threads", "thread"),
    ] {
        let id = text(&object["id"]);
        let path = format!("{path}/{id}");
        let deleted = ok(&server, "DELETE", &path, Value::Null).await;
        let expected = json!({ "id": id, "object": format!("{kind}.deleted"), "deleted": true });
        assert_eq!(deleted, expected);
        for method in ["GET", "DELETE"] {
            let (status, error) = rejected(&server, method, &path, Value::Null).await;
            assert_eq!(status, 404);
            assert_eq!(error["message"], format!("No {kind} found with id '{id}'."));
            assert_eq!(error["type"], "invalid_request_error");
        }
    }
}

#[tokio::test]
async fn a_thread_accepts_metadata_and_tool_resources() {
    let server = serve(Echo).await;
    let thread = post(&server, "/threads", Value::Null).await;
    assert_eq!(thread["metadata"], json!({}));
    assert_eq!(thread["tool_resources"], json!({}));
    let path = format!("/threads/{}", text(&thread["id"]));
    let resources = json!({ "code_interpreter": { "file_ids": ["file-1"] } });
    let body = json!({ "metadata": { "a": "1" }, "tool_resources": resources });
    let changed = post(&server, &path, body).await;
    assert_eq!(changed["metadata"], json!({ "a": "1" }));
    assert_eq!(changed["tool_resources"], resources);
    assert_eq!(get(&server, &path).await, changed);
}

#[tokio::test]
async fn described_vector_stores_get_ids() {
    let server = serve(Echo).await;
    let described = json!({ "file_search": { "vector_stores": [{ "file_ids": ["file-1"] }] } });
    let made = json!({ "file_search": { "vector_store_ids": ["vs_0001"] } });
    let thread = post(&server, "/threads", json!({ "tool_resources": described })).await;
    assert_eq!(thread["tool_resources"], made);
    let path = format!("/threads/{}", text(&thread["id"]));
    let changed = post(&server, &path, json!({ "tool_resources": described })).await;
    let made = json!({ "file_search": { "vector_store_ids": ["vs_0002"] } });
    assert_eq!(changed["tool_resources"], made);
}

#[tokio::test]
async fn a_run_inherits_all_tools_of_its_assistant() {
    let server = serve(Echo).await;
    let tools = vec![json!({ "type": "code_interpreter" }); 128];
    let body = json!({ "model": "m", "tools": tools });
    let assistant = post(&server, "/assistants", body).await;
    let body = json!({ "assistant_id": assistant["id"] });
    let run = post(&server, "/threads/runs", body).await;
    assert_eq!(run["tools"], assistant["tools"]);
}
