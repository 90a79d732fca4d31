//! The server as its clients see it: through the client crate, and as bytes. Every answer
//! is compared with `openapi.yaml` on the way.

mod access;
mod faults;
mod http;
mod limits;
mod lists;
mod messages;
mod models;
mod objects;
#[cfg(feature = "program")]
mod program;
mod requests;
mod runs;
mod streams;
mod stubs;

use std::time::SystemTime;

use http::Reply;
use openai_assistants::Clock;
use openai_assistants_fake::{Fake, FakeBuilder, Model, Server, SkippingClock};
use serde_json::{Value, json};

/// A server whose answers are checked, with ids that count and a clock of its own.
fn fake(clock: &SkippingClock) -> FakeBuilder {
    Fake::builder().checked().counted_ids().clock(clock.clone())
}

async fn serve(model: impl Model) -> Server {
    let fake = fake(&SkippingClock::default()).model(model);
    fake.start().await.expect("there is a free port")
}

/// What a clock says, as the API writes it.
fn seconds(clock: &SkippingClock) -> u64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("it is later than 1970").as_secs()
}

/// Sends JSON and expects that it is granted.
async fn ok(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let reply = http::send(server, method, path, &body).await;
    assert_eq!(reply.status, 200, "{method} {path}: {}", reply.body);
    reply.json()
}

async fn get(server: &Server, path: &str) -> Value {
    ok(server, "GET", path, Value::Null).await
}

async fn post(server: &Server, path: &str, body: Value) -> Value {
    ok(server, "POST", path, body).await
}

/// Sends JSON and expects that it is refused: the status, and what the error says.
async fn refused(server: &Server, method: &str, path: &str, body: Value) -> (u16, Value) {
    let reply = http::send(server, method, path, &body).await;
    let error = reply.json()["error"].clone();
    assert!(
        error.is_object(),
        "{method} {path}: {} {}",
        reply.status,
        reply.body
    );
    (reply.status, error)
}

/// An assistant, a thread with a question, and their ids.
async fn conversation(server: &Server) -> (String, String) {
    let assistant = post(server, "/assistants", json!({ "model": "gpt-4o" })).await;
    let messages = json!([{ "role": "user", "content": "What is 2 + 2?" }]);
    let thread = post(server, "/threads", json!({ "messages": messages })).await;
    (text(&assistant["id"]), text(&thread["id"]))
}

/// A run on a thread, as it is when it was created.
async fn run(server: &Server, thread: &str, assistant: &str) -> Value {
    let body = json!({ "assistant_id": assistant });
    post(server, &format!("/threads/{thread}/runs"), body).await
}

/// The path of a run.
fn path(run: &Value) -> String {
    format!(
        "/threads/{}/runs/{}",
        text(&run["thread_id"]),
        text(&run["id"])
    )
}

/// A run as it is now.
async fn again(server: &Server, run: &Value) -> Value {
    get(server, &path(run)).await
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is text").to_owned()
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    let mut headers = reply.headers.iter().filter(|(found, _)| found == name);
    headers.next().map(|(_, value)| value.as_str())
}
