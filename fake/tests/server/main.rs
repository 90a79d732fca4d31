//! Tests of the server through the client crate and through raw HTTP. Every response is
//! checked against `openapi.yaml`.

mod access;
#[path = "../../../examples/local/fake_client.rs"]
mod fake_client;
mod faults;
mod file_search;
mod files;
mod foundry;
mod http;
mod limits;
mod lists;
mod messages;
mod models;
mod objects;
#[cfg(feature = "program")]
mod program;
mod record;
mod recordings;
mod requests;
mod runs;
mod service;
#[path = "../../../tests/shared_clock/mod.rs"]
mod shared_clock;
mod streams;
mod stubs;
mod vector_stores;

use std::time::SystemTime;

use http::Response;
use openai_assistants_fake::{Clock, Fake, FakeBuilder, Model, Server, SkippingClock};
use serde_json::{Value, json};

/// A checked server with sequential IDs and an injected clock.
fn fake(clock: &SkippingClock) -> FakeBuilder {
    Fake::builder().checked().counted_ids().clock(clock.clone())
}

async fn serve(model: impl Model) -> Server {
    let fake = fake(&SkippingClock::default()).model(model);
    fake.start().await.expect("a port is free")
}

/// The time of a clock in Unix seconds.
fn seconds(clock: &SkippingClock) -> u64 {
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("the time is after 1970").as_secs()
}

/// Sends JSON and expects success.
async fn ok(server: &Server, method: &str, path: &str, body: Value) -> Value {
    let response = http::send(server, method, path, &body).await;
    assert_eq!(response.status, 200, "{method} {path}: {}", response.body);
    response.json()
}

async fn get(server: &Server, path: &str) -> Value {
    ok(server, "GET", path, Value::Null).await
}

async fn post(server: &Server, path: &str, body: Value) -> Value {
    ok(server, "POST", path, body).await
}

/// Sends JSON and expects an error: returns the status and the error object.
async fn rejected(server: &Server, method: &str, path: &str, body: Value) -> (u16, Value) {
    let response = http::send(server, method, path, &body).await;
    let error = response.json()["error"].clone();
    assert!(
        error.is_object(),
        "{method} {path}: {} {}",
        response.status,
        response.body
    );
    (response.status, error)
}

/// Creates an assistant and a thread with a message, and returns their IDs.
async fn conversation(server: &Server) -> (String, String) {
    let assistant = post(server, "/assistants", json!({ "model": "gpt-4o" })).await;
    let messages = json!([{ "role": "user", "content": "What is 2 + 2?" }]);
    let thread = post(server, "/threads", json!({ "messages": messages })).await;
    (text(&assistant["id"]), text(&thread["id"]))
}

/// Creates a run.
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

/// Fetches a run.
async fn fetch_run(server: &Server, run: &Value) -> Value {
    get(server, &path(run)).await
}

fn text(value: &Value) -> String {
    value.as_str().expect("the value is text").to_owned()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    let mut headers = response.headers.iter().filter(|(found, _)| found == name);
    headers.next().map(|(_, value)| value.as_str())
}
