//! Recording and replaying exchanges.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, Response};
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

/// A server that redirects, repeats a key in a header and a body, and sets a cookie.
#[derive(Clone)]
struct Redirecting;

impl Service<Request<Body>> for Redirecting {
    type Response = axum::response::Response;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        let response = Response::builder()
            .status(307)
            .header("content-type", "text/plain")
            .header("location", format!("/v1/{KEY}?signature=s3&limit=2"))
            .header("server", format!("gateway for {KEY}"))
            .header("x-echo", format!("Bearer {KEY}"))
            .header("x-session", "session-0123")
            .header("x-ratelimit-limit-requests", "60")
            .body(Body::from("session-0123 of function+key=="));
        std::future::ready(Ok(response.expect("the response is valid")))
    }
}

/// Requests with secrets in headers that no list can know, and in the query.
fn request_with_secrets(query: &str) -> Request<Body> {
    let request = Request::get(format!("/v1/assistants?limit=1&{query}&include%5B%5D=a"))
        .header("x-api-key", "x-api-key-0123")
        .header("ocp-apim-subscription-key", "subscription-0123")
        .header("astra-api-token", format!("{KEY}; tenant=short"))
        .header("content-type", "application/json")
        .header("x-request-id", "req of subscription-0123");
    let body = r#"{"keys":["x-api-key-0123","function+key==","function%2Bkey%3D%3D"]}"#;
    request
        .body(Body::from(body))
        .expect("the request is valid")
}

#[tokio::test]
async fn only_headers_and_parameters_that_are_public_are_recorded() {
    let lines = Lines::default();
    let mut recorded = Recorder::new(lines.clone()).layer(Redirecting);
    let request = request_with_secrets("code=function%2bkey%3D%3D&c%6Fde=x");
    drop(recorded.call(request).await.expect("a response"));
    let request = request_with_secrets("code=function%2bkey%3D%3D&code=x");
    let response = recorded.call(request).await.expect("a response");
    response.into_body().collect().await.expect("a body");

    let [first, line] = lines.parse().try_into().expect("two lines");
    let path = first["path"].as_str().expect("it is text");
    assert_eq!(
        path,
        "/v1/assistants?limit=1&code=***&c%6Fde=***&include%5B%5D=a"
    );
    assert_eq!(
        line["request_headers"],
        json!({
            "x-api-key": "***",
            "ocp-apim-subscription-key": "***",
            "astra-api-token": "***",
            "content-type": "application/json",
            "x-request-id": "req of ***",
        })
    );
    assert_eq!(line["request"], r#"{"keys":["***","***","***"]}"#);
    assert_eq!(
        line["response_headers"],
        json!({
            "content-type": "text/plain",
            "location": "/v1/***?signature=***&limit=2",
            "server": "gateway for ***",
            "x-echo": "***",
            "x-session": "***",
            "x-ratelimit-limit-requests": "60",
        })
    );
    assert_eq!(line["response"], "*** of ***");
}

#[tokio::test]
async fn a_request_with_other_secrets_is_answered() {
    let lines = Lines::default();
    let mut recorded = Recorder::new(lines.clone()).layer(Redirecting);
    let request = request_with_secrets("code=function%2bkey%3D%3D");
    drop(recorded.call(request).await.expect("a response"));

    let replay: Replay = lines.text().parse().expect("lines of JSON");
    let request = |query: &str, key: &str| {
        let body = format!(r#"{{"keys":["{key}","***","***"]}}"#);
        Request::get(format!("/v1/assistants?limit=1&{query}&include%5B%5D=a"))
            .header("x-api-key", key)
            .body(Body::from(body))
            .expect("the request is valid")
    };
    for query in ["code=another-key&x=1", "after=another-key"] {
        let error = replay.clone().call(request(query, "another-api-key")).await;
        let error = error.expect_err("the parameters differ").to_string();
        assert_eq!(
            error.contains("another-key"),
            query.starts_with("after"),
            "{error}"
        );
    }
    let response = replay
        .clone()
        .call(request("code=another-key", "another-api-key"))
        .await;
    assert_eq!(response.expect("a response").status(), 307);

    let old =
        r#"{"method":"GET","path":"/v1/x?code=secret-code","request":"secret-code","status":200}"#;
    let mut replay: Replay = old.parse().expect("a line of JSON");
    let request = Request::get("/v1/x?code=secret-code").body(Body::from("secret-code"));
    let response = replay.call(request.expect("it is valid")).await;
    assert_eq!(response.expect("secrets are compared as ***").status(), 200);
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
