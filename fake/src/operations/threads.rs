//! Operations on threads.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::engine::machine;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::{self, metadata};
use crate::operations::page::Page;
use crate::operations::tool_resources;
use crate::store::memory::Thread;

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let objects = create::thread_objects(&call.body);
    let mut store = state.store_with_room(objects, &call.body)?;
    let id = create::thread(state, &mut store, &call.body)?;
    let thread = store.thread(&id)?;
    Ok(ResponseBody::Object(thread.object()))
}

/// Foundry lists threads.
pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::from_query(&call.query)?;
    let list = page.of(&state.store().threads, |_| true, Thread::object)?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    Ok(ResponseBody::Object(thread.object()))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("thread_id");
    let objects = tool_resources::count(&call.body["tool_resources"], &Value::Null);
    let mut store = state.store_with_room(objects, &call.body)?;
    store.thread(id)?;
    let resources = call.body.get("tool_resources").map(|resources| {
        let expiry = tool_resources::thread_expiry();
        tool_resources::create(state, &mut store, resources, &expiry)
    });
    let resources = resources.transpose()?;
    let thread = machine::thread(&mut store, id, state.now())?;
    if let Some(metadata) = metadata(&call.body) {
        thread.metadata = metadata;
    }
    if let Some(resources) = resources {
        thread.tool_resources = resources;
    }
    let object = thread.object();
    store.threads.update_size(id);
    Ok(ResponseBody::Object(object))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("thread_id");
    let removed = state.store().threads.remove(id);
    let mut thread = removed.ok_or_else(|| ApiError::not_found("thread", id))?;
    let run = thread.active_run.as_ref();
    if let Some(run) = run.and_then(|run| thread.runs.get_mut(run)) {
        run.abort_stream(&ApiError::thread_deleted(id).object());
    }
    Ok(ResponseBody::deleted(id, "thread"))
}
