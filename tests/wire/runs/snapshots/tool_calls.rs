//! Complete tool calls of a run.

use serde_json::json;

use super::support::{
    accumulate, code_call, function_call, open, read, run_requiring, step, step_delta, step_event,
    take_tool_calls,
};
use crate::support::event;

#[tokio::test]
async fn function_calls_are_complete_when_the_run_requires_action() {
    let calls = json!([function_call("call_1"), function_call("call_2")]);
    let mut run = open(&[
        event("thread.run.step.created", &step("in_progress", json!([]))),
        step_delta(json!([{ "index": 0, "id": "call_1", "type": "function", "function": { "name": "add" } }])),
        event("thread.run.requires_action", &run_requiring(calls)),
    ])
    .await;
    read(&mut run, 2).await;
    assert_eq!(take_tool_calls(&mut run), []);
    read(&mut run, 1).await;
    let mut calls = run.take_tool_calls();
    assert_eq!(calls[0].step_id.as_deref(), Some("step_1"));
    assert_eq!(calls[1].step_id, None);
    let call = json!(calls.remove(0).call);
    assert_eq!(call["function"]["arguments"], "{}");
    assert_eq!(call["function"]["name"], "add");
}

#[tokio::test]
async fn each_call_is_returned_once() {
    let requiring = |calls| event("thread.run.requires_action", &run_requiring(calls));
    let mut run = open(&[
        requiring(json!([function_call("call_1")])),
        requiring(json!([function_call("call_1")])),
        requiring(json!([function_call("call_1"), function_call("call_2")])),
        step_event(
            "completed",
            json!([function_call("call_1"), code_call("call_3")]),
        ),
    ])
    .await;
    read(&mut run, 2).await;
    assert_eq!(take_tool_calls(&mut run), [(None, Some("call_1".into()))]);
    read(&mut run, 2).await;
    let step_id = Some("step_1".to_owned());
    assert_eq!(
        take_tool_calls(&mut run),
        [
            (None, Some("call_2".into())),
            (step_id, Some("call_3".into()))
        ]
    );
    assert_eq!(take_tool_calls(&mut run), []);
}

#[tokio::test]
async fn calls_that_the_server_executes_are_complete_with_their_step() {
    let unknown = json!({ "type": "mcp", "id": "call_2" });
    let without_id = json!({ "type": "mcp" });
    let calls = json!([code_call("call_1"), unknown, without_id]);
    let mut run = open(&[
        step_event("in_progress", calls.clone()),
        step_event("failed", calls.clone()),
        step_event("failed", calls),
    ])
    .await;
    read(&mut run, 1).await;
    assert_eq!(take_tool_calls(&mut run), []);
    read(&mut run, 2).await;
    let step_id = Some("step_1".to_owned());
    assert_eq!(
        take_tool_calls(&mut run),
        [
            (step_id.clone(), Some("call_1".into())),
            (step_id.clone(), Some("call_2".into())),
            (step_id, None),
        ]
    );
}

#[tokio::test]
async fn unknown_events_and_other_required_actions_are_ignored() {
    let mut approval = run_requiring(json!([]));
    approval["required_action"] = json!({ "type": "approve", "approve": {} });
    let mut run = accumulate(&[
        event("thread.shared", &json!({ "id": "thread_1" })),
        event("thread.run.requires_action", &approval),
    ])
    .await;
    assert_eq!(take_tool_calls(&mut run), []);
    assert!(run.messages().is_empty());
}
