//! Creates threads, messages and runs from request bodies.

use std::collections::VecDeque;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::clock::unix_seconds;
use crate::engine::state::State;
use crate::ids::Ids;
use crate::operations::tool_resources;
use crate::store::action::Usage;
use crate::store::memory::{Store, Thread};
use crate::store::message::Message;
use crate::store::run::{Run, Status};
use crate::store::table::{Table, Totals};

/// The largest number of objects that a `CreateThreadRequest` creates.
pub(super) fn thread_objects(request: &Value) -> usize {
    let messages = request["messages"].as_array().map_or(0, Vec::len);
    1 + messages + tool_resources::count(&request["tool_resources"], &request["messages"])
}

/// Stores a new thread from a `CreateThreadRequest`, and returns its ID.
pub(super) fn thread(
    state: &State,
    store: &mut Store,
    request: &Value,
) -> Result<String, ApiError> {
    let (id, now) = (state.ids.next("thread"), state.now_seconds());
    let expiry = tool_resources::thread_expiry();
    let mut thread = Thread {
        id: id.clone(),
        created_at: now,
        metadata: metadata(request).unwrap_or_else(|| json!({})),
        tool_resources: tool_resources::create(state, store, &request["tool_resources"], &expiry)?,
        messages: Table::new(&store.totals),
        runs: Table::new(&store.totals),
        active_run: None,
        turns: 0,
    };
    messages(&mut thread, &request["messages"], &state.ids, now);
    store.threads.insert(&id, thread);
    tool_resources::attach(state, store, &id, &request["messages"]);
    Ok(id)
}

/// Adds messages to a thread, one per `CreateMessageRequest` of a list.
pub(super) fn messages(thread: &mut Thread, requests: &Value, ids: &Ids, now: u64) {
    for request in requests.as_array().into_iter().flatten() {
        let id = ids.next("msg");
        let message = message(id.clone(), &thread.id, request, now);
        thread.messages.insert(&id, message);
    }
}

fn message(id: String, thread_id: &str, request: &Value, now: u64) -> Message {
    Message {
        id,
        object: "thread.message",
        created_at: now,
        assistant_id: None,
        thread_id: thread_id.to_owned(),
        run_id: None,
        status: "completed",
        incomplete_details: None,
        incomplete_at: None,
        completed_at: Some(now),
        role: request["role"].as_str().unwrap_or("user").to_owned(),
        content: content(&request["content"]),
        attachments: non_null_or(&request["attachments"], json!([])),
        metadata: metadata(request).unwrap_or_else(|| json!({})),
    }
}

/// Converts the content of a request to that of a message: text gets annotations, and images
/// get a `detail`.
fn content(request: &Value) -> Vec<Value> {
    let text =
        |text: &Value| json!({ "type": "text", "text": { "value": text, "annotations": [] } });
    let Some(parts) = request.as_array() else {
        return vec![text(request)];
    };
    let parts = parts.iter().map(|part| match part["type"].as_str() {
        Some(image @ ("image_file" | "image_url")) => {
            let mut part = part.clone();
            part[image]["detail"] = non_null_or(&part[image]["detail"], "auto".into());
            part
        }
        _ => text(&part["text"]),
    });
    parts.collect()
}

/// Creates a run. Values that the request does not set are those of the assistant.
pub(super) fn run(
    id: String,
    thread_id: &str,
    assistant: &Value,
    request: &Value,
    now: SystemTime,
    deadline: Option<SystemTime>,
    totals: &Totals,
) -> Run {
    let setting = |name: &str| non_null_or(&request[name], assistant[name].clone());
    // Without instructions the service sends null. Some typed clients require a string.
    let instructions = [
        setting("instructions"),
        request["additional_instructions"].clone(),
    ];
    let instructions = instructions.iter().filter_map(Value::as_str);
    let instructions: Vec<&str> = instructions.filter(|text| !text.is_empty()).collect();
    Run {
        id,
        object: "thread.run",
        created_at: unix_seconds(now),
        assistant_id: assistant["id"].as_str().unwrap_or_default().to_owned(),
        thread_id: thread_id.to_owned(),
        status: Status::Queued,
        started_at: None,
        expires_at: deadline.map(unix_seconds),
        cancelled_at: None,
        failed_at: None,
        completed_at: None,
        required_action: None,
        last_error: None,
        model: setting("model"),
        instructions: instructions.join("\n"),
        tools: tools(&setting("tools")),
        tool_resources: match &request["tool_resources"]["mcp"] {
            Value::Null => json!({}),
            mcp => json!({ "mcp": mcp }),
        },
        metadata: metadata(request).unwrap_or_else(|| json!({})),
        temperature: setting("temperature"),
        top_p: setting("top_p"),
        reasoning_effort: setting("reasoning_effort"),
        max_completion_tokens: integer(&request["max_completion_tokens"]),
        max_prompt_tokens: integer(&request["max_prompt_tokens"]),
        truncation_strategy: truncation_strategy(&request["truncation_strategy"]),
        incomplete_details: None,
        usage: None,
        response_format: setting("response_format"),
        tool_choice: non_null_or(&request["tool_choice"], "auto".into()),
        parallel_tool_calls: non_null_or(&request["parallel_tool_calls"], true.into()),
        steps: Table::new(totals),
        schedule: VecDeque::new(),
        paused: VecDeque::new(),
        last_action_at: now,
        deadline,
        used: Usage::default(),
        open_step: None,
        events: None,
    }
}

fn truncation_strategy(request: &Value) -> Value {
    let mut truncation = non_null_or(request, json!({ "type": "auto" }));
    truncation["last_messages"] = json!(integer(&truncation["last_messages"]));
    truncation
}

/// Reads an integer. JSON Schema accepts `300.0` as one.
fn integer(value: &Value) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let from_float = || value.as_f64().map(|number| number as u64);
    value.as_u64().or_else(from_float)
}

/// The metadata that a request sets, if it does. `null` clears it.
pub(super) fn metadata(request: &Value) -> Option<Value> {
    let metadata = request.get("metadata")?;
    Some(non_null_or(metadata, json!({})))
}

/// Tools with the defaults that the service adds.
pub(super) fn tools(request: &Value) -> Value {
    let mut tools = request.clone();
    for tool in tools.as_array_mut().into_iter().flatten() {
        // What belongs to another type has not been validated.
        let (pointer, defaults) = match tool["type"].as_str() {
            Some("function") => {
                let parameters = json!({ "type": "object", "properties": {} });
                let defaults = json!({ "parameters": parameters, "strict": false });
                ("/function", defaults)
            }
            Some("file_search") => {
                let defaults = json!({ "hybrid_search": null });
                ("/file_search/ranking_options", defaults)
            }
            _ => continue,
        };
        let object = tool.pointer_mut(pointer).and_then(Value::as_object_mut);
        if let (Some(object), Value::Object(defaults)) = (object, defaults) {
            for (name, default) in defaults {
                let value = object.entry(name).or_insert(Value::Null);
                *value = non_null_or(value, default);
            }
        }
    }
    tools
}

/// A copy of the value, or the default if it is null.
pub(super) fn non_null_or(value: &Value, default: Value) -> Value {
    if value.is_null() {
        default
    } else {
        value.clone()
    }
}
