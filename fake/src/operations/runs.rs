//! Runs: from the request to the turn of the model. What comes of that turn is in
//! [`crate::machine`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Answer, Call, metadata, threads};
use crate::app::App;
use crate::clock::unix;
use crate::events::Listener;
use crate::failure::Failure;
use crate::message::or;
use crate::model::{Conversation, Output, Said};
use crate::page::Page;
use crate::plan::{self, Limits};
use crate::run::{Run, Status, Usage};
use crate::shelf::{Count, Shelf};
use crate::store::{Store, Thread};
use crate::stream::Events;
use crate::turn::{FailureCode, Turn};

pub(super) fn list(app: &App, call: &Call) -> Result<Answer, Failure> {
    let page = Page::of(&call.query)?;
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let list = page.take(&thread.runs, |_| true, |run| json!(run))?;
    Ok(Answer::Object(list))
}

pub(super) fn get(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    Ok(Answer::run(thread.run(call.id("run_id"))?))
}

pub(super) fn modify(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let run = thread.run(call.id("run_id"))?;
    if let Some(metadata) = metadata(&call.body) {
        run.metadata = metadata;
    }
    Ok(Answer::run(run))
}

pub(super) fn cancel(app: &App, call: &Call) -> Result<Answer, Failure> {
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let run = thread.run(call.id("run_id"))?;
    if run.status.is_final() || run.status == Status::Cancelling {
        return Err(Failure::invalid(format!(
            "Cannot cancel run with status '{}'.",
            run.status.name()
        )));
    }
    run.cancel(app.now(), app.settings.pace);
    Ok(Answer::run(run))
}

pub(super) fn create(app: &App, call: &Call) -> Result<Answer, Failure> {
    let has_content = call.query.wants_content()?;
    let objects = 1 + threads::count(&call.body["additional_messages"]);
    let mut store = app.store_with_room(objects, &call.body)?;
    let assistant = assistant(&mut store, &call.body)?;
    let count = store.count.clone();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    if let Some(run) = &thread.active {
        return Err(Failure::invalid(format!(
            "Thread {} already has an active run {run}.",
            thread.id
        )));
    }
    threads::add(app, thread, &call.body["additional_messages"]);
    let mut run = created(app, thread, &assistant, &call.body, &count);
    let frames = listen(app, &mut run, &call.body, has_content);
    Ok(start(app, store, call.id("thread_id"), run, frames))
}

pub(super) fn create_with_thread(app: &App, call: &Call) -> Result<Answer, Failure> {
    let objects = 2 + threads::count(&call.body["thread"]["messages"]);
    let mut store = app.store_with_room(objects, &call.body)?;
    let assistant = assistant(&mut store, &call.body)?;
    let count = store.count.clone();
    let mut request = call.body["thread"].clone();
    if !call.body["tool_resources"].is_null() {
        request["tool_resources"] = call.body["tool_resources"].clone();
    }
    let thread = threads::created(app, &mut store, &request);
    let mut run = created(app, thread, &assistant, &call.body, &count);
    let frames = listen(app, &mut run, &call.body, false);
    if let Some(listener) = &mut run.listener {
        listener.tell("thread.created", &thread.object());
    }
    let thread = thread.id.clone();
    Ok(start(app, store, &thread, run, frames))
}

pub(super) fn submit(app: &App, call: &Call) -> Result<Answer, Failure> {
    // What has begun may go on although there is no room for more.
    let mut store = app.store();
    let thread = store.thread(call.id("thread_id"), app.now())?;
    let run = thread.run(call.id("run_id"))?;
    if run.status != Status::RequiresAction {
        return Err(Failure::invalid(format!(
            "Runs in status \"{}\" do not accept tool outputs.",
            run.status.name()
        )));
    }
    let outputs = outputs(run, &call.body["tool_outputs"])?;
    let frames = listen(app, run, &call.body, false);
    run.take_outputs(&outputs, app.now());
    Ok(go_on(
        app,
        store,
        call.id("thread_id"),
        call.id("run_id"),
        frames,
    ))
}

/// The assistant of a new run. It, or the request, has the function that the run has to
/// call.
fn assistant(store: &mut Store, body: &Value) -> Result<Value, Failure> {
    let id = body["assistant_id"].as_str().unwrap_or_default();
    let assistant = store.assistant(id)?;
    if body["tool_choice"]["type"] == "function" {
        let name = &body["tool_choice"]["function"]["name"];
        let tools = or(&body["tools"], assistant["tools"].clone());
        let mut tools = tools.as_array().into_iter().flatten();
        let is_there = name.is_string() && tools.any(|tool| tool["function"]["name"] == *name);
        if !is_there {
            return Err(Failure::parameter(
                "tool_choice",
                "invalid_value",
                format!("Invalid 'tool_choice': the run has no function {name} among its tools."),
            ));
        }
    }
    Ok(assistant.clone())
}

/// An integer. JSON has one kind of number, so that it may be written `300.0`.
fn integer(value: &Value) -> Option<u64> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let from_float = || value.as_f64().map(|number| number as u64);
    value.as_u64().or_else(from_float)
}

fn truncation(request: &Value) -> Value {
    let mut truncation = or(request, json!({ "type": "auto" }));
    truncation["last_messages"] = json!(integer(&truncation["last_messages"]));
    truncation
}

/// A new run, with what the assistant says wherever the request says nothing.
fn created(app: &App, thread: &Thread, assistant: &Value, body: &Value, count: &Count) -> Run {
    let now = app.now();
    let deadline = now.checked_add(app.settings.lifetime);
    let chosen = |name: &str| or(&body[name], assistant[name].clone());
    // Upstream has them as text that is always there, and typed clients rely on it.
    let instructions = [
        chosen("instructions"),
        body["additional_instructions"].clone(),
    ];
    let instructions = instructions.iter().filter_map(Value::as_str);
    let instructions: Vec<&str> = instructions.filter(|text| !text.is_empty()).collect();
    Run {
        id: app.ids.next("run"),
        object: "thread.run",
        created_at: unix(now),
        assistant_id: assistant["id"].as_str().unwrap_or_default().to_owned(),
        thread_id: thread.id.clone(),
        status: Status::Queued,
        started_at: None,
        expires_at: deadline.map(unix),
        cancelled_at: None,
        failed_at: None,
        completed_at: None,
        required_action: None,
        last_error: None,
        model: chosen("model"),
        instructions: instructions.join("\n"),
        tools: chosen("tools"),
        metadata: metadata(body).unwrap_or_else(|| json!({})),
        temperature: chosen("temperature"),
        top_p: chosen("top_p"),
        reasoning_effort: chosen("reasoning_effort"),
        max_completion_tokens: integer(&body["max_completion_tokens"]),
        max_prompt_tokens: integer(&body["max_prompt_tokens"]),
        truncation_strategy: truncation(&body["truncation_strategy"]),
        incomplete_details: None,
        usage: None,
        response_format: chosen("response_format"),
        tool_choice: or(&body["tool_choice"], "auto".into()),
        parallel_tool_calls: or(&body["parallel_tool_calls"], true.into()),
        steps: Shelf::new(count),
        plan: VecDeque::new(),
        reached: now,
        deadline,
        used: Usage::default(),
        open: None,
        listener: None,
    }
}

/// Has the run tell a stream of what happens, if the request wants one.
fn listen(
    app: &App,
    run: &mut Run,
    body: &Value,
    has_content: bool,
) -> Option<UnboundedReceiver<Bytes>> {
    if body["stream"] != true {
        return None;
    }
    let (listener, frames) = Listener::new(has_content, app.check.clone());
    run.listener = Some(listener);
    Some(frames)
}

/// Puts a new run on its thread.
fn start(
    app: &App,
    mut store: MutexGuard<'_, Store>,
    thread_id: &str,
    mut run: Run,
    frames: Option<UnboundedReceiver<Bytes>>,
) -> Answer {
    run.tell("thread.run.created");
    run.tell("thread.run.queued");
    let id = run.id.clone();
    if let Some(thread) = store.threads.get_mut(thread_id) {
        thread.active = Some(id.clone());
        thread.runs.put(&id, run);
    }
    go_on(app, store, thread_id, &id, frames)
}

/// Asks the model what happens next. Nobody waits for the store in the meantime, and as
/// the run is active, nobody adds to the conversation.
fn go_on(
    app: &App,
    mut store: MutexGuard<'_, Store>,
    thread_id: &str,
    run_id: &str,
    frames: Option<UnboundedReceiver<Bytes>>,
) -> Answer {
    let thread = store.threads.get_mut(thread_id).expect("it was found");
    let run = thread.runs.get(run_id).expect("it was put there");
    let object = json!(run);
    let conversation = conversation(thread, run);
    let limits = Limits {
        prompt: run.max_prompt_tokens,
        completion: run.max_completion_tokens,
        used: run.used,
    };
    thread.turns += 1;
    drop(store);

    let turn = catch_unwind(AssertUnwindSafe(|| app.model.turn(&conversation)));
    let turn = turn.unwrap_or_else(|_| {
        Turn::new().fail(
            FailureCode::ServerError,
            "The model of the fake server panicked.",
        )
    });
    let plan = plan::plan(turn, &conversation, &limits, app.settings.pace, &app.ids);

    let mut store = app.store();
    let thread = store.threads.get_mut(thread_id);
    let run = thread.and_then(|thread| thread.runs.get_mut(run_id));
    // It may have been cancelled in the meantime, or be gone.
    if let Some(run) = run.filter(|run| run.status == Status::Queued) {
        run.follow(plan, app.now());
    }
    match frames {
        None => Answer::Moving(object),
        Some(frames) => Answer::Events(Events::new(thread_id, frames)),
    }
}

fn conversation(thread: &Thread, run: &Run) -> Conversation {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let messages = thread.messages.iter().rev();
    let last = run.truncation_strategy["last_messages"].as_u64();
    let last = last.and_then(|last| usize::try_from(last).ok());
    let mut messages: Vec<Said> = messages
        .take(last.unwrap_or(usize::MAX))
        .map(|message| Said::new(&message.role, message.text()))
        .collect();
    messages.reverse();
    let calls = run
        .steps
        .iter()
        .filter_map(|step| step.step_details["tool_calls"].as_array());
    let functions = calls.flatten().filter(|call| call["type"] == "function");
    Conversation {
        thread_id: thread.id.clone(),
        run_id: run.id.clone(),
        model: text(&run.model),
        instructions: run.instructions.clone(),
        tools: run.tools.as_array().cloned().unwrap_or_default(),
        tool_choice: run.tool_choice.clone(),
        messages,
        outputs: functions.map(Output::new).collect(),
        turns: thread.turns,
    }
}

/// The outputs of a request by the ids of their calls: one for each call that waits.
fn outputs(run: &Run, request: &Value) -> Result<Vec<(String, String)>, Failure> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let given: Vec<(String, String)> = request
        .as_array()
        .into_iter()
        .flatten()
        .map(|output| (text(&output["tool_call_id"]), text(&output["output"])))
        .collect();
    let expected: Vec<&str> = run
        .pending_calls()
        .iter()
        .filter_map(|call| call["id"].as_str())
        .collect();
    let mut given_ids: Vec<&str> = given.iter().map(|(id, _)| id.as_str()).collect();
    let mut expected_ids = expected.clone();
    given_ids.sort_unstable();
    expected_ids.sort_unstable();
    if given_ids == expected_ids {
        return Ok(given);
    }
    let given_ids: Vec<&str> = given.iter().map(|(id, _)| id.as_str()).collect();
    Err(Failure::parameter(
        "tool_outputs",
        "invalid_value",
        format!("Expected tool outputs for call_ids {expected:?}, got {given_ids:?}."),
    ))
}
