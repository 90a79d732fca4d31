//! Streams of all three operations.

use std::time::Duration;

use openai_assistants::types::{
    CreateMessageRequest, CreateRunRequest, CreateThreadAndRunRequest, MessageRole,
};
use openai_assistants_fake::{Echo, FailureCode, Reply, Script, SkippingClock, Turn};
use serde_json::{Value, json};

use crate::fake_client::FakeClient;
use crate::{conversation, fake, get, http, ok, path, post, seconds, serve, text};

const MESSAGE: [&str; 4] = [
    "thread.run.step.created",
    "thread.run.step.in_progress",
    "thread.message.created",
    "thread.message.in_progress",
];
const WRITTEN: [&str; 3] = [
    "thread.message.completed",
    "thread.run.step.completed",
    "thread.run.completed",
];

fn concat(parts: &[&[&'static str]]) -> Vec<&'static str> {
    parts.concat()
}

#[tokio::test]
async fn the_events_of_a_new_run_are_in_order() {
    let server = serve(Script::new().say("It is 4.")).await;
    let (assistant, thread) = conversation(&server).await;
    let body = json!({ "assistant_id": assistant, "stream": true });
    let response = http::send(&server, "POST", &format!("/threads/{thread}/runs"), &body).await;
    assert!(response.is_complete);
    let expected = concat(&[
        &[
            "thread.run.created",
            "thread.run.queued",
            "thread.run.in_progress",
        ],
        &MESSAGE,
        &["thread.message.delta"; 3],
        &WRITTEN,
        &["done"],
    ]);
    assert_eq!(response.names(), expected);
    let deltas = response.events();
    let deltas = deltas
        .iter()
        .filter(|(name, _)| *name == "thread.message.delta");
    let pieces: Vec<Value> = deltas
        .map(|(_, data)| {
            serde_json::from_str::<Value>(data).expect("the data is JSON")["delta"]["content"]
                    [0]["text"]["value"]
                    .clone()
        })
        .collect();
    assert_eq!(pieces, ["It ", "is ", "4."]);
    assert!(response.body.ends_with("event: done\ndata: [DONE]\n\n"));
}

#[tokio::test]
async fn a_new_thread_is_the_first_event_and_outputs_resume_the_run() {
    let script = Script::new()
        .call("get_weather", json!({ "city": "Oslo" }))
        .say("12 °C");
    let server = serve(script).await;
    let (assistant, _) = conversation(&server).await;
    let body = json!({ "assistant_id": assistant, "stream": true, "thread": { "messages": [{ "role": "user", "content": "Weather?" }] } });
    let response = http::send(&server, "POST", "/threads/runs", &body).await;
    let calls = ["thread.run.step.created", "thread.run.step.in_progress"];
    let expected = concat(&[
        &[
            "thread.created",
            "thread.run.created",
            "thread.run.queued",
            "thread.run.in_progress",
        ],
        &calls,
        &["thread.run.step.delta"; 3], // the call, and two pieces of arguments
        &["thread.run.requires_action", "done"],
    ]);
    assert_eq!(response.names(), expected);
    let events = response.events();
    let run: Value = serde_json::from_str(events[events.len() - 2].1).expect("the event has a run");
    let submit = format!("{}/submit_tool_outputs", path(&run));
    let call = &run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"];
    let outputs = json!([{ "tool_call_id": call, "output": "12" }]);
    let body = json!({ "tool_outputs": outputs, "stream": true });
    let response = http::send(&server, "POST", &submit, &body).await;
    let expected = concat(&[
        &[
            "thread.run.step.completed",
            "thread.run.queued",
            "thread.run.in_progress",
        ],
        &MESSAGE,
        &["thread.message.delta"; 2],
        &WRITTEN,
        &["done"],
    ]);
    assert_eq!(response.names(), expected);
}

#[tokio::test]
async fn merged_deltas_equal_the_final_messages() {
    let turn = Turn::new()
        .run_code("print(2 + 2)", "4\n")
        .search([("file-1", "sums.pdf", "2 + 2 = 4")])
        .say(Reply::pieces(["It is", " 4【1】", "."]).cite("【1】", "file-1"))
        .say(Reply::refusal("But no more."));
    let server = serve(Script::new().turn(turn)).await;
    let client = server.client();
    let (assistant, thread) = conversation(&server).await;
    let body = CreateRunRequest::builder().assistant_id(&assistant);
    let events = client
        .create_run()
        .thread_id(&thread)
        .body(body)
        .stream()
        .await;
    let mut run = events.expect("the stream opens").accumulate();
    let mut merged = None;
    while let Some(event) = run.try_next().await.expect("the event is valid") {
        if event.event() == "thread.message.delta" {
            merged = Some(json!(run.messages()));
        }
    }
    let outcome = run.finish().await.expect("the run is terminal");
    assert_eq!(outcome.run.status.as_str(), "completed");
    let content = |messages: &Value| {
        messages
            .as_array()
            .expect("the messages are a list")
            .iter()
            .map(|message| message["content"].clone())
            .collect::<Vec<_>>()
    };
    let list = get(&server, &format!("/threads/{thread}/messages?order=asc")).await;
    let stored = content(&list["data"]);
    assert_eq!(content(&json!(outcome.messages)), stored[1..]);
    assert_eq!(
        content(&merged.expect("the stream has deltas")),
        stored[1..]
    );
    assert_eq!(outcome.steps.len(), 4);
}

#[tokio::test]
async fn a_stream_waits_for_delayed_events() {
    let clock = SkippingClock::default();
    let script = Script::new().wait(Duration::from_secs(30)).say("At last.");
    let server = fake(&clock)
        .model(script)
        .start()
        .await
        .expect("a port is free");
    let (assistant, _) = conversation(&server).await;
    let outcome = server
        .client()
        .create_thread_and_run()
        .body(CreateThreadAndRunRequest::builder().assistant_id(&assistant))
        .stream()
        .await
        .expect("the stream opens")
        .accumulate()
        .finish()
        .await
        .expect("the run completes");
    assert_eq!(outcome.text(), "At last.");
    assert_eq!(seconds(&clock), 1_700_000_030);
}

#[tokio::test]
async fn a_stream_reports_failed_expired_and_incomplete_runs() {
    for (turn, expected) in [
        (
            Turn::new()
                .say("Well, ")
                .fail(FailureCode::ServerError, "Gone."),
            [
                "thread.message.incomplete",
                "thread.run.step.failed",
                "thread.run.failed",
            ],
        ),
        (
            Turn::new()
                .say("Well, ")
                .wait(Duration::from_secs(700))
                .fail(FailureCode::ServerError, ""),
            [
                "thread.message.incomplete",
                "thread.run.step.expired",
                "thread.run.expired",
            ],
        ),
        (
            Turn::new()
                .say("Well, ")
                .incomplete(openai_assistants_fake::IncompleteReason::MaxPromptTokens),
            [
                "thread.message.incomplete",
                "thread.run.step.completed",
                "thread.run.incomplete",
            ],
        ),
    ] {
        let server = serve(Script::new().turn(turn)).await;
        let (assistant, thread) = conversation(&server).await;
        let body = json!({ "assistant_id": assistant, "stream": true });
        let response = http::send(&server, "POST", &format!("/threads/{thread}/runs"), &body).await;
        let names = response.names();
        assert_eq!(names[names.len() - 4..names.len() - 1], expected);
        assert_eq!(names.last(), Some(&"done"));
    }
}

/// A stopped clock, on which sleeping takes forever.
struct StoppedClock;

impl openai_assistants_fake::Clock for StoppedClock {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH
    }
    fn sleep(&self, time: Duration) -> openai_assistants::Sleep {
        if time.is_zero() {
            Box::pin(std::future::ready(()))
        } else {
            Box::pin(std::future::pending())
        }
    }
}

/// A server whose runs never complete.
async fn server_that_waits_forever() -> openai_assistants_fake::Server {
    let script = Script::new().wait(Duration::from_secs(1)).say("Too late.");
    let fake = openai_assistants_fake::Fake::builder().checked();
    let fake = fake.clock(StoppedClock).model(script);
    fake.start().await.expect("a port is free")
}

#[tokio::test]
async fn a_stream_reports_that_its_run_was_cancelled() {
    let server = server_that_waits_forever().await;
    let client = server.client();
    let (assistant, thread) = conversation(&server).await;
    let body = CreateRunRequest::builder().assistant_id(&assistant);
    let events = client
        .create_run()
        .thread_id(&thread)
        .body(body)
        .stream()
        .await;
    let mut events = events.expect("the stream opens");
    let mut names = Vec::new();
    while let Some(event) = events.try_next().await.expect("the event is valid") {
        names.push(event.event().to_owned());
        if names.len() == 3 {
            let run = events.run_id().expect("the stream has a run ID").to_owned();
            let call = client.cancel_run().thread_id(&thread).run_id(run);
            let run = call.send().await.expect("the run is active");
            assert_eq!(run.status.as_str(), "cancelling");
        }
    }
    let expected = [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.cancelling",
        "thread.run.cancelled",
        "done",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_stream_reports_that_its_thread_was_deleted() {
    let server = server_that_waits_forever().await;
    let (assistant, thread) = conversation(&server).await;
    let target = format!("/v1/threads/{thread}/runs");
    let body = json!({ "assistant_id": assistant, "stream": true }).to_string();
    let headers = [("authorization", "Bearer k")];
    let mut stream = http::open(&server, "POST", &target, &headers, &body).await;
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains("thread.run.in_progress") {
        let read = tokio::io::AsyncReadExt::read_buf(&mut stream, &mut received).await;
        assert_ne!(read.expect("the stream continues"), 0);
    }
    ok(
        &server,
        "DELETE",
        &format!("/threads/{thread}"),
        Value::Null,
    )
    .await;
    let response = http::rest(stream, received).await;
    assert!(response.is_complete);
    assert_eq!(response.names()[3..], ["error", "done"]);
    let events = response.events();
    let error: Value = serde_json::from_str(events[3].1).expect("the data is JSON");
    assert_eq!(error["code"], "thread_deleted");
}

#[tokio::test]
async fn a_run_continues_after_its_stream_was_dropped() {
    let server = serve(Echo).await;
    let client = server.client();
    let (assistant, thread) = conversation(&server).await;
    let body = CreateRunRequest::builder().assistant_id(&assistant);
    let events = client
        .create_run()
        .thread_id(&thread)
        .body(body)
        .stream()
        .await;
    drop(events.expect("the stream opens"));
    let runs = get(&server, &format!("/threads/{thread}/runs")).await;
    assert_eq!(runs["data"][0]["status"], "completed");
}

#[tokio::test]
async fn a_stream_includes_search_results_only_on_request() {
    let turn = || {
        Turn::new()
            .search([("file-1", "a.pdf", "found it")])
            .say("Yes.")
    };
    let server = serve(Script::new().turn(turn()).turn(turn())).await;
    let (assistant, thread) = conversation(&server).await;
    let body = json!({ "assistant_id": assistant, "stream": true });
    let runs = format!("/threads/{thread}/runs");
    let response = http::send(&server, "POST", &runs, &body).await;
    assert!(!response.body.contains("found it"));
    let runs =
        format!("{runs}?include[]=step_details.tool_calls[*].file_search.results[*].content");
    let response = http::send(&server, "POST", &runs, &body).await;
    assert!(response.body.contains("found it"));
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_streams_are_independent() {
    let server = serve(Echo).await;
    let assistant = text(&post(&server, "/assistants", json!({ "model": "m" })).await["id"]);
    let client = server.client();
    let streams = (0..300).map(|number| {
        let (client, assistant) = (client.clone(), assistant.clone());
        tokio::spawn(async move {
            let text = format!("This is number {number}.");
            let message = CreateMessageRequest::builder()
                .role(MessageRole::User)
                .content(text.as_str());
            let body = CreateRunRequest::builder()
                .assistant_id(assistant)
                .additional_messages([message]);
            let thread = client
                .create_thread()
                .send()
                .await
                .expect("the thread is created");
            let events = client
                .create_run()
                .thread_id(thread.id)
                .body(body)
                .stream()
                .await;
            let outcome = events
                .expect("the stream opens")
                .accumulate()
                .finish()
                .await;
            assert_eq!(outcome.expect("the run completes").text(), text);
        })
    });
    for stream in streams.collect::<Vec<_>>() {
        stream.await.expect("the task succeeds");
    }
}
