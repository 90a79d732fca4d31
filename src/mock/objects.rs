//! Ready-made objects, deserialized from JSON as a server would send it.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::run::outcome::RunOutcome;
use crate::run::tool_call::ToolCall;
use crate::types;

/// Deserializes an object, as from a response of a server.
pub(super) fn decode<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("the ready-made object matches the document")
}

/// Returns an assistant without tools.
#[must_use]
pub fn assistant() -> types::AssistantObject {
    decode(json!({
        "id": "asst_1",
        "object": "assistant",
        "created_at": 1_700_000_000,
        "name": "Tutor",
        "description": null,
        "model": "gpt-4o",
        "instructions": "You are a patient tutor.",
        "tools": [],
        "metadata": {},
    }))
}

/// Returns an empty thread.
#[must_use]
pub fn thread() -> types::ThreadObject {
    decode(json!({
        "id": "thread_1",
        "object": "thread",
        "created_at": 1_700_000_001,
        "tool_resources": null,
        "metadata": {},
    }))
}

/// Returns a message of the assistant: "2 + 2 = 4".
#[must_use]
pub fn message() -> types::MessageObject {
    decode(json!({
        "id": "msg_1",
        "object": "thread.message",
        "created_at": 1_700_000_003,
        "thread_id": "thread_1",
        "status": "completed",
        "incomplete_details": null,
        "completed_at": 1_700_000_004,
        "incomplete_at": null,
        "role": "assistant",
        "content": [text("2 + 2 = 4")],
        "assistant_id": "asst_1",
        "run_id": "run_1",
        "attachments": [],
        "metadata": {},
    }))
}

/// Returns a text part of a message, without annotations.
#[must_use]
pub fn text(value: &str) -> types::MessageContent {
    decode(json!({ "type": "text", "text": { "value": value, "annotations": [] } }))
}

/// Returns a text part of a message, with annotations.
///
/// An annotation gets the position of its text, if that occurs in the value.
///
/// # Examples
///
/// ```
/// use openai_assistants::mock;
///
/// let mut message = mock::message();
/// message.content = vec![mock::annotated_text(
///     "Tea is at 4【0†plan】.",
///     [mock::file_citation("【0†plan】", "file_1")],
/// )];
/// let json = serde_json::to_value(&message).unwrap();
/// assert_eq!(json["content"][0]["text"]["annotations"][0]["start_index"], 11);
/// ```
#[must_use]
pub fn annotated_text(
    value: &str,
    annotations: impl IntoIterator<Item = types::TextAnnotation>,
) -> types::MessageContent {
    let annotations = annotations.into_iter().map(|annotation| {
        let mut annotation = json!(annotation);
        let text = annotation["text"].as_str().unwrap_or_default();
        if let Some(start) = value.find(text) {
            let count = |text: &str| text.chars().count();
            let (start, length) = (count(&value[..start]), count(text));
            annotation["start_index"] = start.into();
            annotation["end_index"] = (start + length).into();
        }
        annotation
    });
    let annotations: Vec<_> = annotations.collect();
    decode(json!({ "type": "text", "text": { "value": value, "annotations": annotations } }))
}

/// Returns an annotation that cites a file, for [`annotated_text`].
#[must_use]
pub fn file_citation(text: &str, file_id: &str) -> types::TextAnnotation {
    annotation("file_citation", text, file_id)
}

/// Returns an annotation with the path of a file that a tool created, for [`annotated_text`].
#[must_use]
pub fn file_path(text: &str, file_id: &str) -> types::TextAnnotation {
    annotation("file_path", text, file_id)
}

fn annotation(kind: &str, text: &str, file_id: &str) -> types::TextAnnotation {
    let end = text.chars().count();
    decode(json!({
        "type": kind, "text": text, kind: { "file_id": file_id }, "start_index": 0, "end_index": end,
    }))
}

/// Returns a refusal of the model, as a part of a message.
#[must_use]
pub fn refusal(text: &str) -> types::MessageContent {
    decode(json!({ "type": "refusal", "refusal": text }))
}

/// Returns a delta of [`message()`] that appends to its first part.
#[must_use]
pub fn message_delta(text: &str) -> types::MessageDeltaObject {
    decode(json!({
        "id": "msg_1",
        "object": "thread.message.delta",
        "delta": { "content": [{ "index": 0, "type": "text", "text": { "value": text } }] },
    }))
}

/// Returns a run that is queued.
#[must_use]
pub fn run() -> types::RunObject {
    decode(json!({
        "id": "run_1",
        "object": "thread.run",
        "created_at": 1_700_000_002,
        "thread_id": "thread_1",
        "assistant_id": "asst_1",
        "status": "queued",
        "required_action": null,
        "last_error": null,
        "expires_at": 1_700_000_602,
        "started_at": null,
        "cancelled_at": null,
        "failed_at": null,
        "completed_at": null,
        "incomplete_details": null,
        "model": "gpt-4o",
        "instructions": "You are a patient tutor.",
        "tools": [],
        "metadata": {},
        "usage": null,
        "max_prompt_tokens": null,
        "max_completion_tokens": null,
        "truncation_strategy": { "type": "auto" },
        "tool_choice": "auto",
        "parallel_tool_calls": true,
        "response_format": "auto",
    }))
}

/// Returns [`run()`] with another status.
///
/// # Examples
///
/// ```
/// use openai_assistants::mock;
/// use openai_assistants::types::RunStatus;
///
/// let runs = [RunStatus::Queued, RunStatus::InProgress, RunStatus::Completed].map(mock::run_in);
/// assert_eq!(runs[2].status, RunStatus::Completed);
/// ```
#[must_use]
pub fn run_in(status: types::RunStatus) -> types::RunObject {
    let mut run = run();
    run.status = status;
    run
}

/// Returns [`run()`] when it requires the outputs of function calls.
///
/// Each call has an ID, the name of the function, and the arguments as the model generated them,
/// which should be JSON.
///
/// # Examples
///
/// ```
/// use openai_assistants::mock;
///
/// let run = mock::requires_action(&[
///     ("call_1", "add", r#"{"a": 1, "b": 2}"#),
///     ("call_2", "add", "{"),
/// ]);
/// assert_eq!(run.status.as_str(), "requires_action");
/// ```
#[must_use]
pub fn requires_action(calls: &[(&str, &str, &str)]) -> types::RunObject {
    let calls = calls.iter().map(|(id, name, arguments)| {
        json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
    });
    let calls: Vec<_> = calls.collect();
    let mut run = run_in(types::RunStatus::RequiresAction);
    run.required_action = decode(json!({
        "type": "submit_tool_outputs",
        "submit_tool_outputs": { "tool_calls": calls },
    }));
    run
}

/// Returns a function call of [`run()`], without output.
///
/// It has the type of [`RunStream::take_tool_calls`](crate::RunStream::take_tool_calls). The
/// arguments are those that the model generated.
///
/// # Examples
///
/// ```
/// use openai_assistants::mock;
///
/// let call = mock::tool_call("call_1", "add", r#"{"a": 1, "b": 2}"#);
/// assert_eq!((call.run_id.as_str(), call.call.id()), ("run_1", Some("call_1")));
/// ```
#[must_use]
pub fn tool_call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        run_id: "run_1".to_owned(),
        thread_id: "thread_1".to_owned(),
        step_id: Some("step_1".to_owned()),
        call: function_call(id, name, arguments, None),
    }
}

/// Returns a function call of a run step.
///
/// The output is `None` until it is submitted.
#[must_use]
pub fn function_call(
    id: &str,
    name: &str,
    arguments: &str,
    output: Option<&str>,
) -> types::RunStepToolCall {
    decode(json!({
        "id": id,
        "type": "function",
        "function": { "name": name, "arguments": arguments, "output": output },
    }))
}

/// Returns a call of the code interpreter that printed a text.
#[must_use]
pub fn code_interpreter_call(id: &str, input: &str, logs: &str) -> types::RunStepToolCall {
    decode(json!({
        "id": id,
        "type": "code_interpreter",
        "code_interpreter": { "input": input, "outputs": [{ "type": "logs", "logs": logs }] },
    }))
}

/// Returns a file search. Each result has the ID of a file, its name and its score.
#[must_use]
pub fn file_search_call(id: &str, results: &[(&str, &str, f64)]) -> types::RunStepToolCall {
    let results = results
        .iter()
        .map(|(id, name, score)| json!({ "file_id": id, "file_name": name, "score": score }));
    let results: Vec<_> = results.collect();
    decode(json!({
        "id": id,
        "type": "file_search",
        "file_search": {
            "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": 0 },
            "results": results,
        },
    }))
}

/// Returns the outcome of a run.
///
/// # Examples
///
/// ```
/// use openai_assistants::mock;
/// use openai_assistants::types::RunStatus;
///
/// let run = mock::run_in(RunStatus::Completed);
/// let outcome = mock::outcome(run, vec![mock::message()], vec![mock::run_step()]);
/// assert_eq!(outcome.text(), "2 + 2 = 4");
/// ```
#[must_use]
pub fn outcome(
    run: types::RunObject,
    messages: Vec<types::MessageObject>,
    steps: Vec<types::RunStepObject>,
) -> RunOutcome {
    RunOutcome {
        run,
        messages,
        steps,
        steps_unavailable: None,
        decode_errors: Vec::new(),
    }
}

/// Returns a completed run step that created a message.
#[must_use]
pub fn run_step() -> types::RunStepObject {
    decode(json!({
        "id": "step_1",
        "object": "thread.run.step",
        "created_at": 1_700_000_003,
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "run_id": "run_1",
        "type": "message_creation",
        "status": "completed",
        "step_details": { "type": "message_creation", "message_creation": { "message_id": "msg_1" } },
        "last_error": null,
        "expired_at": null,
        "cancelled_at": null,
        "failed_at": null,
        "completed_at": 1_700_000_004,
        "metadata": {},
        "usage": { "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27 },
    }))
}

/// Returns a completed run step with tool calls.
///
/// # Examples
///
/// ```
/// use openai_assistants::mock;
///
/// let step = mock::tool_calls_step(vec![
///     mock::code_interpreter_call("call_1", "print(2 + 2)", "4"),
///     mock::function_call("call_2", "add", r#"{"a": 2, "b": 2}"#, Some("4")),
/// ]);
/// assert_eq!(step.type_.as_str(), "tool_calls");
/// ```
#[must_use]
pub fn tool_calls_step(calls: Vec<types::RunStepToolCall>) -> types::RunStepObject {
    let mut step = json!(run_step());
    step["type"] = "tool_calls".into();
    step["step_details"] = json!({ "type": "tool_calls", "tool_calls": calls });
    decode(step)
}

/// Returns the last page of a list, with these assistants.
#[must_use]
pub fn assistants(data: Vec<types::AssistantObject>) -> types::ListAssistantsResponse {
    page(&data, |assistant| &assistant.id)
}

/// Returns the last page of a list, with these messages.
#[must_use]
pub fn messages(data: Vec<types::MessageObject>) -> types::ListMessagesResponse {
    page(&data, |message| &message.id)
}

/// Returns the last page of a list, with these runs.
#[must_use]
pub fn runs(data: Vec<types::RunObject>) -> types::ListRunsResponse {
    page(&data, |run| &run.id)
}

/// Returns the last page of a list, with these run steps.
#[must_use]
pub fn run_steps(data: Vec<types::RunStepObject>) -> types::ListRunStepsResponse {
    page(&data, |step| &step.id)
}

fn page<T: serde::Serialize, P: DeserializeOwned>(data: &[T], id: impl Fn(&T) -> &String) -> P {
    decode(json!({
        "object": "list",
        "data": data,
        "first_id": data.first().map(&id),
        "last_id": data.last().map(&id),
        "has_more": false,
    }))
}

/// Returns the response to the deletion of an assistant.
#[must_use]
pub fn deleted_assistant() -> types::DeleteAssistantResponse {
    decode(json!({ "id": "asst_1", "object": "assistant.deleted", "deleted": true }))
}

/// Returns the response to the deletion of a thread.
#[must_use]
pub fn deleted_thread() -> types::DeleteThreadResponse {
    decode(json!({ "id": "thread_1", "object": "thread.deleted", "deleted": true }))
}

/// Returns the response to the deletion of a message.
#[cfg(assistants_schema = "DeleteMessageResponse")]
#[must_use]
pub fn deleted_message() -> types::DeleteMessageResponse {
    decode(json!({ "id": "msg_1", "object": "thread.message.deleted", "deleted": true }))
}

/// Returns the body of an error response.
#[must_use]
pub fn error(message: &str) -> types::ErrorResponse {
    decode(json!({
        "error": { "message": message, "type": "invalid_request_error", "code": null, "param": null },
    }))
}
