//! Opening a stream.

use std::time::Duration;

use openai_assistants::types::{
    CreateThreadAndRunRequest, SubmitToolOutputsRunRequest, ToolOutput,
};
use serde_json::Value;

use super::support::{open, run, run_object, stream_of};
use crate::support::{
    DONE, ManualClock, STALL, ScriptedServer, event_stream, read_to_end, response, until,
};

#[tokio::test]
async fn an_http_error_is_that_of_any_call() {
    let body = r#"{"error":{"message":"no","code":"c"}}"#;
    let server = ScriptedServer::start([response(400, "", body)]).await;
    let error = open(&server.client())
        .await
        .expect_err("the server rejects the request");
    assert!(error.is_bad_request());
    assert_eq!((error.code(), error.body()), (Some("c"), Some(body)));
    assert_eq!(error.operation(), Some("createRun"));
}

#[tokio::test]
async fn opening_is_retried() {
    let server = ScriptedServer::start([
        response(503, "", ""),
        response(429, "", ""),
        event_stream(&[&run("completed"), DONE].concat()),
    ])
    .await;
    let mut stream = open(&server.client()).await.unwrap();
    assert_eq!(stream.attempts(), 3);
    assert!(read_to_end(&mut stream).await.1.is_none());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn json_instead_of_a_stream_is_an_error_with_the_run_id() {
    let body = run_object("queued").to_string();
    for content_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/problem+json",
    ] {
        let headers = format!("content-type: {content_type}\r\nx-request-id: req_1\r\n");
        let server = ScriptedServer::start([response(200, &headers, &body)]).await;
        let error = open(&server.client())
            .await
            .expect_err("the response is not a stream");
        assert!(error.is_decode() && !error.is_retryable());
        assert_eq!(error.body(), Some(body.as_str()));
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_1"))
        );
        assert_eq!(
            error.to_string(),
            "createRun failed: the server returned 200 OK, but the response is not an event stream; the server may \
             not support streaming: call `send`, or follow the run with `wait` (request req_1, run run_1)"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn other_responses_are_not_streams() {
    for (status, headers, body) in [
        (
            200,
            "content-type: text/html; charset=utf-8\r\n",
            "<body>Log in</body>",
        ),
        (200, "content-type: application/problem+json\r\n", "{}"),
        (
            200,
            "content-type: text/event-stream\r\ncontent-encoding: br\r\n",
            "x",
        ),
        (204, "", ""),
    ] {
        let server = ScriptedServer::start([response(status, headers, body)]).await;
        let error = open(&server.client())
            .await
            .expect_err("the response is not a stream");
        assert!(error.is_decode() && !error.is_interrupted(), "{error}");
        assert_eq!(error.body(), Some(body));
    }
}

#[tokio::test]
async fn json_instead_of_a_stream_is_read_within_limits() {
    let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}{{\"a\"{STALL}")]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let opening = tokio::spawn(async move { open(&client).await });
    until(|| clock.timeouts().len() == 2).await;
    assert_eq!(clock.timeouts()[1], Duration::from_secs(5));
    clock.expire_timeouts();
    let error = opening
        .await
        .unwrap()
        .expect_err("the response is not a stream");
    assert_eq!((error.is_decode(), error.body()), (true, Some("{\"a\"")));

    let long = "x".repeat(1_000_000);
    let response = response(200, "content-type: application/json\r\n", &long);
    let server = ScriptedServer::start([response]).await;
    let error = open(&server.client())
        .await
        .expect_err("the response is not a stream");
    assert_eq!(error.body().map(str::len), Some(64 * 1024));
}

#[tokio::test]
async fn any_other_content_type_is_read_as_a_stream() {
    for headers in ["", "content-type: text/plain\r\n", "content-type: \r\n"] {
        let (_server, mut stream) = stream_of(response(200, headers, DONE)).await;
        assert_eq!(read_to_end(&mut stream).await.0, ["done"]);
    }
}

#[tokio::test]
async fn the_ids_are_known_from_the_request() {
    let server = ScriptedServer::start([event_stream(""), response(400, "", "")]).await;
    let client = server.client();
    let submit = || {
        let body = SubmitToolOutputsRunRequest::builder().tool_outputs(Vec::<ToolOutput>::new());
        let call = client.submit_tool_outputs_to_run().body(body);
        call.thread_id("thread/1").run_id("run ü").stream()
    };
    let mut stream = submit().await.unwrap();
    let ids = (Some("thread/1"), Some("run ü"));
    assert_eq!((stream.thread_id(), stream.run_id()), ids);
    for error in [
        stream.try_next().await.expect_err("the stream is empty"),
        submit().await.expect_err("the server rejects the request"),
    ] {
        assert_eq!((error.thread_id(), error.run_id()), ids);
    }
}

#[tokio::test]
async fn every_streaming_operation_requests_a_stream() {
    let server = ScriptedServer::start([event_stream(DONE)]).await;
    let client = server.client();
    drop(open(&client).await.unwrap());
    let body = CreateThreadAndRunRequest::builder().assistant_id("asst_1");
    drop(
        client
            .create_thread_and_run()
            .body(body)
            .stream()
            .await
            .unwrap(),
    );
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs(Vec::<ToolOutput>::new());
    let call = client.submit_tool_outputs_to_run().body(body);
    let call = call.thread_id("thread_1").run_id("run_1");
    drop(call.stream().await.unwrap());

    assert_eq!(
        server.request_lines(),
        [
            "POST /v1/threads/thread_1/runs",
            "POST /v1/threads/runs",
            "POST /v1/threads/thread_1/runs/run_1/submit_tool_outputs"
        ]
    );
    for request in server.requests() {
        assert!(
            request.contains("accept: text/event-stream\r\n"),
            "{request}"
        );
        let (_, body) = request
            .split_once("\r\n\r\n")
            .expect("the request has a body");
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["stream"], true);
    }
}

#[tokio::test]
async fn a_missing_argument_is_an_error_and_nothing_is_sent() {
    let server = ScriptedServer::start([event_stream(DONE)]).await;
    let error = server
        .client()
        .create_run()
        .stream()
        .await
        .expect_err("the body is missing");
    assert!(error.is_invalid_argument());
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("createRun"), 0)
    );
    assert!(server.requests().is_empty());
}
