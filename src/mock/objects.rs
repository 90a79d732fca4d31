//! Valid objects, as a server would send them.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::types;

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
