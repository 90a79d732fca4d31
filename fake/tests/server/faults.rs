//! Faults on demand.

use std::time::Duration;

use openai_assistants::types::CreateRunRequest;
use openai_assistants::{Client, RetryPolicy};
use openai_assistants_fake::{Fault, RetryAfter, Script, Server, SkippingClock};
use serde_json::{Value, json};

use crate::{conversation, fake, get, header, http, post, refused, seconds, serve, text};

/// Streams a run with a fault, and says which events came.
async fn streamed(server: &Server, fault: &str) -> http::Reply {
    let (assistant, thread) = conversation(server).await;
    let body = json!({ "assistant_id": assistant, "stream": true });
    let path = format!("/threads/{thread}/runs");
    http::with(server, "POST", &path, &[("x-fake-fault", fault)], &body).await
}

fn hello() -> Script {
    Script::new().say("Hello")
}

#[tokio::test]
async fn a_refusal_says_when_to_try_again_in_every_spelling() {
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
        let reply = http::with(
            &server,
            "POST",
            "/threads",
            &[("x-fake-fault", fault)],
            &Value::Null,
        )
        .await;
        assert_eq!(reply.status, if fault.contains("429") { 429 } else { 503 });
        assert_eq!(header(&reply, name), Some(value), "{fault}");
        assert!(reply.json()["error"]["message"].is_string());
    }
}

#[tokio::test]
async fn what_is_refused_is_not_done_and_the_client_tries_again() {
    let clock = SkippingClock::default();
    let fault = Fault::status(429).retry_after(RetryAfter::Millis(50));
    let fake = fake(&clock).fault_times(2, "createThread", fault);
    let server = fake.start().await.expect("there is a free port");
    let client = server
        .client_builder()
        .clock(clock.clone())
        .build()
        .expect("good settings");
    let thread = client
        .create_thread()
        .send_response()
        .await
        .expect("the third try is granted");
    assert_eq!(thread.into_inner().id, "thread_0001");
}

#[tokio::test]
async fn a_stream_is_cut_in_mid_event() {
    let server = serve(hello()).await;
    for (fault, whole) in [("cut", 3), ("cut; after=1", 1), ("cut; after=1000", 11)] {
        let reply = streamed(&server, fault).await;
        assert!(!reply.is_whole, "{fault}");
        assert!(!reply.body.ends_with("\n\n"), "{}", reply.body);
        assert_eq!(reply.names().len(), whole + 1, "{fault}");
    }
}

#[tokio::test]
async fn a_stream_ends_without_done() {
    let server = serve(hello()).await;
    let reply = streamed(&server, "no-done").await;
    assert!(reply.is_whole);
    assert_eq!(reply.names().last(), Some(&"thread.run.completed"));
}

#[tokio::test]
async fn an_error_event_ends_a_stream() {
    let server = serve(hello()).await;
    let reply = streamed(&server, "error-event; after=4").await;
    assert_eq!(reply.names()[4..], ["error", "done"]);
    let events = reply.events();
    let error: Value = serde_json::from_str(events[4].1).expect("it is JSON");
    assert_eq!(error["type"], "server_error");
}

#[tokio::test]
async fn an_event_is_half_of_its_json() {
    let server = serve(hello()).await;
    let reply = streamed(&server, "malformed-json").await;
    let events = reply.events();
    let broken: Vec<bool> = events
        .iter()
        .map(|(_, data)| serde_json::from_str::<Value>(data).is_err())
        .collect();
    assert_eq!(broken.iter().filter(|broken| **broken).count(), 2); // with [DONE]
    assert!(broken[3]);
    assert_eq!(events.len(), 12);
}

#[tokio::test]
async fn unknown_events_and_states_come_among_the_others() {
    let server = serve(hello()).await;
    let reply = streamed(&server, "unknown").await;
    let names = reply.names();
    assert_eq!(names[3..5], ["thread.brand_new", "thread.run.step.created"]);
    let events = reply.events();
    let step: Value = serde_json::from_str(events[4].1).expect("it is JSON");
    assert_eq!(step["status"], "brand_new_status");
    assert_eq!(names.last(), Some(&"done"));
}

#[tokio::test]
async fn several_faults_of_a_stream_all_come() {
    let server = serve(hello()).await;
    let is_json = |data: &str| serde_json::from_str::<Value>(data).is_ok();

    let reply = streamed(&server, "error-event, unknown").await;
    let step = "thread.run.step.created";
    assert_eq!(
        reply.names()[3..],
        ["thread.brand_new", step, "error", "done"]
    );
    assert!(reply.body.contains("brand_new_status"));

    let reply = streamed(&server, "cut, malformed-json").await;
    assert!(!reply.is_whole && reply.body.ends_with("\n\n"));
    assert!(!is_json(reply.events()[3].1));

    let reply = streamed(&server, "malformed-json, unknown").await;
    assert_eq!(reply.names()[3], "thread.brand_new");
    assert!(!is_json(reply.events()[4].1));
    assert_eq!(reply.names().last(), Some(&"done"));

    let reply = streamed(&server, "error-event, no-done").await;
    assert_eq!(reply.names()[3..], ["error"]);

    let reply = streamed(&server, "unknown; after=1000, no-done").await;
    assert_eq!(reply.names().last(), Some(&"thread.brand_new"));
}

#[tokio::test]
async fn an_answer_is_not_asked_to_end_twice() {
    let server = serve(hello()).await;
    for fault in ["cut, stall", "cut; after=1, error-event; after=9"] {
        let reply = streamed(&server, fault).await;
        assert_eq!(reply.status, 400, "{fault}");
        let message = text(&reply.json()["error"]["message"]);
        assert!(message.contains("both end"), "{message}");
    }
}

#[tokio::test]
async fn objects_get_the_same_faults() {
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
    assert!(!with("cut").await.is_whole);
    assert!(!with("malformed-json, cut").await.is_whole);
    let malformed = with("malformed-json").await;
    assert!(malformed.is_whole && serde_json::from_str::<Value>(&malformed.body).is_err());
    let strange = with("unknown").await.json();
    assert!(strange["data"][0]["brand_new_property"].is_object());
}

#[tokio::test]
async fn latency_takes_the_time_of_the_clock() {
    let clock = SkippingClock::default();
    let fake = fake(&clock).fault_on("getThread", Fault::latency(Duration::from_secs(3)));
    let server = fake.start().await.expect("there is a free port");
    let thread = text(&post(&server, "/threads", Value::Null).await["id"]);
    assert_eq!(seconds(&clock), 1_700_000_000);
    get(&server, &format!("/threads/{thread}")).await;
    assert_eq!(seconds(&clock), 1_700_000_003);
}

#[tokio::test]
async fn a_fault_for_an_operation_that_does_not_exist_is_refused_with_those_that_do() {
    let fake = fake(&SkippingClock::default()).fault_on("nonsense", Fault::cut());
    let error = fake.start().await.expect_err("there is no such operation");
    let text = error.to_string();
    for name in ["'nonsense'", "getRun", "submitToolOutputsToRun"] {
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn an_operation_that_the_document_misspells_goes_by_both_names() {
    for name in ["submitToolOutputsToRun", "submitToolOuputsToRun"] {
        let fake = fake(&SkippingClock::default()).fault_on(name, Fault::status(503));
        let server = fake.start().await.expect("the operation is there");
        let path = "/threads/thread_1/runs/run_1/submit_tool_outputs";
        let body = json!({ "tool_outputs": [] });
        let (status, _) = refused(&server, "POST", path, body).await;
        assert_eq!(status, 503, "{name}");
    }
}

#[tokio::test]
async fn a_fault_that_does_not_exist_is_refused() {
    let server = serve(hello()).await;
    for fault in [
        "explode",
        "status=200",
        "status=429; after",
        "latency",
        "cut, explode",
        "latency=-1",
    ] {
        let reply = http::with(
            &server,
            "POST",
            "/threads",
            &[("x-fake-fault", fault)],
            &Value::Null,
        )
        .await;
        assert_eq!(
            (reply.status, &reply.json()["error"]["param"]),
            (400, &json!("x-fake-fault")),
            "{fault}"
        );
    }
}

#[test]
fn a_fault_is_written_as_it_is_read() {
    for text in [
        "latency=250",
        "status=500",
        "status=429; retry-after-ms=50",
        "status=429; retry-after=1.5",
        "status=429; retry-after-date=2",
        "cut; after=7",
        "stall",
        "no-done",
        "error-event",
        "malformed-json",
        "unknown; after=0",
    ] {
        assert_eq!(
            text.parse::<Fault>().expect("it is a fault").to_string(),
            text
        );
    }
}

#[tokio::test]
async fn one_request_in_so_many_has_a_fault_and_a_seed_says_which() {
    let mut seen = Vec::new();
    for seed in [1, 1, 2] {
        let faults = [Fault::status(500), Fault::status(503)];
        let fake = fake(&SkippingClock::default()).faults_one_in(10, seed, faults);
        let server = fake.start().await.expect("there is a free port");
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

/// A client that does not try again.
fn once(server: &Server) -> Client {
    let policy = RetryPolicy::default().max_retries(0);
    server
        .client_builder()
        .retry(policy)
        .build()
        .expect("good settings")
}

#[tokio::test]
async fn the_client_can_tell_the_faults_of_a_stream_apart() {
    let server = serve(hello().repeat()).await;
    let client = once(&server);
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
        let error = match call.stream().await {
            Ok(events) => events
                .accumulate()
                .finish()
                .await
                .expect_err("it goes wrong"),
            Err(error) => error,
        };
        assert!(is_expected(&error), "{fault}: {error}");
        // The run went on by itself.
        let runs = get(&server, &format!("/threads/{thread}/runs")).await;
        assert!(
            runs["data"]
                .as_array()
                .is_some_and(|runs| runs.iter().all(|run| run["status"] == "completed"))
        );
    }
    let (status, _) = refused(&server, "GET", "/threads/thread_9", Value::Null).await;
    assert_eq!(status, 404);
}
