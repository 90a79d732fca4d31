//! Operations on assistants.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::{non_null_or, tools};
use crate::operations::page::Page;
use crate::operations::tool_resources;
use crate::store::memory::Store;

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
    let objects = 1 + tool_resources::count(&call.body["tool_resources"], &Value::Null);
    let mut store = state.store_with_room(objects, &call.body)?;
    update(&mut assistant, resources(state, &mut store, call)?, call);
    let assistant = store.assistants.insert(&id, assistant);
    Ok(ResponseBody::Object(assistant.clone()))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let assistant = state.store().assistant(call.id("assistant_id"))?.clone();
    Ok(ResponseBody::Object(assistant))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("assistant_id");
    let objects = tool_resources::count(&call.body["tool_resources"], &Value::Null);
    let mut store = state.store_with_room(objects, &call.body)?;
    store.assistant(id)?;
    let resources = resources(state, &mut store, call)?;
    let assistant = store.assistant(id)?;
    update(assistant, resources, call);
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

/// The tool resources of the request, whose vector stores are created.
fn resources(state: &State, store: &mut Store, call: &Call) -> Result<Value, ApiError> {
    tool_resources::create(state, store, &call.body["tool_resources"], &Value::Null)
}

/// Sets the properties of the request. `null` resets a property to its default.
fn update(assistant: &mut Value, resources: Value, call: &Call) {
    for (name, value) in call.body.as_object().into_iter().flatten() {
        assistant[name] = match name.as_str() {
            "metadata" => non_null_or(value, json!({})),
            "temperature" | "top_p" => non_null_or(value, 1.0.into()),
            "response_format" => non_null_or(value, "auto".into()),
            "tool_resources" => resources.clone(),
            "tools" => tools(value),
            _ => value.clone(),
        };
    }
}
