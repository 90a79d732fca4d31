//! Run steps.

use serde_json::{Value, json};

use super::{Answer, Call};
use crate::app::App;
use crate::failure::Failure;
use crate::page::Page;
use crate::run::RunStep;

pub(super) fn list(app: &App, call: &Call) -> Result<Answer, Failure> {
    let page = Page::of(&call.query)?;
    let has_content = call.query.wants_content()?;
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let run = thread.run(call.id("run_id"))?;
    let list = page.take(&run.steps, |_| true, |step| object(step, has_content))?;
    Ok(Answer::Object(list))
}

pub(super) fn get(app: &App, call: &Call) -> Result<Answer, Failure> {
    let has_content = call.query.wants_content()?;
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let step = thread.run(call.id("run_id"))?.step(call.id("step_id"))?;
    Ok(Answer::Object(object(step, has_content)))
}

fn object(step: &RunStep, has_content: bool) -> Value {
    let step = json!(step);
    if has_content {
        step
    } else {
        RunStep::without_content(step)
    }
}
