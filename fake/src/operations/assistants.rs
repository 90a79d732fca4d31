//! Operations on assistants.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::{non_null_or, tool_resources, tools};
use crate::operations::page::Page;

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::from_query(&call.query)?;
    let list = page.of(&state.store().assistants, |_| true, Value::clone)?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = state.ids.next("asst");
    let mut assistant = json!({
        "id": id,
        "object": "assistant",
        "created_at": state.now_seconds(),
        "name": null,
        "description": null,
        "model": null,
        "instructions": null,
        "tools": [],
        "tool_resources": {},
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": null,
        "response_format": "auto",
    });
    update(&mut assistant, call, state);
    let mut store = state.store_with_room(1, &call.body)?;
    let assistant = store.assistants.insert(&id, assistant);
    Ok(ResponseBody::Object(assistant.clone()))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let assistant = state.store().assistant(call.id("assistant_id"))?.clone();
    Ok(ResponseBody::Object(assistant))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("assistant_id");
    let mut store = state.store_with_room(0, &call.body)?;
    let assistant = store.assistant(id)?;
    update(assistant, call, state);
    let updated = assistant.clone();
    store.assistants.update_size(id);
    Ok(ResponseBody::Object(updated))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("assistant_id");
    let removed = state.store().assistants.remove(id);
    removed.ok_or_else(|| ApiError::not_found("assistant", id))?;
    Ok(ResponseBody::deleted(id, "assistant"))
}

/// Sets the properties of the request. `null` resets a property to its default.
fn update(assistant: &mut Value, call: &Call, state: &State) {
    for (name, value) in call.body.as_object().into_iter().flatten() {
        assistant[name] = match name.as_str() {
            "metadata" => non_null_or(value, json!({})),
            "temperature" | "top_p" => non_null_or(value, 1.0.into()),
            "response_format" => non_null_or(value, "auto".into()),
            "tool_resources" => tool_resources(value, &state.ids),
            "tools" => tools(value),
            _ => value.clone(),
        };
    }
}
