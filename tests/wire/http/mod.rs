//! Requests, retries, time-outs, tokens, redirects, redaction, responses and middleware.

mod budget;
mod connections;
#[cfg(feature = "http2")]
mod goaway;
#[cfg(feature = "http2")]
mod http2;
mod limits;
mod malformed;
mod middleware;
mod recording;
mod redaction;
mod redirects;
mod request;
mod responses;
mod retries;
mod retry_table;
mod timeouts;
mod tokens;

use std::time::Duration;

use openai_assistants::Client;
use openai_assistants::operations::CreateThread;
use openai_assistants::types::CreateThreadRequest;

/// The response to `createThread`.
const THREAD: &str = r#"{"id":"thread_1"}"#;

/// The request body of `create_thread`.
const THREAD_BODY: &str = r#"{"metadata":{"a":"1"}}"#;

/// An empty list, in response to `listAssistants`.
const EMPTY_LIST: &str = r#"{"data":[],"has_more":false}"#;

/// The operation `createThread`, with a body.
fn create_thread(client: &Client) -> CreateThread {
    let body = CreateThreadRequest::builder().metadata([("a", "1")]);
    client.create_thread().body(body)
}

fn seconds(seconds: &[f64]) -> Vec<Duration> {
    seconds
        .iter()
        .copied()
        .map(Duration::from_secs_f64)
        .collect()
}
