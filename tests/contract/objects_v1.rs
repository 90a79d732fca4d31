//! Objects of version 1, with every property of the document.

use serde_json::{Map, Value, json};

use crate::contract::error;

/// Metadata, whose values may be any JSON in version 1.
pub fn seen() -> Map<String, Value> {
    Map::from_iter([("seen".to_owned(), json!({ "by": ["me"], "times": 1 }))])
}

fn tools() -> Value {
    json!([
        { "type": "code_interpreter" },
        { "type": "retrieval" },
        { "type": "function", "function": { "name": "get_weather", "parameters": { "type": "object" } } },
    ])
}

pub fn assistant() -> Value {
    json!({
        "id": "asst_1",
        "object": "assistant",
        "created_at": 1_700_000_000,
        "name": "Tutor",
        "description": null,
        "model": "gpt-4",
        "instructions": "Be kind.",
        "tools": tools(),
        "file_ids": ["file_1"],
        "metadata": seen(),
    })
}

pub fn assistant_file() -> Value {
    json!({
        "id": "file_1",
        "object": "assistant.file",
        "created_at": 1_700_000_000,
        "assistant_id": "asst_1",
    })
}

pub fn thread() -> Value {
    json!({ "id": "thread_1", "object": "thread", "created_at": 1_700_000_001, "metadata": seen() })
}

pub fn message() -> Value {
    json!({
        "id": "msg_1",
        "object": "thread.message",
        "created_at": 1_700_000_002,
        "thread_id": "thread_1",
        "status": "incomplete",
        "incomplete_details": { "reason": "max_tokens" },
        "completed_at": null,
        "incomplete_at": 1_700_000_003,
        "role": "assistant",
        "content": [
            { "type": "text", "text": { "value": "See [1] and [2].", "annotations": [
                { "type": "file_citation", "text": "[1]", "start_index": 4, "end_index": 7,
                  "file_citation": { "file_id": "file_1", "quote": "so" } },
                { "type": "file_path", "text": "[2]", "start_index": 12, "end_index": 15,
                  "file_path": { "file_id": "file_2" } },
            ] } },
            { "type": "image_file", "image_file": { "file_id": "file_3" } },
        ],
        "assistant_id": "asst_1",
        "run_id": "run_1",
        "file_ids": ["file_1"],
        "metadata": {},
    })
}

pub fn message_file() -> Value {
    json!({
        "id": "file_1",
        "object": "thread.message.file",
        "created_at": 1_700_000_002,
        "message_id": "msg_1",
    })
}

pub fn run() -> Value {
    json!({
        "id": "run_1",
        "object": "thread.run",
        "created_at": 1_700_000_002,
        "thread_id": "thread_1",
        "assistant_id": "asst_1",
        "status": "requires_action",
        "required_action": {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": { "tool_calls": [
                { "id": "call_1", "type": "function",
                  "function": { "name": "get_weather", "arguments": "{\"city\": \"Oslo\"}" } },
            ] },
        },
        "last_error": { "code": "server_error", "message": "Once." },
        "expires_at": 1_700_000_602,
        "started_at": 1_700_000_003,
        "cancelled_at": null,
        "failed_at": null,
        "completed_at": null,
        "incomplete_details": { "reason": "max_prompt_tokens" },
        "model": "gpt-4",
        "instructions": "Be kind.",
        "tools": tools(),
        "file_ids": ["file_1"],
        "metadata": {},
        "usage": { "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27 },
        "temperature": 1.0,
        "top_p": 1.0,
        "max_prompt_tokens": 300,
        "max_completion_tokens": null,
        "truncation_strategy": { "type": "last_messages", "last_messages": 3 },
        "tool_choice": { "type": "function", "function": { "name": "get_weather" } },
        "response_format": { "type": "json_object" },
    })
}

pub fn run_step() -> Value {
    json!({
        "id": "step_1",
        "object": "thread.run.step",
        "created_at": 1_700_000_003,
        "assistant_id": "asst_1",
        "thread_id": "thread_1",
        "run_id": "run_1",
        "type": "tool_calls",
        "status": "failed",
        "step_details": { "type": "tool_calls", "tool_calls": [
            { "id": "call_1", "type": "code_interpreter", "code_interpreter": { "input": "print(1)", "outputs": [
                { "type": "logs", "logs": "1\n" },
                { "type": "image", "image": { "file_id": "file_1" } },
            ] } },
            { "id": "call_2", "type": "retrieval", "retrieval": { "found": ["file_2"] } },
            { "id": "call_3", "type": "function",
              "function": { "name": "get_weather", "arguments": "{}", "output": null } },
        ] },
        "last_error": { "code": "rate_limit_exceeded", "message": "Slow down." },
        "expired_at": null,
        "cancelled_at": null,
        "failed_at": 1_700_000_005,
        "completed_at": null,
        "metadata": {},
        "usage": { "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27 },
    })
}

pub fn message_step() -> Value {
    let mut step = run_step();
    step["type"] = "message_creation".into();
    step["step_details"] =
        json!({ "type": "message_creation", "message_creation": { "message_id": "msg_1" } });
    step
}

/// Returns an object of the schema with this name, if it is the data of an event.
pub fn event_data(schema: &str) -> Option<Value> {
    match schema {
        "ThreadObject" => Some(thread()),
        "RunObject" => Some(run()),
        "RunStepObject" => Some(run_step()),
        "RunStepDeltaObject" => Some(run_step_delta()),
        "MessageObject" => Some(message()),
        "MessageDeltaObject" => Some(message_delta()),
        "ErrorObject" => Some(error()),
        _ => None,
    }
}

fn message_delta() -> Value {
    json!({
        "id": "msg_1",
        "object": "thread.message.delta",
        "delta": { "role": "assistant", "file_ids": ["file_1"], "content": [
            { "index": 0, "type": "text", "text": { "value": "See [1] and [2].", "annotations": [
                { "index": 0, "type": "file_citation", "text": "[1]", "start_index": 4, "end_index": 7,
                  "file_citation": { "file_id": "file_1", "quote": "so" } },
                { "index": 1, "type": "file_path", "text": "[2]", "start_index": 12, "end_index": 15,
                  "file_path": { "file_id": "file_2" } },
            ] } },
            { "index": 1, "type": "image_file", "image_file": { "file_id": "file_3" } },
        ] },
    })
}

fn run_step_delta() -> Value {
    json!({
        "id": "step_1",
        "object": "thread.run.step.delta",
        "delta": { "step_details": { "type": "tool_calls", "tool_calls": [
            { "index": 0, "id": "call_1", "type": "code_interpreter", "code_interpreter": {
                "input": "print(", "outputs": [
                    { "index": 0, "type": "logs", "logs": "1\n" },
                    { "index": 1, "type": "image", "image": { "file_id": "file_1" } },
                ],
            } },
            { "index": 1, "id": "call_2", "type": "retrieval", "retrieval": {} },
            { "index": 2, "id": "call_3", "type": "function",
              "function": { "name": "get_weather", "arguments": "{}", "output": "12 °C" } },
        ] } },
    })
}
