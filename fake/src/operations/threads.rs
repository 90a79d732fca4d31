//! Threads.

use serde_json::Value;

use super::{Answer, Call, deleted, metadata, tool_resources};
use crate::app::App;
use crate::failure::Failure;
use crate::message::Message;
use crate::shelf::Shelf;
use crate::store::{Store, Thread};

pub(super) fn create(app: &App, call: &Call) -> Result<Answer, Failure> {
    let objects = 1 + count(&call.body["messages"]);
    let mut store = app.store_with_room(objects, &call.body)?;
    let thread = created(app, &mut store, &call.body);
    Ok(Answer::Object(thread.object()))
}

/// A new thread, by a `CreateThreadRequest`.
pub(super) fn created<'a>(app: &App, store: &'a mut Store, request: &Value) -> &'a mut Thread {
    let id = app.ids.next("thread");
    let mut thread = Thread {
        id: id.clone(),
        created_at: app.seconds(),
        metadata: metadata(request).unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        tool_resources: tool_resources::created(&request["tool_resources"], &app.ids),
        messages: Shelf::new(&store.count),
        runs: Shelf::new(&store.count),
        active: None,
        turns: 0,
    };
    add(app, &mut thread, &request["messages"]);
    store.threads.put(&id, thread)
}

/// How many messages a request wants to add.
pub(super) fn count(requests: &Value) -> usize {
    requests.as_array().map_or(0, Vec::len)
}

/// Adds messages, each by a `CreateMessageRequest`.
pub(super) fn add(app: &App, thread: &mut Thread, requests: &Value) {
    for request in requests.as_array().into_iter().flatten() {
        let id = app.ids.next("msg");
        let message = Message::added(id.clone(), &thread.id, request, app.seconds());
        thread.messages.put(&id, message);
    }
}

pub(super) fn get(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    Ok(Answer::Object(thread.object()))
}

pub(super) fn modify(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    if let Some(metadata) = metadata(&call.body) {
        thread.metadata = metadata;
    }
    if let Some(resources) = call.body.get("tool_resources") {
        thread.tool_resources = tool_resources::created(resources, &app.ids);
    }
    Ok(Answer::Object(thread.object()))
}

pub(super) fn delete(app: &App, call: &Call) -> Result<Answer, Failure> {
    let id = call.id("thread_id");
    let taken = app.store().threads.take(id);
    let mut thread = taken.ok_or_else(|| Failure::not_found("thread", id))?;
    let run = thread.active.as_ref();
    if let Some(run) = run.and_then(|run| thread.runs.get_mut(run)) {
        run.abandon(&Failure::thread_deleted(id));
    }
    Ok(deleted(id, "thread"))
}
