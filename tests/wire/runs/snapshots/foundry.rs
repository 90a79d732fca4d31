//! Snapshots of what Foundry adds: tool calls in steps, and citations of web pages.

use openai_assistants::types::{RunStepDetails, RunStepToolCall, TextAnnotation};
use serde_json::{Value, json};

use super::support::{
    accumulate, message_delta, open, read, run_requiring, step, step_delta, tool_calls,
};
use crate::support::event;

/// Two deltas of a call, and the call that they make.
fn calls() -> Vec<(Value, Value, Value)> {
    let texts = |kind: &str| {
        (
            json!({ "type": kind, kind: { "input": "moor", "output": "3" } }),
            json!({ "type": kind, kind: { "input": "ing", "output": " docs" } }),
            json!({ "type": kind, kind: { "input": "mooring", "output": "3 docs" } }),
        )
    };
    let kinds = [
        "azure_ai_search",
        "bing_custom_search",
        "bing_grounding",
        "deep_research",
        "fabric_dataagent",
        "openapi",
        "sharepoint_grounding",
    ];
    let mut calls: Vec<_> = kinds.into_iter().map(texts).collect();
    let function = |arguments: &str, output: &str| json!({ "type": "azure_function", "azure_function": { "name": "tides", "arguments": arguments, "output": output } });
    calls.push((
        function("{\"a\"", "1"),
        function(":1}", "2"),
        function("{\"a\":1}", "12"),
    ));
    let agent = |arguments: &str, run: &str| json!({ "type": "connected_agent", "connected_agent": { "name": "pilot", "arguments": arguments, "run_id": run } });
    calls.push((
        agent("{", "run_2"),
        agent("}", "run_2"),
        agent("{}", "run_2"),
    ));
    let mcp = |arguments: &str, output: &str| json!({ "type": "mcp", "name": "find", "arguments": arguments, "output": output, "server_label": "docs" });
    let mut second = mcp("}", "5");
    second["server_label"].take();
    calls.push((mcp("{", "30"), second, mcp("{}", "305")));
    let step = |number: i64| json!({ "last_step_result": "ok", "current_state": number.to_string(), "next_step": "" });
    let browser = |input: &str, output: &str, steps: Value| json!({ "type": "browser_automation", "browser_automation": { "input": input, "output": output, "steps": steps } });
    calls.push((
        browser("Open", "", json!([step(1)])),
        browser(" it.", "Done.", json!([step(2)])),
        browser("Open it.", "Done.", json!([step(1), step(2)])),
    ));
    let computer =
        |call: Value| json!({ "type": "computer_use_preview", "computer_use_preview": call });
    calls.push((
        computer(json!({ "action": { "type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": 400 }, "output": null })),
        computer(json!({
            "pending_safety_checks": [{ "id": "sc_1" }],
            "output": { "type": "computer_screenshot", "file_id": "file_1" },
        })),
        computer(json!({
            "action": { "type": "scroll", "x": 1, "y": 2, "scroll_x": 0, "scroll_y": 400 },
            "pending_safety_checks": [{ "id": "sc_1" }],
            "output": { "type": "computer_screenshot", "file_id": "file_1" },
        })),
    ));
    calls
}

fn with(mut call: Value, properties: Value) -> Value {
    for (name, value) in properties.as_object().expect("an object") {
        call[name] = value.clone();
    }
    call
}

#[tokio::test]
async fn calls_of_all_tools_are_merged() {
    let calls = calls();
    assert_eq!(calls.len(), 12);
    for (first, second, expected) in calls {
        let run = accumulate(&[
            step_delta(json!([with(first, json!({ "index": 0, "id": "call_1" }))])),
            step_delta(json!([with(second, json!({ "index": 0 }))])),
        ])
        .await;
        let RunStepDetails::ToolCalls(details) = &run.steps()[0].step_details else {
            panic!("{:?}", run.steps());
        };
        let call = &details.tool_calls[0];
        assert!(!matches!(call, RunStepToolCall::Unknown(_)), "{call:?}");
        assert_eq!(json!(call), with(expected, json!({ "id": "call_1" })));
    }
}

#[tokio::test]
async fn deltas_with_a_kind_of_their_own_continue_the_calls() {
    let delta = |kind: &str, call: Value| {
        let details = json!({ "type": kind, "tool_calls": [call] });
        let delta = json!({ "id": "step_1", "delta": { "step_details": details } });
        event("thread.run.step.delta", &delta)
    };
    let mcp = |arguments: &str| json!({ "index": 0, "id": "call_1", "type": "mcp", "name": "find", "arguments": arguments });
    let openapi =
        json!({ "index": 1, "id": "call_2", "type": "openapi", "openapi": { "name": "weather" } });
    let run = accumulate(&[
        delta("mcp", mcp("{")),
        delta("openapi", openapi),
        delta("mcp", mcp("}")),
    ])
    .await;
    assert_eq!(
        tool_calls(&run),
        json!([
            { "id": "call_1", "type": "mcp", "name": "find", "arguments": "{}", "output": "" },
            { "id": "call_2", "type": "openapi", "openapi": { "name": "weather" } },
        ])
    );
}

#[tokio::test]
async fn calls_that_require_approval_are_complete_tool_calls() {
    let call = json!({ "id": "call_1", "type": "mcp", "name": "find", "arguments": "{}", "server_label": "docs" });
    let mut requiring = run_requiring(json!([]));
    requiring["required_action"] = json!({
        "type": "submit_tool_approval", "submit_tool_approval": { "tool_calls": [call] },
    });
    let mut executed = step("completed", json!([call]));
    executed["step_details"]["tool_calls"][0]["output"] = json!("3 docs");
    let events = [
        event("thread.run.requires_action", &requiring),
        event("thread.run.step.completed", &executed),
    ];
    let mut run = open(&events).await;
    read(&mut run, 1).await;
    let calls = run.take_tool_calls();
    let [call] = calls.as_slice() else {
        panic!("{calls:?}");
    };
    let RunStepToolCall::Mcp(mcp) = &call.call else {
        panic!("{call:?}");
    };
    assert_eq!((mcp.name.as_str(), mcp.arguments.as_str()), ("find", "{}"));
    // The server makes the call after the approval.
    read(&mut run, 1).await;
    assert_eq!(run.steps().len(), 1);
    assert!(run.take_tool_calls().is_empty());
}

#[tokio::test]
async fn citations_of_web_pages_are_merged() {
    let citation = |citation: Value| {
        let annotation = with(citation, json!({ "index": 0, "type": "url_citation" }));
        let text = json!({ "value": "a", "annotations": [annotation] });
        message_delta(json!([{ "index": 0, "type": "text", "text": text }]))
    };
    let run = accumulate(&[
        citation(json!({ "url_citation": { "url": "https://example.com", "title": "Exam" } })),
        citation(json!({ "url_citation": { "title": "ple" }, "start_index": 3, "end_index": 6 })),
    ])
    .await;
    let message = json!(run.messages()[0].content[0]);
    let annotation: TextAnnotation =
        serde_json::from_value(message["text"]["annotations"][0].clone()).expect("an annotation");
    let TextAnnotation::UrlCitation(citation) = annotation else {
        panic!("{annotation:?}");
    };
    assert_eq!(citation.url_citation.url, "https://example.com");
    assert_eq!(citation.url_citation.title.as_deref(), Some("Example"));
    assert_eq!(
        (citation.start_index, citation.end_index),
        (Some(3), Some(6))
    );
}
