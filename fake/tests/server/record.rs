//! Recording and replaying exchanges.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use openai_assistants_fake::{Recorder, Replay, Script, SkippingClock};
use serde_json::{Value, json};
use tower_layer::Layer;
use tower_service::Service;

use crate::fake;

const KEY: &str = "sk-0123456789";

/// A file in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("it is text")
    }

    fn parse(&self) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("it is JSON")
    }
}

/// Sends a request. Returns the status, the content type and the body.
async fn send<S>(service: &mut S, call: (&str, &str, Value)) -> (u16, String, String)
where
    S: Service<Request<Body>, Response = axum::response::Response, Error: std::fmt::Debug>,
{
    let (method, path, body) = call;
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {KEY}"))
        .header("openai-beta", "assistants=v2")
        .body(Body::from(body))
        .expect("the request is valid");
    let response = service.call(request).await.expect("a response");
    let content_type = response.headers()["content-type"].to_str();
    let content_type = content_type.expect("it is text").to_owned();
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.expect("a body");
    let text = String::from_utf8(bytes.to_bytes().to_vec());
    (status, content_type, text.expect("it is text"))
}

fn calls() -> [(&'static str, &'static str, Value); 6] {
    let run = json!({
        "assistant_id": "asst_0001",
        "stream": true,
        "thread": { "messages": [{ "role": "user", "content": "Hi" }] },
    });
    [
        ("POST", "/v1/assistants", json!({ "model": "m" })),
        ("POST", "/v1/assistants", json!({ "model": "n" })),
        ("POST", "/v1/threads/runs", run),
        ("GET", "/v1/assistants?limit=1", Value::Null),
        ("DELETE", "/v1/assistants/asst_0002", Value::Null),
        ("GET", "/v1/assistants/asst_0002", Value::Null),
    ]
}

#[tokio::test]
async fn a_recording_is_replayed_byte_for_byte() {
    let lines = Lines::default();
    let model = Script::new().say("Hello");
    let service = fake(&SkippingClock::default()).model(model).service();
    let mut recorded = Recorder::new(lines.clone()).layer(service.expect("a service"));
    let mut answers = Vec::new();
    for call in calls() {
        answers.push(send(&mut recorded, call).await);
    }
    assert_eq!(answers[5].0, 404);
    assert!(answers[2].1.starts_with("text/event-stream") && answers[2].2.contains("[DONE]"));

    let mut replay: Replay = lines.text().parse().expect("lines of JSON");
    for (call, answer) in calls().into_iter().zip(answers) {
        assert_eq!(send(&mut replay, call).await, answer);
    }
    let request = Request::get("/v1/assistants?limit=1").body(Body::empty());
    let error = replay.call(request.expect("it is valid")).await;
    let error = error.expect_err("each line answers once");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("GET /v1/assistants?limit=1"));
}

#[tokio::test]
async fn requests_with_the_same_path_are_told_apart_by_body_and_order() {
    let line = |request: &str, response: &str| {
        json!({ "method": "POST", "path": "/x", "request": request, "status": 200, "response": response,
            "content_type": "application/json" })
        .to_string()
    };
    let lines = [
        line(r#"{"a":1,"b":2}"#, "1"),
        line(r#"{"a":2}"#, "2"),
        line(r#"{"a":2}"#, "3"),
    ];
    let mut replay: Replay = lines.join("\n").parse().expect("lines of JSON");
    for (body, expected) in [
        (json!({ "a": 2 }), "2"),
        (json!({ "b": 2, "a": 1 }), "1"),
        (json!({ "a": 2 }), "3"),
    ] {
        assert_eq!(send(&mut replay, ("POST", "/x", body)).await.2, expected);
    }
}

#[tokio::test]
async fn a_recording_has_no_secrets() {
    let lines = Lines::default();
    let service = fake(&SkippingClock::default()).service();
    let mut recorded = Recorder::new(lines.clone()).layer(service.expect("a service"));
    let body = json!({ "model": "m", "instructions": format!("The key is {KEY}.") });
    let (_, _, text) = send(&mut recorded, ("POST", "/v1/assistants", body)).await;
    assert!(text.contains(KEY), "the caller receives the response");
    let path = format!("/v1/assistants/{KEY}");
    send(&mut recorded, ("GET", &path, Value::Null)).await;

    let recording = lines.text();
    assert!(!recording.contains(KEY), "{recording}");
    let lines = lines.parse();
    assert_eq!(lines[0]["request_headers"]["authorization"], "***");
    assert_eq!(lines[0]["request_headers"]["openai-beta"], "assistants=v2");
    for property in ["request", "response"] {
        let text = lines[0][property].as_str().expect("it is text");
        assert!(text.contains("The key is ***."), "{text}");
    }
    assert_eq!(lines[1]["path"], "/v1/assistants/***");
}

#[tokio::test]
async fn a_response_that_is_dropped_is_recorded_as_far_as_it_was_read() {
    let lines = Lines::default();
    let service = fake(&SkippingClock::default()).service();
    let mut recorded = Recorder::new(lines.clone()).layer(service.expect("a service"));
    let request = Request::get("/v1/assistants/asst_9").body(Body::empty());
    let response = recorded.call(request.expect("it is valid")).await;
    assert!(lines.text().is_empty());
    drop(response.expect("a response"));
    let lines = lines.parse();
    assert_eq!(
        (&lines[0]["status"], &lines[0]["response"]),
        (&401.into(), &"".into())
    );
}
