//! Assistants.

use serde_json::{Value, json};

use super::{Answer, Call, deleted, tool_resources};
use crate::app::App;
use crate::failure::Failure;
use crate::message::or;
use crate::page::Page;

pub(super) fn list(app: &App, call: &Call) -> Result<Answer, Failure> {
    let page = Page::of(&call.query)?;
    let list = page.take(&app.store().assistants, |_| true, Value::clone)?;
    Ok(Answer::Object(list))
}

pub(super) fn create(app: &App, call: &Call) -> Result<Answer, Failure> {
    let id = app.ids.next("asst");
    let mut assistant = json!({
        "id": id,
        "object": "assistant",
        "created_at": app.seconds(),
        "name": null,
        "description": null,
        "model": null,
        "instructions": null,
        "tools": [],
        "tool_resources": null,
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "reasoning_effort": null,
        "response_format": "auto",
    });
    change(&mut assistant, call, app);
    let mut store = app.store_with_room(1, &call.body)?;
    let assistant = store.assistants.put(&id, assistant);
    Ok(Answer::Object(assistant.clone()))
}

pub(super) fn get(app: &App, call: &Call) -> Result<Answer, Failure> {
    let assistant = app.store().assistant(call.id("assistant_id"))?.clone();
    Ok(Answer::Object(assistant))
}

pub(super) fn modify(app: &App, call: &Call) -> Result<Answer, Failure> {
    let id = call.id("assistant_id");
    let mut store = app.store_with_room(0, &call.body)?;
    let assistant = store.assistant(id)?;
    change(assistant, call, app);
    let changed = assistant.clone();
    store.assistants.weigh(id);
    Ok(Answer::Object(changed))
}

pub(super) fn delete(app: &App, call: &Call) -> Result<Answer, Failure> {
    let id = call.id("assistant_id");
    let taken = app.store().assistants.take(id);
    taken.ok_or_else(|| Failure::not_found("assistant", id))?;
    Ok(deleted(id, "assistant"))
}

/// Takes over what the request says. What it sets to null is as if it had never been set.
fn change(assistant: &mut Value, call: &Call, app: &App) {
    for (name, value) in call.body.as_object().into_iter().flatten() {
        assistant[name] = match name.as_str() {
            "metadata" => or(value, json!({})),
            "temperature" | "top_p" => or(value, 1.0.into()),
            "response_format" => or(value, "auto".into()),
            "tool_resources" => tool_resources::created(value, &app.ids),
            _ => value.clone(),
        };
    }
}
