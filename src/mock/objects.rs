//! Valid objects, as a server would send them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{RunOutcome, ToolCall, types};

/// Decodes what a server would send, so that the objects are as valid as theirs.
fn decode<T: DeserializeOwned>(object: Value) -> T {
    serde_json::from_value(object).expect("the ready-made object fits the document")
}

/// An assistant without tools.
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

/// An empty thread.
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

/// A message of an assistant that says "2 + 2 = 4".
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

/// A part of a message: this text, without annotations.
#[must_use]
pub fn text(value: &str) -> types::MessageContent {
    decode(json!({ "type": "text", "text": { "value": value, "annotations": [] } }))
}

/// A part of a message: the model does not want to answer, and says so in these words.
#[must_use]
pub fn refusal(text: &str) -> types::MessageContent {
    decode(json!({ "type": "refusal", "refusal": text }))
}

/// A delta of that message: its first part grows by this text.
#[cfg(assistants_schema = "MessageDeltaObject")]
#[must_use]
pub fn message_delta(text: &str) -> types::MessageDeltaObject {
    decode(json!({
        "id": "msg_1",
        "object": "thread.message.delta",
        "delta": { "content": [{ "index": 0, "type": "text", "text": { "value": text } }] },
    }))
}

/// A run that was created and waits for its turn.
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

/// That run with another status.
///
/// ```
/// use openai_assistants::mock;
/// use openai_assistants::types::RunStatus;
///
/// let states = [RunStatus::Queued, RunStatus::InProgress, RunStatus::Completed].map(mock::run_in);
/// assert_eq!(states[2].status, RunStatus::Completed);
/// ```
#[must_use]
pub fn run_in(status: types::RunStatus) -> types::RunObject {
    let mut run = run();
    run.status = status;
    run
}

/// That run when it waits for the outputs of these function calls: the id, the name of
/// the function, and the arguments as the model wrote them, which should be JSON.
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

/// A function call of that run, as streams tell of it: the id, the name of the function,
/// and the arguments as the model wrote them. It has no output yet.
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
        call: decode(json!({
            "id": id,
            "type": "function",
            "function": { "name": name, "arguments": arguments, "output": null },
        })),
    }
}

/// What has come of a run, for the tests of what a program makes of it.
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
    }
}

/// A completed step of a run that created a message.
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

/// A page with these assistants, and none behind it.
#[must_use]
pub fn assistants(data: Vec<types::AssistantObject>) -> types::ListAssistantsResponse {
    page(&data, |assistant| &assistant.id)
}

/// A page with these messages, and none behind it.
#[must_use]
pub fn messages(data: Vec<types::MessageObject>) -> types::ListMessagesResponse {
    page(&data, |message| &message.id)
}

/// A page with these runs, and none behind it.
#[must_use]
pub fn runs(data: Vec<types::RunObject>) -> types::ListRunsResponse {
    page(&data, |run| &run.id)
}

/// A page with these steps, and none behind it.
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

/// The answer to the deletion of an assistant.
#[must_use]
pub fn deleted_assistant() -> types::DeleteAssistantResponse {
    decode(json!({ "id": "asst_1", "object": "assistant.deleted", "deleted": true }))
}

/// The answer to the deletion of a thread.
#[must_use]
pub fn deleted_thread() -> types::DeleteThreadResponse {
    decode(json!({ "id": "thread_1", "object": "thread.deleted", "deleted": true }))
}

/// The answer to the deletion of a message.
#[cfg(assistants_schema = "DeleteMessageResponse")]
#[must_use]
pub fn deleted_message() -> types::DeleteMessageResponse {
    decode(json!({ "id": "msg_1", "object": "thread.message.deleted", "deleted": true }))
}

/// The body of an error answer.
#[must_use]
pub fn error(message: &str) -> types::ErrorResponse {
    decode(json!({
        "error": { "message": message, "type": "invalid_request_error", "code": null, "param": null },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_can_wait_for_calls() {
        let run = requires_action(&[("call_1", "add", "{}"), ("call_2", "add", "no JSON")]);
        assert_eq!(run.status.as_str(), "requires_action");
        let action = json!(run.required_action);
        assert_eq!(action["type"], "submit_tool_outputs");
        assert_eq!(
            action["submit_tool_outputs"]["tool_calls"],
            json!([
                { "id": "call_1", "type": "function", "function": { "name": "add", "arguments": "{}" } },
                { "id": "call_2", "type": "function", "function": { "name": "add", "arguments": "no JSON" } },
            ])
        );
    }

    #[test]
    fn a_call_is_one_of_a_function() {
        let call = tool_call("call_1", "add", "{}");
        assert_eq!(call.call.id(), Some("call_1"));
        assert_eq!(json!(call.call)["function"]["name"], "add");
    }

    #[test]
    fn an_outcome_has_the_text_of_its_messages() {
        let outcome = outcome(run(), vec![message()], vec![run_step()]);
        assert_eq!(outcome.text(), "2 + 2 = 4");
        assert_eq!(outcome.steps.len(), 1);
    }

    #[cfg(feature = "tools")]
    #[test]
    fn a_refusal_is_one_for_those_who_ask_for_a_value() {
        let mut message = message();
        message.content = vec![refusal("I cannot help with that.")];
        let parsed = message.parse::<Value>().expect("it is no error");
        let expected = crate::Parsed::Refused("I cannot help with that.".to_owned());
        assert_eq!(parsed, expected);
    }
}
