//! Snapshots of run steps.

use serde_json::{Value, json};

use super::support::{accumulate, code_call, step, step_delta, step_event, tool_calls};
use crate::support::event;

#[tokio::test]
async fn function_calls_are_merged_by_their_index() {
    let call = |index: i64, function: Value| {
        step_delta(
            json!([{ "index": index, "id": format!("call_{index}"), "type": "function", "function": function }]),
        )
    };
    let run = accumulate(&[
        event("thread.run.step.created", &step("in_progress", json!([]))),
        call(0, json!({ "name": "add", "arguments": "", "output": null })),
        call(1, json!({ "name": "sub", "arguments": "{" })),
        call(0, json!({ "name": "add", "arguments": "{\"a\"" })),
        step_delta(json!([{ "index": 0, "type": "function", "function": { "arguments": ":1}" } }])),
        call(1, json!({ "arguments": "}", "output": "5" })),
    ])
    .await;
    assert_eq!(
        tool_calls(&run),
        json!([
            { "id": "call_0", "type": "function", "function": { "name": "add", "arguments": "{\"a\":1}", "output": null } },
            { "id": "call_1", "type": "function", "function": { "name": "sub", "arguments": "{}", "output": "5" } },
        ])
    );
    assert_eq!(run.steps()[0].run_id, "run_1");
}

#[tokio::test]
async fn code_interpreter_calls_are_merged_with_their_outputs() {
    let call = |code: Value| {
        step_delta(
            json!([{ "index": 0, "id": "call_1", "type": "code_interpreter", "code_interpreter": code }]),
        )
    };
    let run = accumulate(&[
        call(json!({ "input": "print(", "outputs": [] })),
        call(json!({ "input": "1)" })),
        call(json!({ "outputs": [{ "index": 1, "type": "image", "image": { "file_id": "file_1" } }] })),
        call(json!({ "outputs": [{ "index": 0, "type": "logs", "logs": "1" }] })),
        call(json!({ "outputs": [{ "index": 0, "type": "logs", "logs": "\n" }] })),
    ])
    .await;
    assert_eq!(
        tool_calls(&run),
        json!([{ "id": "call_1", "type": "code_interpreter", "code_interpreter": {
            "input": "print(1)",
            "outputs": [
                { "type": "logs", "logs": "1\n" },
                { "type": "image", "image": { "file_id": "file_1" } },
            ],
        } }])
    );
}

#[tokio::test]
async fn a_message_creation_keeps_the_message_id() {
    let details =
        json!({ "type": "message_creation", "message_creation": { "message_id": "msg_1" } });
    let delta = json!({ "id": "step_1", "delta": { "step_details": details } });
    let delta = event("thread.run.step.delta", &delta);
    let run = accumulate(&[delta.clone(), delta]).await;
    assert_eq!(json!(run.steps()[0].step_details), details);
}

#[tokio::test]
async fn the_final_event_replaces_the_deltas() {
    for status in ["completed", "failed", "cancelled", "expired"] {
        let run = accumulate(&[
            event("thread.run.step.created", &step("in_progress", json!([]))),
            step_delta(
                json!([{ "index": 0, "type": "function", "function": { "arguments": "{" } }]),
            ),
            step_event(status, json!([code_call("call_1")])),
        ])
        .await;
        assert_eq!(run.steps().len(), 1);
        assert_eq!(run.steps()[0].status.as_str(), status);
        assert_eq!(tool_calls(&run), json!([code_call("call_1")]));
    }
}
