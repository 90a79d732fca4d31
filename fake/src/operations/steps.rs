//! Operations on run steps.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::machine;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::page::Page;
use crate::store::event::remove_search_content;
use crate::store::run::RunStep;

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::from_query(&call.query)?;
    let includes_content = call.query.includes_search_content()?;
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let run = thread.run(call.id("run_id"))?;
    let list = page.of(&run.steps, |_| true, |step| object(step, includes_content))?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let includes_content = call.query.includes_search_content()?;
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let step = thread.run(call.id("run_id"))?.step(call.id("step_id"))?;
    Ok(ResponseBody::Object(object(step, includes_content)))
}

fn object(step: &RunStep, includes_content: bool) -> Value {
    let mut step = json!(step);
    if !includes_content {
        remove_search_content(&mut step);
    }
    step
}
