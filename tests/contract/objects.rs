//! Objects of version 2, with every property of the document.

use serde_json::{Value, json};

use crate::contract::error;

fn tools() -> Value {
    json!([
        { "type": "code_interpreter" },
        { "type": "file_search", "file_search": {
            "max_num_results": 5, "ranking_options": { "ranker": "auto", "score_threshold": 0.5 },
        } },
        { "type": "function", "function": { "name": "get_weather", "parameters": { "type": "object" }, "strict": false } },
    ])
}

pub fn assistant() -> Value {
    json!({
        "id": "asst_1",
        "object": "assistant",
        "created_at": 1_700_000_000,
        "name": "Tutor",
        "description": null,
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": tools(),
        "tool_resources": {
            "code_interpreter": { "file_ids": ["file_1"] },
            "file_search": { "vector_store_ids": ["vs_1"] },
        },
        "metadata": { "team": "maths" },
        "temperature": 1.0,
        "top_p": 0.5,
        "response_format": { "type": "json_schema", "json_schema": { "name": "answer", "schema": { "type": "object" } } },
    })
}

pub fn thread() -> Value {
    json!({
        "id": "thread_1",
        "object": "thread",
        "created_at": 1_700_000_001,
        "tool_resources": { "code_interpreter": { "file_ids": [] } },
        "metadata": {},
    })
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
                { "type": "file_citation", "text": "[1]", "file_citation": { "file_id": "file_1" },
                  "start_index": 4, "end_index": 7 },
                { "type": "file_path", "text": "[2]", "file_path": { "file_id": "file_2" },
                  "start_index": 12, "end_index": 15 },
            ] } },
            { "type": "image_file", "image_file": { "file_id": "file_3", "detail": "low" } },
            { "type": "image_url", "image_url": { "url": "https://example.com/a.png", "detail": "auto" } },
            { "type": "refusal", "refusal": "I cannot help with that." },
        ],
        "assistant_id": "asst_1",
        "run_id": "run_1",
        "attachments": [{ "file_id": "file_1", "tools": [{ "type": "code_interpreter" }, { "type": "file_search" }] }],
        "metadata": {},
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
        "model": "gpt-4o",
        "instructions": "Be kind.",
        "tools": tools(),
        "metadata": {},
        "usage": { "prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27 },
        "temperature": 1.0,
        "top_p": 1.0,
        "max_prompt_tokens": 300,
        "max_completion_tokens": null,
        "truncation_strategy": { "type": "last_messages", "last_messages": 3 },
        "tool_choice": { "type": "function", "function": { "name": "get_weather" } },
        "parallel_tool_calls": true,
        "response_format": "auto",
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
            { "id": "call_2", "type": "file_search", "file_search": {
                "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": 0.25 },
                "results": [{ "file_id": "file_2", "file_name": "a.txt", "score": 0.75,
                    "content": [{ "type": "text", "text": "found" }] }],
            } },
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
        "delta": { "role": "assistant", "content": [
            { "index": 0, "type": "text", "text": { "value": "See [1] and [2].", "annotations": [
                { "index": 0, "type": "file_citation", "text": "[1]", "start_index": 4, "end_index": 7,
                  "file_citation": { "file_id": "file_1", "quote": "so" } },
                { "index": 1, "type": "file_path", "text": "[2]", "start_index": 12, "end_index": 15,
                  "file_path": { "file_id": "file_2" } },
            ] } },
            { "index": 1, "type": "image_file", "image_file": { "file_id": "file_3", "detail": "low" } },
            { "index": 2, "type": "image_url", "image_url": { "url": "https://example.com/a.png", "detail": "auto" } },
            { "index": 3, "type": "refusal", "refusal": "I cannot" },
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
            { "index": 1, "id": "call_2", "type": "file_search", "file_search": { "results": [] } },
            { "index": 2, "id": "call_3", "type": "function",
              "function": { "name": "get_weather", "arguments": "{}", "output": "12 °C" } },
        ] } },
    })
}
