//! Messages.

use serde_json::json;

use super::{Answer, Call, deleted, metadata, threads};
use crate::app::App;
use crate::failure::Failure;
use crate::page::Page;

pub(super) fn list(app: &App, call: &Call) -> Result<Answer, Failure> {
    let page = Page::of(&call.query)?;
    let run = call.query.get("run_id");
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let list = page.take(
        &thread.messages,
        |message| run.is_none() || message.run_id.as_deref() == run,
        |message| json!(message),
    )?;
    Ok(Answer::Object(list))
}

pub(super) fn create(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store_with_room(1, &call.body)?;
    let thread = store.thread(call.id("thread_id"), app.now())?;
    if let Some(run) = &thread.active {
        return Err(Failure::invalid(format!(
            "Can't add messages to {} while a run {run} is active.",
            thread.id
        )));
    }
    threads::add(app, thread, &json!([call.body]));
    Ok(Answer::Object(json!(thread.messages.iter().next_back())))
}

pub(super) fn get(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let message = thread.message(call.id("message_id"))?;
    Ok(Answer::Object(json!(message)))
}

pub(super) fn modify(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let message = thread.message(call.id("message_id"))?;
    if let Some(metadata) = metadata(&call.body) {
        message.metadata = metadata;
    }
    Ok(Answer::Object(json!(message)))
}

pub(super) fn delete(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let id = call.id("message_id");
    let taken = thread.messages.take(id);
    taken.ok_or_else(|| Failure::not_found("message", id))?;
    Ok(deleted(id, "thread.message"))
}
