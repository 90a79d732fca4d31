//! Operations on runs. New and resumed runs get their next turn from the model.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, MutexGuard};

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::plan::{RunLimits, plan};
use crate::engine::retrieval::{self, Retrieval};
use crate::engine::state::State;
use crate::engine::{machine, prompt};
use crate::model::turn::{FailureCode, Turn};
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::{self, metadata, non_null_or};
use crate::operations::page::Page;
use crate::operations::submission;
use crate::operations::tool_resources;
use crate::store::event::{EventReceiver, EventSender};
use crate::store::memory::Store;
use crate::store::run::{Run, Status};
use crate::store::table::Totals;

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::from_query(&call.query)?;
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let list = page.of(&thread.runs, |_| true, |run| json!(run))?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    Ok(ResponseBody::run(thread.run(call.id("run_id"))?))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store_with_room(0, &call.body)?;
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let id = call.id("run_id");
    let run = thread.run(id)?;
    if let Some(metadata) = metadata(&call.body) {
        run.metadata = metadata;
    }
    let response = ResponseBody::run(run);
    thread.runs.update_size(id);
    Ok(response)
}

pub(super) fn cancel(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let thread = machine::thread(&mut store, call.id("thread_id"), state.now())?;
    let run = thread.run(call.id("run_id"))?;
    if run.status.is_terminal() || run.status == Status::Cancelling {
        return Err(ApiError::invalid(format!(
            "Cannot cancel run with status '{}'.",
            run.status.name()
        )));
    }
    run.cancel(state.now(), state.limits.pace);
    Ok(ResponseBody::run(run))
}

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let includes_content = call.query.includes_search_content()?;
    let messages = &call.body["additional_messages"];
    let attached = tool_resources::count(&Value::Null, messages);
    let objects = 1 + messages.as_array().map_or(0, Vec::len) + attached;
    let mut store = state.store_with_room(objects, &call.body)?;
    let assistant = assistant(&mut store, &call.body)?;
    let totals = store.totals.clone();
    let thread_id = call.id("thread_id");
    let thread = machine::thread(&mut store, thread_id, state.now())?;
    if let Some(run) = &thread.active_run {
        return Err(ApiError::invalid(format!(
            "Thread {thread_id} already has an active run {run}."
        )));
    }
    create::messages(thread, messages, &state.ids, state.now_seconds());
    tool_resources::attach(state, &mut store, thread_id, messages);
    let mut run = new_run(state, thread_id, &assistant, &call.body, &totals);
    let events = open_stream(state, &mut run, &call.body, includes_content);
    Ok(start(state, store, thread_id, run, events))
}

pub(super) fn create_with_thread(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut request = call.body["thread"].clone();
    if !call.body["tool_resources"].is_null() {
        request["tool_resources"] = call.body["tool_resources"].clone();
    }
    let objects = 1 + create::thread_objects(&request);
    let mut store = state.store_with_room(objects, &call.body)?;
    let assistant = assistant(&mut store, &call.body)?;
    let totals = store.totals.clone();
    let thread_id = create::thread(state, &mut store, &request)?;
    let mut run = new_run(state, &thread_id, &assistant, &call.body, &totals);
    let events = open_stream(state, &mut run, &call.body, false);
    run.send_event_of("thread.created", &*store.thread(&thread_id)?);
    Ok(start(state, store, &thread_id, run, events))
}

pub(super) fn submit(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    // Runs may finish even if the store is full, so there is no check of its room.
    let mut store = state.store();
    let (thread_id, run_id) = (call.id("thread_id"), call.id("run_id"));
    let thread = machine::thread(&mut store, thread_id, state.now())?;
    let run = thread.run(run_id)?;
    if run.status != Status::RequiresAction {
        return Err(ApiError::invalid(format!(
            "Runs in status \"{}\" do not accept tool outputs.",
            run.status.name()
        )));
    }
    let answers = submission::answers(run, &call.body)?;
    let events = open_stream(state, run, &call.body, false);
    if run.answer(&answers, state.now(), state.limits.pace) {
        return Ok(next_turn(state, store, thread_id, run_id, events));
    }
    Ok(response(json!(run), thread_id, events))
}

/// The assistant of a new run. Checks that the function of `tool_choice` is among the tools.
fn assistant(store: &mut Store, body: &Value) -> Result<Value, ApiError> {
    let id = body["assistant_id"].as_str().unwrap_or_default();
    let assistant = store.assistant(id)?;
    if body["tool_choice"]["type"] == "function" {
        let name = &body["tool_choice"]["function"]["name"];
        let tools = non_null_or(&body["tools"], assistant["tools"].clone());
        let mut tools = tools.as_array().into_iter().flatten();
        let is_defined = name.is_string() && tools.any(|tool| tool["function"]["name"] == *name);
        if !is_defined {
            return Err(ApiError::parameter(
                "tool_choice",
                "invalid_value",
                format!("Invalid 'tool_choice': the tools of the run have no function {name}."),
            ));
        }
    }
    Ok(assistant.clone())
}

fn new_run(
    state: &State,
    thread_id: &str,
    assistant: &Value,
    body: &Value,
    totals: &Totals,
) -> Run {
    let id = state.ids.next("run");
    let now = state.now();
    let deadline = now.checked_add(state.limits.lifetime);
    create::run(id, thread_id, assistant, body, now, deadline, totals)
}

/// Connects a run to a response stream, if the request asks for one.
fn open_stream(
    state: &State,
    run: &mut Run,
    body: &Value,
    includes_search_content: bool,
) -> Option<EventReceiver> {
    if body["stream"] != true {
        return None;
    }
    let observer = state.event_observer.clone();
    let (sender, receiver) = EventSender::new(includes_search_content, observer);
    run.events = Some(sender);
    Some(receiver)
}

/// Stores a new run and starts its first turn.
fn start(
    state: &State,
    mut store: MutexGuard<'_, Store>,
    thread_id: &str,
    run: Run,
    events: Option<EventReceiver>,
) -> ResponseBody {
    run.send_event("thread.run.created");
    run.send_event("thread.run.queued");
    let id = run.id.clone();
    if let Some(thread) = store.threads.get_mut(thread_id) {
        thread.active_run = Some(id.clone());
        thread.runs.insert(&id, run);
    }
    next_turn(state, store, thread_id, &id, events)
}

/// Requests the next turn from the model and schedules it.
///
/// The store is unlocked while the model works. The thread cannot change in the meantime,
/// because its run is active.
fn next_turn(
    state: &State,
    mut store: MutexGuard<'_, Store>,
    thread_id: &str,
    run_id: &str,
    events: Option<EventReceiver>,
) -> ResponseBody {
    let retrieval = Retrieval::new(&mut store, thread_id, run_id, state.now()).map(Arc::new);
    let thread = store.threads.get_mut(thread_id).expect("the thread exists");
    let run = thread.runs.get(run_id).expect("the run exists");
    let object = json!(run);
    let mut conversation = prompt::conversation(thread, run);
    let limits = RunLimits {
        prompt: run.max_prompt_tokens,
        completion: run.max_completion_tokens,
        used: run.used,
        mcp: run.tool_resources["mcp"].clone(),
    };
    thread.turns += 1;
    drop(store);
    if let Some(retrieval) = retrieval.clone() {
        let query = conversation.last_text().to_owned();
        conversation.passages = retrieval.on_demand(state.store.clone(), query);
    }

    let turn = catch_unwind(AssertUnwindSafe(|| state.model.turn(&conversation)));
    let mut turn = turn.unwrap_or_else(|_| {
        Turn::new().fail(
            FailureCode::ServerError,
            "The model of the fake server panicked.",
        )
    });
    match &retrieval {
        Some(retrieval) => retrieval.execute(&state.store, &mut turn, &conversation),
        None => drop(retrieval::resolve(&mut turn, &conversation, |_| Vec::new())),
    }
    let pace = state.limits.pace;
    let schedule = plan(turn, &conversation, &limits, pace, &state.ids);
    let mut store = state.store();
    let thread = store.threads.get_mut(thread_id);
    let run = thread.and_then(|thread| thread.runs.get_mut(run_id));
    // Another request may have cancelled the run or deleted the thread.
    if let Some(run) = run.filter(|run| run.status == Status::Queued) {
        run.set_schedule(schedule, state.now());
    }
    response(object, thread_id, events)
}

/// A run that continues, or its stream.
fn response(run: Value, thread_id: &str, events: Option<EventReceiver>) -> ResponseBody {
    match events {
        None => ResponseBody::ActiveRun(run),
        Some(events) => ResponseBody::Stream {
            thread_id: thread_id.to_owned(),
            events,
        },
    }
}
