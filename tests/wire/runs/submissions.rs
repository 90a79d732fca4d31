//! Submissions of tool outputs that fail, and stale states after them.
//!
//! Each test runs with polling and with streaming.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openai_assistants::{Credentials, Error, Tool, ToolSet};
use serde_json::{Value, json};

use super::support::{cancelling, follow, is_cancelled, list, message, outcome, reply};
use crate::support::{ManualClock, ScriptedServer, json_response, response, run, run_requiring};

/// A tool that pays, and how often it did.
fn pay() -> (ToolSet, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let schema = json!({ "type": "object", "properties": {} });
    let pay = Tool::dynamic("pay", "Pays.", schema, move |_: Value| {
        counter.fetch_add(1, Ordering::Relaxed);
        async { Ok::<_, String>("paid") }
    });
    let tools = ToolSet::builder().tool(pay).build();
    (tools.expect("the tool is valid"), count)
}

fn blocked() -> Value {
    run_requiring(&[("call_1", "pay", r#"{"euros":5}"#)])
}

fn refused(reason: &str) -> String {
    response(
        400,
        "",
        &json!({ "error": { "message": reason } }).to_string(),
    )
}

fn submissions(server: &ScriptedServer) -> usize {
    let lines = server.request_lines();
    let submissions = lines
        .iter()
        .filter(|line| line.ends_with("/submit_tool_outputs"));
    submissions.count()
}

/// The responses that fetch messages and steps.
fn lists() -> [String; 2] {
    [list(&[message("msg_1", "It is paid.")]), list(&[])]
}

/// A script: the run blocked on a call, then these responses.
async fn server(streams: bool, responses: &[String]) -> ScriptedServer {
    let first = [reply(&blocked(), streams)];
    ScriptedServer::start(first.into_iter().chain(responses.iter().cloned())).await
}

#[tokio::test]
async fn calls_that_were_answered_are_not_executed_again() {
    for streams in [false, true] {
        let stale = json_response(&blocked());
        let [messages, steps] = lists();
        let completed = json_response(&run("completed"));
        let answer = reply(&blocked(), streams);
        let server = server(
            streams,
            &[answer, stale.clone(), stale, completed, messages, steps],
        )
        .await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let (tools, paid) = pay();
        let outcome = outcome(follow(&client).tools(&tools), streams)
            .await
            .unwrap();
        assert_eq!(outcome.text(), "It is paid.");
        assert_eq!(paid.load(Ordering::Relaxed), 1);
        assert_eq!(submissions(&server), 1);
        assert_eq!(clock.sleeps(), [Duration::from_secs(1); 3]);
    }
}

#[tokio::test]
async fn an_earlier_state_of_several_rounds_executes_nothing() {
    for streams in [false, true] {
        let round = |id| run_requiring(&[(id, "pay", "{}")]);
        let stale = |id| json_response(&round(id));
        let [messages, steps] = lists();
        let server = ScriptedServer::start([
            reply(&round("call_1"), streams),
            reply(&round("call_2"), streams),
            reply(&round("call_1"), streams),
            stale("call_2"),
            stale("call_1"),
            json_response(&run("completed")),
            messages,
            steps,
        ])
        .await;
        let (tools, paid) = pay();
        let work = follow(&server.client()).tools(&tools);
        let outcome = outcome(work, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(paid.load(Ordering::Relaxed), 2);
        assert_eq!(submissions(&server), 2);
    }
}

#[tokio::test]
async fn a_call_that_is_repeated_beside_a_new_one_keeps_its_output() {
    for streams in [false, true] {
        let both = run_requiring(&[("call_1", "pay", "{}"), ("call_2", "pay", "{}")]);
        let server = ScriptedServer::start([
            reply(&run_requiring(&[("call_1", "pay", "{}")]), streams),
            reply(&both, streams),
            reply(&run("completed"), streams),
            list(&[]),
        ])
        .await;
        let (tools, paid) = pay();
        let work = follow(&server.client()).tools(&tools);
        outcome(work, streams).await.unwrap();
        assert_eq!(paid.load(Ordering::Relaxed), 2);
        let last = server.requests()[2].clone();
        assert!(last.contains("call_1") && last.contains("call_2"), "{last}");
    }
}

#[tokio::test]
async fn a_refused_submission_is_an_error_if_the_run_still_waits() {
    for streams in [false, true] {
        for first in [
            response(429, "retry-after-ms: 1\r\n", ""),
            response(401, "", ""),
        ] {
            let refusal = refused("Missing outputs.");
            let waiting = json_response(&blocked());
            let server = server(streams, &[first, refusal, waiting]).await;
            let clock = ManualClock::default();
            let builder = server.builder(&clock);
            let tokens = AtomicUsize::new(0);
            let credentials = Credentials::from_fn(move || {
                let number = tokens.fetch_add(1, Ordering::Relaxed);
                async move { Ok::<_, Error>(format!("token-{number}")) }
            });
            let client = builder.credentials(credentials).build().unwrap();
            let (tools, paid) = pay();
            let error = outcome(follow(&client).tools(&tools), streams).await;
            let error = error.expect_err("the outputs are refused");
            assert!(error.is_bad_request(), "{error}");
            assert_eq!(error.message(), "Missing outputs.");
            assert_eq!(error.operation(), Some("submitToolOuputsToRun"));
            assert_eq!(error.run_id(), Some("run_1"));
            assert_eq!(paid.load(Ordering::Relaxed), 1);
            assert_eq!(submissions(&server), 2);
        }
    }
}

#[tokio::test]
async fn a_token_provider_may_fail_at_a_submission() {
    for streams in [false, true] {
        let waiting = json_response(&blocked());
        let completed = reply(&run("completed"), streams);
        let server = server(streams, &[waiting, completed, list(&[])]).await;
        let count = AtomicUsize::new(0);
        let credentials = Credentials::from_fn(move || {
            let number = count.fetch_add(1, Ordering::Relaxed);
            async move {
                match number {
                    1 | 2 => Err("the vault is closed"),
                    _ => Ok(format!("token-{number}")),
                }
            }
        });
        let clock = ManualClock::default();
        let builder = server.builder(&clock).credentials(credentials);
        let client = builder.build().unwrap();
        let (tools, paid) = pay();
        let work = follow(&client).tools(&tools).cancel_run(true);
        let outcome = outcome(work, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(paid.load(Ordering::Relaxed), 1);
        assert_eq!(submissions(&server), 1, "the first one was not sent");
        assert!(!is_cancelled(&server));
        assert_eq!(clock.sleeps(), [Duration::from_secs(1); 2]);
    }
}

/// Responses to a submission that was accepted: it is not repeated, or its repetition is refused.
fn lost_submissions() -> Vec<(bool, Vec<String>)> {
    let lost = vec![response(502, "retry-after-ms: 1\r\n", "")];
    let refusal = refused("Runs in status \"in_progress\" do not accept tool outputs.");
    let repeated = vec![response(503, "retry-after-ms: 1\r\n", ""), refusal];
    [false, true]
        .into_iter()
        .flat_map(|streams| [(streams, lost.clone()), (streams, repeated.clone())])
        .collect()
}

#[tokio::test]
async fn a_submission_whose_response_was_lost_continues() {
    for (streams, mut responses) in lost_submissions() {
        responses.extend(["in_progress", "completed"].map(|status| json_response(&run(status))));
        responses.extend(lists());
        let server = server(streams, &responses).await;
        let (tools, paid) = pay();
        let work = follow(&server.client()).tools(&tools).cancel_run(true);
        let outcome = outcome(work, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(outcome.text(), "It is paid.");
        assert!(!is_cancelled(&server));
        assert_eq!(paid.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn what_is_fetched_with_an_unknown_status_is_part_of_the_outcome() {
    let mut paid = message("msg_1", "It is paid.");
    paid["status"] = "archived".into();
    let creation = json!({ "message_id": "msg_1" });
    let step = json!({
        "id": "step_1", "run_id": "run_1", "status": "archived", "type": "message_creation",
        "step_details": { "type": "message_creation", "message_creation": creation },
    });
    for streams in [false, true] {
        let completed = json_response(&run("completed"));
        let lists = [&paid, &step].map(|item| list(std::slice::from_ref(item)));
        let responses = [vec![response(502, "", ""), completed], lists.to_vec()];
        let server = server(streams, &responses.concat()).await;
        let (tools, _) = pay();
        let work = follow(&server.client()).tools(&tools);
        let outcome = outcome(work, streams).await.unwrap();
        assert_eq!(outcome.text(), "It is paid.");
        let statuses = outcome.steps.iter().map(|step| step.status.as_str());
        assert_eq!(statuses.collect::<Vec<_>>(), ["archived"]);
    }
}

#[tokio::test]
async fn a_run_that_expires_while_its_tools_run_is_returned() {
    for streams in [false, true] {
        let refusal = refused("Runs in status \"expired\" do not accept tool outputs.");
        let expired = json_response(&run("expired"));
        let server = server(streams, &[refusal, expired, list(&[])]).await;
        let (tools, _) = pay();
        let work = follow(&server.client()).tools(&tools).cancel_run(true);
        let outcome = outcome(work, streams).await.unwrap();
        assert_eq!(outcome.run.status.as_str(), "expired");
        assert!(!is_cancelled(&server));
    }
}

#[tokio::test]
async fn the_same_outputs_are_submitted_again_after_a_transient_failure() {
    for streams in [false, true] {
        let down = response(503, "retry-after: 4\r\n", "");
        let waiting = json_response(&blocked());
        let completed = reply(&run("completed"), streams);
        let server = server(
            streams,
            &[down, down_again(), waiting, completed, list(&[])],
        )
        .await;
        let clock = ManualClock::default();
        let retry = openai_assistants::RetryPolicy::default().max_retries(1);
        let client = server.builder(&clock).retry(retry).build().unwrap();
        let (tools, paid) = pay();
        let outcome = outcome(follow(&client).tools(&tools), streams)
            .await
            .unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(paid.load(Ordering::Relaxed), 1);
        assert_eq!(submissions(&server), 3);
        assert_eq!(
            clock.sleeps(),
            [Duration::from_secs(4), Duration::from_secs(9)]
        );
    }
}

#[tokio::test]
async fn a_state_that_may_be_stale_does_not_confirm_a_submission() {
    for streams in [false, true] {
        for status in ["in_progress", "brand_new"] {
            let lost = response(502, "", "");
            let states = [run(status), blocked()].map(|run| json_response(&run));
            let completed = reply(&run("completed"), streams);
            let [stale, waiting] = states;
            let responses = [lost, stale, waiting, completed, list(&[])];
            let server = server(streams, &responses).await;
            let (tools, paid) = pay();
            let work = follow(&server.client()).tools(&tools);
            let outcome = outcome(work, streams).await.unwrap();
            assert_eq!(outcome.run.status.as_str(), "completed");
            assert_eq!(paid.load(Ordering::Relaxed), 1);
            assert_eq!(submissions(&server), 2);
        }
    }
}

fn down_again() -> String {
    response(503, "retry-after: 9\r\n", "")
}

#[tokio::test]
async fn a_new_round_after_a_lost_response_is_executed() {
    for (streams, mut responses) in lost_submissions() {
        let next = run_requiring(&[("call_2", "pay", "{}")]);
        let completed = reply(&run("completed"), streams);
        responses.extend([json_response(&next), completed, list(&[])]);
        let server = server(streams, &responses).await;
        let (tools, paid) = pay();
        let work = follow(&server.client()).tools(&tools);
        outcome(work, streams).await.unwrap();
        assert_eq!(paid.load(Ordering::Relaxed), 2);
    }
}

#[tokio::test]
async fn a_submission_without_a_readable_response_is_not_repeated() {
    for streams in [false, true] {
        let page = response(200, "content-type: text/html\r\n", "<html>");
        let [messages, steps] = lists();
        let completed = json_response(&run("completed"));
        let server = server(streams, &[page, completed, messages, steps]).await;
        let (tools, _) = pay();
        let work = follow(&server.client()).tools(&tools);
        let outcome = outcome(work, streams).await.unwrap();
        assert_eq!(outcome.text(), "It is paid.");
        assert_eq!(submissions(&server), 1);
    }
}

#[tokio::test]
async fn a_submission_by_the_caller_whose_response_was_lost_continues() {
    let submit = async |responses: Vec<String>| {
        let server = ScriptedServer::start(responses).await;
        let submit = server.client().submit_tool_outputs_to_run();
        let submit = submit.thread_id("thread_1").run_id("run_1");
        let outputs = serde_json::from_value::<openai_assistants::types::SubmitToolOutputsRunRequest>(
            json!({ "tool_outputs": [{ "tool_call_id": "call_1", "output": "paid" }] }),
        );
        let result = submit.body(outputs.unwrap()).follow().wait().await;
        (
            result.map(|run| run.status.to_string()),
            server.requests().len(),
        )
    };
    let lost = |status| response(status, "retry-after-ms: 1\r\n", "");
    let completed = json_response(&run("completed"));
    let (status, _) = submit(vec![lost(503), refused("No."), completed.clone()]).await;
    assert_eq!(status.unwrap(), "completed");
    let (status, requests) = submit(vec![lost(502), completed]).await;
    assert_eq!((status.unwrap().as_str(), requests), ("completed", 2));
    let (error, _) = submit(vec![lost(503), refused("No."), json_response(&blocked())]).await;
    assert_eq!(error.expect_err("the run still waits").message(), "No.");
    let (error, requests) = submit(vec![refused("No."), cancelling()]).await;
    assert_eq!(error.expect_err("it was refused").message(), "No.");
    assert_eq!(requests, 1);
}
