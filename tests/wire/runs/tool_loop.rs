//! The tool loop of a followed run.

use std::error::Error as _;
use std::future::pending;
use std::time::Duration;

use openai_assistants::operations::CreateRun;
use openai_assistants::{Client, Follow, OnToolFailure, ToolError, ToolErrorKind, ToolSet};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::support::{list, outcome, reply};
use crate::support::{
    ManualClock, ScriptedServer, create_run, json_response, response, run, run_requiring, until,
};

/// The default time-out of a tool.
const TOOL_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Deserialize, JsonSchema)]
struct Double {
    number: i64,
}

/// Doubles a number. Zero never completes.
fn tools() -> ToolSet {
    let double = async |arguments: Double| match arguments.number {
        0 => pending().await,
        number => Ok::<_, String>(number * 2),
    };
    ToolSet::builder()
        .function(double)
        .build()
        .expect("the tool is valid")
}

fn follow(client: &Client) -> Follow<CreateRun> {
    create_run(client).follow().tools(&tools())
}

fn call(arguments: &str) -> Value {
    run_requiring(&[("call_1", "double", arguments)])
}

/// The outputs that were submitted, by round.
fn submitted(server: &ScriptedServer) -> Vec<Value> {
    let submissions = server.requests().into_iter();
    let submissions = submissions.filter(|request| request.contains("/submit_tool_outputs "));
    let body = |request: String| {
        let body = request
            .split_once("\r\n\r\n")
            .expect("the request has a body")
            .1;
        serde_json::from_str::<Value>(body).expect("the body is JSON")["tool_outputs"].clone()
    };
    submissions.map(body).collect()
}

#[tokio::test]
async fn the_outputs_of_all_rounds_are_submitted() {
    let server = ScriptedServer::start([
        json_response(&run("queued")),
        json_response(&run_requiring(&[
            ("call_1", "double", r#"{"number": 1}"#),
            ("call_2", "double", r#"{"number": 2}"#),
        ])),
        json_response(&run("queued")),
        json_response(&run_requiring(&[("call_3", "double", r#"{"number": 3}"#)])),
        json_response(&run("completed")),
    ])
    .await;
    let run = follow(&server.client()).wait().await.unwrap();
    assert_eq!(run.status.as_str(), "completed");
    assert_eq!(
        submitted(&server),
        [
            json!([
                { "tool_call_id": "call_1", "output": "2" },
                { "tool_call_id": "call_2", "output": "4" },
            ]),
            json!([{ "tool_call_id": "call_3", "output": "6" }]),
        ]
    );
    assert_eq!(server.requests().len(), 5);
}

#[tokio::test]
async fn failures_are_reported_to_the_model() {
    let calls = run_requiring(&[
        ("call_1", "double", "{}"),
        ("call_2", "triple", "{}"),
        ("call_3", "double", r#"{"number": 4}"#),
    ]);
    let server =
        ScriptedServer::start([json_response(&calls), json_response(&run("completed"))]).await;
    follow(&server.client()).wait().await.unwrap();
    let outputs = submitted(&server).remove(0);
    let error = |position: usize| outputs[position]["output"].as_str().unwrap().to_owned();
    assert!(error(0).contains("missing field `number`"), "{outputs}");
    assert!(error(1).contains("there is no tool `triple`"), "{outputs}");
    assert_eq!(error(2), "8");
}

#[tokio::test]
async fn the_caller_can_abort_on_a_failure() {
    for cancel in [true, false] {
        let server = ScriptedServer::start([json_response(&call("{}"))]).await;
        let error = follow(&server.client())
            .on_tool_failure(|_| OnToolFailure::Abort)
            .cancel_run(cancel)
            .wait()
            .await
            .expect_err("the arguments are invalid");
        assert!(error.is_tool());
        assert_eq!(error.run_id(), Some("run_1"));
        let cause = error.source().and_then(|cause| cause.downcast_ref());
        let cause: &ToolError = cause.expect("the cause is kept");
        assert_eq!(cause.kind(), ToolErrorKind::BadArguments);
        assert!(submitted(&server).is_empty());
        let lines = server.request_lines();
        let cancels = lines.iter().filter(|line| line.ends_with("/cancel"));
        assert_eq!(cancels.count(), usize::from(cancel), "{lines:?}");
        let active =
            "; the run waits for outputs until it expires: cancel it, or set `cancel_run(true)`";
        assert_eq!(error.to_string().ends_with(active), !cancel, "{error}");
    }
}

#[tokio::test]
async fn the_number_of_rounds_is_limited() {
    let rounds = ["1", "2", "3", "4"];
    let rounds = rounds.map(|round| json_response(&call(&format!(r#"{{"number": {round}}}"#))));
    let server = ScriptedServer::start(rounds).await;
    let error = follow(&server.client())
        .max_rounds(3)
        .wait()
        .await
        .expect_err("there are too many rounds");
    assert!(error.is_tool() && error.run_id() == Some("run_1"));
    assert!(error.to_string().contains("more than 3 rounds"), "{error}");
    assert_eq!(submitted(&server).len(), 3);
}

#[tokio::test]
async fn other_required_actions_are_left_to_the_caller() {
    let mut approval = run("requires_action");
    approval["required_action"] = json!({ "type": "submit_tool_approval", "calls": [] });
    for blocked in [approval, run_requiring(&[]), run("requires_action")] {
        let server = ScriptedServer::start([json_response(&blocked)]).await;
        let run = follow(&server.client()).wait().await.unwrap();
        assert_eq!(run.status.as_str(), "requires_action");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn without_tools_a_blocked_run_is_returned() {
    let server = ScriptedServer::start([json_response(&call("{}"))]).await;
    let call = create_run(&server.client());
    let run = call.follow().wait().await.unwrap();
    assert!(run.required_action.is_some());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_round_with_a_call_of_an_unknown_kind_is_left_to_the_caller() {
    let unknown = json!({ "id": "call_9", "type": "browser", "browser": {} });
    let function =
        call(r#"{"number": 1}"#)["required_action"]["submit_tool_outputs"]["tool_calls"][0].clone();
    for calls in [json!([unknown]), json!([function, unknown])] {
        let mut blocked = call("{}");
        blocked["required_action"]["submit_tool_outputs"]["tool_calls"] = calls;
        let server = ScriptedServer::start([json_response(&blocked)]).await;
        let run = follow(&server.client()).wait().await.unwrap();
        assert_eq!(run.status.as_str(), "requires_action");
        assert_eq!(server.requests().len(), 1);

        for streams in [false, true] {
            let responses = [reply(&blocked, streams), list(&[])];
            let server = ScriptedServer::start(responses).await;
            let outcome = outcome(follow(&server.client()), streams).await.unwrap();
            assert_eq!(outcome.run.status.as_str(), "requires_action");
            assert!(submitted(&server).is_empty(), "the model is told nothing");
        }
    }
}

#[tokio::test]
async fn a_hanging_tool_times_out() {
    let hanging = json_response(&call(r#"{"number": 0}"#));
    let server = ScriptedServer::start([hanging, json_response(&run("completed"))]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let limits = [Duration::from_secs(5), Duration::from_secs(90)];
    let work = follow(&client).tool_timeout(limits[0]).deadline(limits[1]);
    let work = tokio::spawn(work.wait());
    until(|| clock.timeouts().contains(&limits[0])).await;
    clock.expire_timeouts_of(limits[0]);
    let run = work.await.unwrap().unwrap();
    assert_eq!(run.status.as_str(), "completed");
    let outputs = submitted(&server).remove(0);
    assert!(outputs.to_string().contains("after 5s"), "{outputs}");
}

#[tokio::test]
async fn the_deadline_includes_the_tools() {
    let server = ScriptedServer::start([
        json_response(&call(r#"{"number": 0}"#)),
        json_response(&run("cancelling")),
    ])
    .await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let limit = Duration::from_secs(90);
    let work = follow(&client).deadline(limit).cancel_run(true).wait();
    let work = tokio::spawn(work);
    until(|| clock.timeouts().contains(&TOOL_TIMEOUT)).await;
    clock.expire_timeouts_of(limit);
    let error = work.await.unwrap().expect_err("the deadline passes");
    assert!(error.is_timeout() && error.run_id() == Some("run_1"));
    let last = server.request_lines().pop().unwrap();
    assert_eq!(last, "POST /v1/threads/thread_1/runs/run_1/cancel");
}

#[tokio::test]
async fn a_submission_whose_response_was_lost_is_not_an_error() {
    let rejected =
        r#"{"error":{"message":"Runs in status \"in_progress\" do not accept tool outputs."}}"#;
    let server = ScriptedServer::start([
        json_response(&call(r#"{"number": 1}"#)),
        response(503, "", ""),
        response(400, "", rejected),
        json_response(&run("in_progress")),
        json_response(&run("completed")),
    ])
    .await;
    let run = follow(&server.client()).wait().await.unwrap();
    assert_eq!(run.status.as_str(), "completed");
    assert_eq!(submitted(&server).len(), 2);

    let server = ScriptedServer::start([
        json_response(&call(r#"{"number": 1}"#)),
        response(400, "", rejected),
    ])
    .await;
    let error = follow(&server.client()).wait().await;
    assert!(
        error
            .expect_err("the only attempt is rejected")
            .is_bad_request()
    );
}
