//! The spans of followed runs and of their tool calls.

use std::future::ready;

use serde_json::{Value, json};

use super::{Spans, assert_fields};
use crate::runs::support::{follow, list, message, outcome, reply};
use crate::support::{DONE, ScriptedServer, event_stream, json_response, response, run, run_event};

fn completed() -> Value {
    let mut run = run("completed");
    run["usage"] = json!({ "prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10 });
    run
}

#[tokio::test]
async fn a_followed_run_contains_its_calls() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([
        json_response(&run("queued")),
        json_response(&completed()),
        list(&[message("msg_1", "four")]),
        list(&[]),
    ])
    .await;
    follow(&server.client()).outcome().await.unwrap();
    let calls = spans.tree();
    let calls: Vec<_> = calls.iter().filter(|name| !name.contains(" /")).collect();
    let expected = [
        "invoke_agent",
        "  createRun",
        "  getRun",
        "  listMessages",
        "  listRunSteps",
    ];
    assert_eq!(calls, expected);
    let all = spans.all();
    assert_eq!(all[0].level, "INFO");
    assert_eq!(all[0].field("server.address"), "127.0.0.1");
    assert_fields(
        &all[0],
        &[
            ("otel.kind", "client"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.operation.name", "invoke_agent"),
            ("gen_ai.conversation.id", "thread_1"),
            ("gen_ai.agent.id", "asst_1"),
            ("gen_ai.request.model", "m"),
            ("gen_ai.usage.input_tokens", "7"),
            ("gen_ai.usage.output_tokens", "3"),
            ("assistants.run.id", "run_1"),
            ("assistants.run.status", "completed"),
        ],
    );
    assert!(all.iter().all(|span| span.has_ended));
}

#[tokio::test]
async fn the_span_of_a_streamed_run_ends_with_its_events() {
    let (spans, _guard) = Spans::collect();
    let events = [
        run_event(&run("queued")),
        run_event(&completed()),
        DONE.to_owned(),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let mut stream = follow(&server.client()).stream().await.unwrap();
    assert_eq!(spans.tree()[..2], ["invoke_agent", "  createRun"]);
    assert!(!spans.all()[0].has_ended);
    while stream.try_next().await.unwrap().is_some() {}
    let run = &spans.all()[0];
    assert!(run.has_ended);
    assert_eq!(run.field("gen_ai.usage.output_tokens"), "3");
    assert_eq!(run.field("gen_ai.agent.id"), "asst_1");
    assert_eq!(run.field("otel.status_code"), "");
}

#[tokio::test]
async fn a_run_that_fails_is_an_error_with_its_code() {
    for (status, code, expected) in [
        ("failed", Some("rate_limit_exceeded"), "rate_limit_exceeded"),
        ("failed", None, "failed"),
        ("expired", None, "expired"),
        ("cancelled", None, ""),
        ("incomplete", None, ""),
    ] {
        for streams in [false, true] {
            let (spans, _guard) = Spans::collect();
            let mut run = run(status);
            run["last_error"] =
                code.map_or(Value::Null, |code| json!({ "code": code, "message": "m" }));
            let server = ScriptedServer::start([reply(&run, streams), list(&[])]).await;
            outcome(follow(&server.client()), streams).await.unwrap();
            let span = &spans.all()[0];
            assert_eq!(span.field("assistants.run.status"), status);
            assert_eq!(span.field("error.type"), expected, "{status}");
            assert_eq!(
                span.field("otel.status_code").is_empty(),
                expected.is_empty()
            );
        }
    }
}

#[tokio::test]
async fn a_follow_that_fails_has_its_error() {
    for streams in [false, true] {
        let (spans, _guard) = Spans::collect();
        let server =
            ScriptedServer::start([reply(&run("queued"), streams), response(404, "", "")]).await;
        let follow = follow(&server.client()).interval(std::time::Duration::from_secs(9));
        outcome(follow, streams).await.unwrap_err();
        let span = &spans.all()[0];
        assert!(span.has_ended);
        assert_eq!(span.field("assistants.run.id"), "run_1");
        assert_eq!(span.field("gen_ai.agent.id"), "asst_1");
        assert_eq!(span.field("otel.status_code"), "ERROR");
        let expected = if streams { "stream_ended" } else { "404" };
        assert_eq!(span.field("error.type"), expected);
    }
}

#[tokio::test]
async fn a_first_request_that_fails_is_the_error_of_the_run() {
    for streams in [false, true] {
        let (spans, _guard) = Spans::collect();
        let server = ScriptedServer::start([response(401, "", "")]).await;
        outcome(follow(&server.client()), streams)
            .await
            .unwrap_err();
        let expected = [
            "invoke_agent",
            "  createRun",
            "    POST /threads/{thread_id}/runs",
        ];
        assert_eq!(spans.tree(), expected);
        assert_eq!(spans.all()[0].field("gen_ai.agent.id"), "asst_1");
        for span in spans.all() {
            assert_eq!(span.field("error.type"), "401");
        }
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_at_once_has_no_call() {
    for streams in [false, true] {
        let (spans, _guard) = Spans::collect();
        let server = ScriptedServer::start([reply(&run("queued"), streams)]).await;
        let follow = follow(&server.client()).cancel_on(ready(()));
        outcome(follow, streams).await.unwrap_err();
        assert_eq!(spans.tree(), ["invoke_agent"]);
    }
}

#[tokio::test]
async fn a_run_that_creates_its_thread_learns_the_conversation() {
    let (spans, _guard) = Spans::collect();
    let server = ScriptedServer::start([json_response(&completed())]).await;
    let body =
        openai_assistants::types::CreateThreadAndRunRequest::builder().assistant_id("asst_1");
    let create = server.client().create_thread_and_run().body(body);
    create.follow().wait().await.unwrap();
    assert_eq!(spans.all()[0].field("gen_ai.conversation.id"), "thread_1");
    assert_eq!(spans.all()[1].field("gen_ai.conversation.id"), "");
}
