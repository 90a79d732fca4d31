//! Objects of the API as JSON, events, and operations to send.

use std::fmt::Display;
use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use openai_assistants::operations::CreateRun;
use openai_assistants::types::{AssistantStreamEvent, CreateRunRequest};
use openai_assistants::{Client, Error, Result};
use serde_json::{Value, json};

/// The operation `createRun` on `thread_1`.
pub fn create_run(client: &Client) -> CreateRun {
    let body = CreateRunRequest::builder().assistant_id("asst_1");
    client.create_run().thread_id("thread_1").body(body)
}

/// A run with this status.
pub fn run(status: &str) -> Value {
    json!({
        "id": "run_1", "thread_id": "thread_1", "assistant_id": "asst_1", "created_at": 0,
        "model": "m", "status": status,
    })
}

/// A run that requires the outputs of these calls: ID, name and arguments.
pub fn run_requiring(calls: &[(&str, &str, &str)]) -> Value {
    let calls: Vec<_> = calls
        .iter()
        .map(|(id, name, arguments)| {
            json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
        })
        .collect();
    let mut run = run("requires_action");
    run["required_action"] =
        json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls } });
    run
}

/// An event on the wire.
pub fn event(name: &str, data: &(impl Display + ?Sized)) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

/// The event of a run with its status.
pub fn run_event(run: &Value) -> String {
    let status = run["status"].as_str().unwrap_or_default();
    event(&format!("thread.run.{status}"), run)
}

/// Reads a stream to its end or to an error. Returns the names of the events.
pub async fn read_to_end<S>(stream: &mut S) -> (Vec<String>, Option<Error>)
where
    S: Stream<Item = Result<AssistantStreamEvent>> + Unpin,
{
    let mut names = Vec::new();
    loop {
        match poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await {
            Some(Ok(event)) => names.push(event.event().to_owned()),
            Some(Err(error)) => return (names, Some(error)),
            None => return (names, None),
        }
    }
}
