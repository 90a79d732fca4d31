//! Streams of a run to test, and their errors.

use openai_assistants::types::AssistantStreamEvent;
use openai_assistants::{Client, Error, EventStream, Result};
use serde_json::{Value, json};

use crate::support::{ScriptedServer, create_run, event, read_to_end};

pub type Events = EventStream<AssistantStreamEvent>;

/// The API key of the client, which errors and debug output must not contain.
pub const KEY: &str = "sk-secret-key";

/// A run with this status.
pub fn run_object(status: &str) -> Value {
    json!({
        "id": "run_1", "object": "thread.run", "created_at": 1, "thread_id": "thread_1",
        "assistant_id": "asst_1", "status": status, "model": "m",
    })
}

/// The event of a run with this status.
pub fn run(status: &str) -> String {
    event(&format!("thread.run.{status}"), &run_object(status))
}

/// Opens the stream of a new run.
pub async fn open(client: &Client) -> Result<Events> {
    create_run(client).stream().await
}

/// The stream of this response.
pub async fn stream_of(response: String) -> (ScriptedServer, Events) {
    let server = ScriptedServer::start([response]).await;
    let stream = open(&server.client()).await.expect("the stream opens");
    (server, stream)
}

/// The error that ends the stream of this response.
pub async fn failure_of(response: String) -> Error {
    let (server, mut stream) = stream_of(response).await;
    let (_, error) = read_to_end(&mut stream).await;
    let error = error.expect("the stream ends with an error");
    assert!(stream.try_next().await.expect("it has ended").is_none());
    assert_eq!(error.operation(), Some("createRun"));
    assert_eq!(error.request_id(), Some("req_1"));
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
    assert_eq!(error.attempts(), 1);
    assert_eq!(error.thread_id(), Some("thread_1"));
    assert!(!error.is_retryable());
    assert_eq!(server.requests().len(), 1, "nothing is retried");
    error
}
