//! Events to accumulate, and the resulting snapshots.

use openai_assistants::{RunStream, mock};
use serde_json::{Value, json};

use crate::support::{ScriptedServer, create_run, event, event_stream};

/// Opens the stream of these events. None is read yet.
pub async fn open(events: &[String]) -> RunStream {
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let stream = create_run(&server.client()).stream().await;
    stream.expect("the stream opens").accumulate()
}

/// Reads this many events.
pub async fn read(run: &mut RunStream, count: usize) {
    for _ in 0..count {
        let event = run.try_next().await.expect("the event is accumulated");
        assert!(event.is_some(), "the stream ended");
    }
}

/// Opens the stream of these events and reads all of them.
pub async fn accumulate(events: &[String]) -> RunStream {
    let mut run = open(events).await;
    read(&mut run, events.len()).await;
    run
}

/// A delta of the message `msg_1`.
pub fn message_delta(content: Value) -> String {
    let delta =
        json!({ "id": "msg_1", "object": "thread.message.delta", "delta": { "content": content } });
    event("thread.message.delta", &delta)
}

/// A text part of a delta.
pub fn text(index: i64, value: &str) -> Value {
    json!({ "index": index, "type": "text", "text": { "value": value } })
}

/// A text part of a message.
pub fn text_part(value: &str) -> Value {
    json!({ "type": "text", "text": { "value": value, "annotations": [] } })
}

/// The message `msg_1` with this status and content.
pub fn message(status: &str, content: Value) -> Value {
    let mut message = json!(mock::message());
    message["status"] = status.into();
    message["content"] = content;
    message
}

/// The event of the message `msg_1` with this status and content.
pub fn message_event(status: &str, content: Value) -> String {
    event(
        &format!("thread.message.{status}"),
        &message(status, content),
    )
}

/// A delta of the tool calls of the step `step_1`.
pub fn step_delta(tool_calls: Value) -> String {
    let details = json!({ "type": "tool_calls", "tool_calls": tool_calls });
    let delta = json!({ "id": "step_1", "delta": { "step_details": details } });
    event("thread.run.step.delta", &delta)
}

/// The step `step_1` with this status and these tool calls.
pub fn step(status: &str, tool_calls: Value) -> Value {
    let mut step = json!(mock::run_step());
    step["status"] = status.into();
    step["type"] = "tool_calls".into();
    step["step_details"] = json!({ "type": "tool_calls", "tool_calls": tool_calls });
    step
}

/// The event of the step `step_1` with this status and these tool calls.
pub fn step_event(status: &str, tool_calls: Value) -> String {
    event(
        &format!("thread.run.step.{status}"),
        &step(status, tool_calls),
    )
}

/// The run with this status.
pub fn run(status: &str) -> Value {
    let mut run = json!(mock::run());
    run["status"] = status.into();
    run
}

/// The run when it requires the outputs of these tool calls.
pub fn run_requiring(tool_calls: Value) -> Value {
    let mut run = run("requires_action");
    run["required_action"] = json!({
        "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": tool_calls },
    });
    run
}

/// A call of the code interpreter.
pub fn code_call(id: &str) -> Value {
    json!({ "id": id, "type": "code_interpreter", "code_interpreter": { "input": "1", "outputs": [] } })
}

/// A call of a function.
pub fn function_call(id: &str) -> Value {
    json!({ "id": id, "type": "function", "function": { "name": "add", "arguments": "{}" } })
}

/// The content of the first message.
pub fn content(run: &RunStream) -> Value {
    json!(run.messages()[0].content)
}

/// The tool calls of the first step.
pub fn tool_calls(run: &RunStream) -> Value {
    json!(run.steps()[0].step_details)["tool_calls"].clone()
}

/// Step ID and call ID of the tool calls that became complete.
pub fn take_tool_calls(run: &mut RunStream) -> Vec<(Option<String>, Option<String>)> {
    let calls = run.take_tool_calls().into_iter();
    calls
        .map(|call| {
            assert_eq!(
                (call.run_id.as_str(), call.thread_id.as_str()),
                ("run_1", "thread_1")
            );
            (call.step_id, call.call.id().map(str::to_owned))
        })
        .collect()
}
