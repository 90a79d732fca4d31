//! Injected faults.

use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use openai_assistants::types::CreateRunRequest;
use openai_assistants::{Client, RetryPolicy};
use openai_assistants_fake::{Fault, RetryAfter, Script, Server, SkippingClock};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::fake_client::FakeClient;
use crate::shared_clock::SharedClock;
use crate::{conversation, fake, get, header, http, post, rejected, seconds, serve, text};

/// Streams a run with a fault.
async fn stream_with_fault(server: &Server, fault: &str) -> http::Response {
    let (assistant, thread) = conversation(server).await;
    let body = json!({ "assistant_id": assistant, "stream": true });
    let path = format!("/threads/{thread}/runs");
    http::with(server, "POST", &path, &[("x-fake-fault", fault)], &body).await
}

fn hello() -> Script {
    Script::new().say("Hello")
}

#[tokio::test]
async fn a_status_fault_sends_every_kind_of_retry_header() {
    let server = serve(hello()).await;
    for (fault, name, value) in [
        ("status=429; retry-after-ms=50", "retry-after-ms", "50"),
        ("status=429; retry-after=1.5", "retry-after", "1.5"),
        ("status=429; retry-after=2", "retry-after", "2"),
        (
            "status=503; retry-after-date=2",
            "retry-after",
            "Tue, 14 Nov 2023 22:13:22 GMT",
        ),
    ] {
        let response = http::with(
            &server,
            "POST",
            "/threads",
            &[("x-fake-fault", fault)],
            &Value::Null,
        )
        .await;
        assert_eq!(
            response.status,
            if fault.contains("429") { 429 } else { 503 }
        );
        assert_eq!(header(&response, name), Some(value), "{fault}");
        assert!(response.json()["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn a_rejected_request_is_not_executed_and_the_client_retries() {
    let clock = SkippingClock::default();
    let fault = Fault::status(429).retry_after(RetryAfter::Millis(50));
    let fake = fake(&clock).fault_times(2, "createThread", fault);
    let server = fake.start().await.expect("a port is free");
    let client = server
        .client_builder()
        .clock(SharedClock(clock.clone()))
        .build()
        .expect("the settings are valid");
    let thread = client
        .create_thread()
        .send_response()
        .await
        .expect("the third attempt succeeds");
    assert_eq!(thread.into_inner().id, "thread_0001");
}

#[tokio::test]
async fn a_stream_is_cut_in_the_middle_of_an_event() {
    let server = serve(hello()).await;
    for (fault, whole) in [("cut", 3), ("cut; after=1", 1), ("cut; after=1000", 11)] {
        let response = stream_with_fault(&server, fault).await;
        assert!(!response.is_complete, "{fault}");
        assert!(!response.body.ends_with("\n\n"), "{}", response.body);
        assert_eq!(response.names().len(), whole + 1, "{fault}");
    }
}

#[tokio::test]
async fn a_stream_ends_without_done() {
    let server = serve(hello()).await;
    let response = stream_with_fault(&server, "no-done").await;
    assert!(response.is_complete);
    assert_eq!(response.names().last(), Some(&"thread.run.completed"));
}

#[tokio::test]
async fn an_error_event_ends_a_stream() {
    let server = serve(hello()).await;
    let response = stream_with_fault(&server, "error-event; after=4").await;
    assert_eq!(response.names()[4..], ["error", "done"]);
    let events = response.events();
    let error: Value = serde_json::from_str(events[4].1).expect("the data is JSON");
    assert_eq!(error["type"], "server_error");
}

#[tokio::test]
async fn the_json_of_an_event_is_truncated() {
    let server = serve(hello()).await;
    let response = stream_with_fault(&server, "malformed-json").await;
    let events = response.events();
    let broken: Vec<bool> = events
        .iter()
        .map(|(_, data)| serde_json::from_str::<Value>(data).is_err())
        .collect();
    assert_eq!(broken.iter().filter(|broken| **broken).count(), 2); // with [DONE]
    assert!(broken[3]);
    assert_eq!(events.len(), 12);
}

#[tokio::test]
async fn unknown_events_and_statuses_are_inserted() {
    let server = serve(hello()).await;
    let response = stream_with_fault(&server, "unknown").await;
    let names = response.names();
    assert_eq!(names[3..5], ["thread.brand_new", "thread.run.step.created"]);
    let events = response.events();
    let step: Value = serde_json::from_str(events[4].1).expect("the data is JSON");
    assert_eq!(step["status"], "brand_new_status");
    assert_eq!(names.last(), Some(&"done"));
}

#[tokio::test]
async fn several_faults_apply_to_one_stream() {
    let server = serve(hello()).await;
    let is_json = |data: &str| serde_json::from_str::<Value>(data).is_ok();

    let response = stream_with_fault(&server, "error-event, unknown").await;
    let step = "thread.run.step.created";
    assert_eq!(
        response.names()[3..],
        ["thread.brand_new", step, "error", "done"]
    );
    assert!(response.body.contains("brand_new_status"));

    let response = stream_with_fault(&server, "cut, malformed-json").await;
    assert!(!response.is_complete && response.body.ends_with("\n\n"));
    assert!(!is_json(response.events()[3].1));

    let response = stream_with_fault(&server, "malformed-json, unknown").await;
    assert_eq!(response.names()[3], "thread.brand_new");
    assert!(!is_json(response.events()[4].1));
    assert_eq!(response.names().last(), Some(&"done"));

    let response = stream_with_fault(&server, "error-event, no-done").await;
    assert_eq!(response.names()[3..], ["error"]);

    let response = stream_with_fault(&server, "unknown; after=1000, no-done").await;
    assert_eq!(response.names().last(), Some(&"thread.brand_new"));
}

#[tokio::test]
async fn two_faults_that_end_a_response_are_rejected() {
    let server = serve(hello()).await;
    for fault in [
        "cut, stall",
        "cut; after=1, error-event; after=9",
        "lost, truncated",
    ] {
        let response = stream_with_fault(&server, fault).await;
        assert_eq!(response.status, 400, "{fault}");
        let message = text(&response.json()["error"]["message"]);
        assert!(message.contains("both end"), "{message}");
    }
}

#[tokio::test]
async fn faults_apply_to_objects_too() {
    let server = serve(hello()).await;
    post(&server, "/assistants", json!({ "model": "m" })).await;
    let with = async |fault| {
        http::with(
            &server,
            "GET",
            "/assistants",
            &[("x-fake-fault", fault)],
            &Value::Null,
        )
        .await
    };
    assert!(!with("cut").await.is_complete);
    assert!(!with("malformed-json, cut").await.is_complete);
    let malformed = with("malformed-json").await;
    assert!(malformed.is_complete && serde_json::from_str::<Value>(&malformed.body).is_err());
    let unknown = with("unknown").await.json();
    assert!(unknown["data"][0]["brand_new_property"].is_object());
}

/// The number of assistants.
async fn assistants(server: &Server) -> usize {
    let list = get(server, "/assistants").await;
    list["data"].as_array().expect("a list").len()
}

/// A request that creates an assistant with a fault.
async fn create_with(server: &Server, fault: &str, close: &str) -> TcpStream {
    let headers = [
        ("authorization", "Bearer sk-test"),
        ("x-fake-fault", fault),
        ("connection", close),
    ];
    let body = json!({ "model": "m" }).to_string();
    http::open(server, "POST", "/v1/assistants", &headers, &body).await
}

#[tokio::test]
async fn a_request_whose_response_is_lost_was_executed() {
    let server = serve(hello()).await;
    let mut connection = create_with(&server, "lost", "close").await;
    let mut bytes = Vec::new();
    let read = connection.read_to_end(&mut bytes).await;
    let error = read.expect_err("the connection is reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert!(bytes.is_empty());
    assert_eq!(assistants(&server).await, 1);
}

#[tokio::test]
async fn a_status_can_follow_the_execution() {
    let server = serve(hello()).await;
    for (fault, count) in [("status=502", 0), ("status=502; executed", 1)] {
        let response = http::rest(create_with(&server, fault, "close").await, Vec::new()).await;
        assert_eq!(response.status, 502);
        assert_eq!(assistants(&server).await, count, "{fault}");
    }
}

#[tokio::test]
async fn a_truncated_object_is_shorter_than_announced() {
    let server = serve(hello()).await;
    let response = http::rest(create_with(&server, "truncated", "close").await, Vec::new()).await;
    let length = header(&response, "content-length").expect("the length is announced");
    let length: usize = length.parse().expect("a number");
    assert_eq!(response.body.len(), length / 2);
    assert!(!response.is_complete);
    assert_eq!(assistants(&server).await, 1);

    let response = stream_with_fault(&server, "truncated; after=1").await;
    assert!(!response.is_complete && !response.body.ends_with("\n\n"));
    assert_eq!(response.names().len(), 2);
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_notice() {
    let clock = SkippingClock::default();
    let server = fake(&clock).start().await.expect("a port is free");
    let connection = create_with(&server, "close-idle=5000", "keep-alive").await;
    // It reads until the server closes the connection.
    let response = http::rest(connection, Vec::new()).await;
    assert!(response.status == 200 && response.is_complete);
    assert_eq!(header(&response, "connection"), None);
    assert_eq!(seconds(&clock), 1_700_000_005);
}

#[tokio::test]
async fn the_server_is_a_service_without_a_socket() {
    let mut service = fake(&SkippingClock::default())
        .service()
        .expect("the settings are valid");
    let mut send = async |fault: &str| {
        let request = Request::post("/v1/assistants")
            .header("authorization", format!("Bearer {}", service.api_key()))
            .header("openai-beta", "assistants=v2")
            .header("x-fake-fault", fault)
            .body(Body::from(json!({ "model": "m" }).to_string()))
            .expect("the request is valid");
        let response = service.call(request).await?.into_body();
        let bytes = response.collect().await.map_err(io::Error::other)?;
        let object: Value = serde_json::from_slice(&bytes.to_bytes())?;
        io::Result::Ok(text(&object["id"]))
    };
    assert_eq!(send("latency=1").await.expect("a response"), "asst_0001");
    let error = send("lost").await.expect_err("the response is lost");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(send("latency=1").await.expect("a response"), "asst_0003");
}

#[tokio::test]
async fn latency_uses_the_injected_clock() {
    let clock = SkippingClock::default();
    let fake = fake(&clock).fault_on("getThread", Fault::latency(Duration::from_secs(3)));
    let server = fake.start().await.expect("a port is free");
    let thread = text(&post(&server, "/threads", Value::Null).await["id"]);
    assert_eq!(seconds(&clock), 1_700_000_000);
    get(&server, &format!("/threads/{thread}")).await;
    assert_eq!(seconds(&clock), 1_700_000_003);
}

#[tokio::test]
async fn a_fault_for_an_unknown_operation_is_an_error_that_lists_the_known_ones() {
    let fake = fake(&SkippingClock::default()).fault_on("nonsense", Fault::cut());
    let error = fake.start().await.expect_err("the operation is unknown");
    let text = error.to_string();
    for name in ["'nonsense'", "getRun", "submitToolOutputsToRun"] {
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn both_spellings_of_submit_tool_outputs_are_accepted() {
    for name in ["submitToolOutputsToRun", "submitToolOuputsToRun"] {
        let fake = fake(&SkippingClock::default()).fault_on(name, Fault::status(503));
        let server = fake.start().await.expect("the operation exists");
        let path = "/threads/thread_1/runs/run_1/submit_tool_outputs";
        let body = json!({ "tool_outputs": [] });
        let (status, _) = rejected(&server, "POST", path, body).await;
        assert_eq!(status, 503, "{name}");
    }
}

#[tokio::test]
async fn an_unknown_fault_is_rejected() {
    let server = serve(hello()).await;
    for fault in [
        "explode",
        "status=200",
        "status=429; after",
        "latency",
        "cut, explode",
        "latency=-1",
        "close-idle",
        "lost=1",
        "status=502; executed=1",
    ] {
        let response = http::with(
            &server,
            "POST",
            "/threads",
            &[("x-fake-fault", fault)],
            &Value::Null,
        )
        .await;
        assert_eq!(
            (response.status, &response.json()["error"]["param"]),
            (400, &json!("x-fake-fault")),
            "{fault}"
        );
    }
}

#[test]
fn display_of_a_fault_round_trips() {
    for text in [
        "latency=250",
        "status=500",
        "status=429; retry-after-ms=50",
        "status=429; retry-after=1.5",
        "status=429; retry-after-date=2",
        "status=502; executed; retry-after-ms=50",
        "lost",
        "truncated; after=1",
        "close-idle=50",
        "cut; after=7",
        "stall",
        "no-done",
        "error-event",
        "malformed-json",
        "unknown; after=0",
    ] {
        assert_eq!(
            text.parse::<Fault>()
                .expect("the fault is valid")
                .to_string(),
            text
        );
    }
}

#[tokio::test]
async fn random_faults_are_reproducible_by_seed() {
    let mut seen = Vec::new();
    for seed in [1, 1, 2] {
        let faults = [Fault::status(500), Fault::status(503)];
        let fake = fake(&SkippingClock::default()).faults_one_in(10, seed, faults);
        let server = fake.start().await.expect("a port is free");
        let mut statuses = Vec::new();
        for _ in 0..200 {
            statuses.push(
                http::send(&server, "GET", "/assistants", &Value::Null)
                    .await
                    .status,
            );
        }
        let faulty = statuses.iter().filter(|status| **status != 200).count();
        assert!((5..50).contains(&faulty), "{faulty}");
        assert!(statuses.contains(&500) && statuses.contains(&503));
        seen.push(statuses);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
}

/// A client without retries.
fn client_without_retries(server: &Server) -> Client {
    let policy = RetryPolicy::default().max_retries(0);
    server
        .client_builder()
        .retry(policy)
        .build()
        .expect("the settings are valid")
}

#[tokio::test]
async fn the_client_reports_a_different_error_for_each_stream_fault() {
    let server = serve(hello().repeat()).await;
    let client = client_without_retries(&server);
    let (assistant, thread) = conversation(&server).await;
    for (fault, is_expected) in [
        (
            "cut",
            openai_assistants::Error::is_interrupted as fn(&_) -> bool,
        ),
        ("error-event", openai_assistants::Error::is_stream_error),
        ("malformed-json", openai_assistants::Error::is_decode),
        ("status=500", openai_assistants::Error::is_server_error),
    ] {
        let body = CreateRunRequest::builder().assistant_id(&assistant);
        let call = client
            .create_run()
            .thread_id(&thread)
            .body(body)
            .header("x-fake-fault", fault);
        // An event that cannot be read is reported beside the outcome.
        let error = match call.stream().await {
            Ok(events) => match events.accumulate().finish().await {
                Ok(mut outcome) => outcome.decode_errors.pop().expect("the stream fails"),
                Err(error) => error,
            },
            Err(error) => error,
        };
        assert!(is_expected(&error), "{fault}: {error}");
        // The run completes without its stream.
        let runs = get(&server, &format!("/threads/{thread}/runs")).await;
        assert!(
            runs["data"]
                .as_array()
                .is_some_and(|runs| runs.iter().all(|run| run["status"] == "completed"))
        );
    }
    let (status, _) = rejected(&server, "GET", "/threads/thread_9", Value::Null).await;
    assert_eq!(status, 404);
}
