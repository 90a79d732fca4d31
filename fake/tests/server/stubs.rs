//! Sample responses of a stub.

use openai_assistants_fake::{Server, SkippingClock};
use serde_json::{Value, json};

use crate::{fake, get, http, ok, post, rejected};

async fn stub() -> Server {
    let fake = fake(&SkippingClock::default()).stub();
    fake.start().await.expect("a port is free")
}

#[tokio::test]
async fn unknown_ids_return_sample_objects() {
    let server = stub().await;
    let thread = get(&server, "/threads/thread_9").await;
    assert_eq!(
        (&thread["id"], &thread["object"]),
        (&json!("thread_9"), &json!("thread"))
    );
    let run = get(&server, "/threads/thread_9/runs/run_9").await;
    assert_eq!(
        (&run["id"], &run["thread_id"]),
        (&json!("run_9"), &json!("thread_9"))
    );
    let deleted = ok(&server, "DELETE", "/assistants/asst_9", Value::Null).await;
    assert_eq!(deleted["id"], "asst_9");
    let body = json!({ "tool_outputs": [{ "tool_call_id": "c", "output": "o" }] });
    post(&server, "/threads/t/runs/r/submit_tool_outputs", body).await;
    post(&server, "/threads/t/runs/r/cancel", Value::Null).await;
    post(&server, "/threads/runs", json!({ "assistant_id": "a" })).await;
    get(&server, "/threads/t/runs/r/steps?limit=0&after=a&before=b").await;
    let file = get(&server, "/files/file-9").await;
    assert_eq!(file["id"], "file-9");
    post(&server, "/vector_stores", json!({ "file_ids": ["file-9"] })).await;
    get(&server, "/vector_stores/vs_9/files/file-9/content").await;
    post(
        &server,
        "/vector_stores/vs_9/search",
        json!({ "query": "a" }),
    )
    .await;
    // The document requires neither `file_ids` nor `files`.
    post(&server, "/vector_stores/vs_9/file_batches", json!({})).await;
}

#[tokio::test]
async fn limits_out_of_range_return_a_list() {
    let server = stub().await;
    for query in ["limit=0", "limit=1000", "after=after", "before=before"] {
        let list = get(&server, &format!("/assistants?{query}")).await;
        assert_eq!(
            (&list["object"], &list["has_more"]),
            (&json!("list"), &json!(false))
        );
    }
}

#[tokio::test]
async fn a_stream_for_an_unknown_thread_has_one_event() {
    let server = stub().await;
    let body = json!({ "assistant_id": "a", "stream": true });
    let response = http::send(&server, "POST", "/threads/t/runs", &body).await;
    assert_eq!(response.names(), ["thread.run.completed", "done"]);
}

#[tokio::test]
async fn properties_that_exclude_each_other_are_accepted() {
    let server = stub().await;
    let search = json!({ "vector_store_ids": ["vs_1"], "vector_stores": [{}] });
    let body = json!({ "tool_resources": { "file_search": search } });
    let thread = post(&server, "/threads", body).await;
    let expected = json!({ "file_search": { "vector_store_ids": ["vs_1"] } });
    assert_eq!(thread["tool_resources"], expected);
}

#[tokio::test]
async fn existing_objects_are_returned_and_invalid_requests_rejected() {
    let server = stub().await;
    let assistant = post(
        &server,
        "/assistants",
        json!({ "model": "m", "name": "Tutor" }),
    )
    .await;
    assert_eq!(get(&server, "/assistants/asst_0001").await, assistant);
    let (status, _) = rejected(&server, "POST", "/assistants", json!({})).await;
    assert_eq!(status, 400);
    let (status, _) = rejected(&server, "GET", "/nothing", Value::Null).await;
    assert_eq!(status, 404);
}
