//! The server as a mock without a state.

use openai_assistants_fake::{Server, SkippingClock};
use serde_json::{Value, json};

use crate::{fake, get, http, ok, post, refused};

async fn stub() -> Server {
    let fake = fake(&SkippingClock::default()).stub();
    fake.start().await.expect("there is a free port")
}

#[tokio::test]
async fn ids_that_do_not_exist_are_answered_with_made_up_objects() {
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
}

#[tokio::test]
async fn limits_out_of_range_are_answered_with_a_list() {
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
async fn a_stream_of_what_does_not_exist_is_one_event() {
    let server = stub().await;
    let body = json!({ "assistant_id": "a", "stream": true });
    let reply = http::send(&server, "POST", "/threads/t/runs", &body).await;
    assert_eq!(reply.names(), ["thread.run.completed", "done"]);
}

#[tokio::test]
async fn what_cannot_be_sent_together_is_taken() {
    let server = stub().await;
    let search = json!({ "vector_store_ids": ["vs_1"], "vector_stores": [{}] });
    let body = json!({ "tool_resources": { "file_search": search } });
    let thread = post(&server, "/threads", body).await;
    let expected = json!({ "file_search": { "vector_store_ids": ["vs_1"] } });
    assert_eq!(thread["tool_resources"], expected);
}

#[tokio::test]
async fn what_exists_is_answered_as_ever_and_bad_requests_are_refused() {
    let server = stub().await;
    let assistant = post(
        &server,
        "/assistants",
        json!({ "model": "m", "name": "Tutor" }),
    )
    .await;
    assert_eq!(get(&server, "/assistants/asst_0001").await, assistant);
    let (status, _) = refused(&server, "POST", "/assistants", json!({})).await;
    assert_eq!(status, 400);
    let (status, _) = refused(&server, "GET", "/nothing", Value::Null).await;
    assert_eq!(status, 404);
}
