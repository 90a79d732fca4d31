//! Operations on messages.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::machine;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::{self, metadata};
use crate::operations::page::Page;
use crate::operations::tool_resources;

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::from_query(&call.query)?;
    let run = call.query.get("run_id");
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let list = page.of(
        &thread.messages,
        |message| run.is_none() || message.run_id.as_deref() == run,
        |message| json!(message),
    )?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let messages = json!([call.body]);
    let objects = 1 + tool_resources::count(&Value::Null, &messages);
    let mut store = state.store_with_room(objects, &call.body)?;
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    if let Some(run) = &thread.active_run {
        return Err(ApiError::invalid(format!(
            "Can't add messages to {} while a run {run} is active.",
            thread.id
        )));
    }
    create::messages(thread, &messages, &state.ids, state.now_seconds());
    let message = json!(thread.messages.iter().next_back());
    tool_resources::attach(state, &mut store, call.id("thread_id"), &messages);
    Ok(ResponseBody::Object(message))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let message = thread.message(call.id("message_id"))?;
    Ok(ResponseBody::Object(json!(message)))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store_with_room(0, &call.body)?;
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let id = call.id("message_id");
    let message = thread.message(id)?;
    if let Some(metadata) = metadata(&call.body) {
        message.metadata = metadata;
    }
    let message = json!(message);
    thread.messages.update_size(id);
    Ok(ResponseBody::Object(message))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let id = call.id("message_id");
    let removed = thread.messages.remove(id);
    removed.ok_or_else(|| ApiError::not_found("message", id))?;
    Ok(ResponseBody::deleted(id, "thread.message"))
}
