//! The state machine of a run: applies scheduled actions when they are due.
//!
//! There are no background tasks. Requests advance the active run of their thread to the
//! current time before they read it, and streams do the same whenever an action is due. The
//! result is the same as with a task per run, and polled runs need neither task nor timer.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::clock::unix_seconds;
use crate::store::action::{Action, Answers, ContentDelta, ScheduledAction, Usage};
use crate::store::memory::{Store, Thread};
use crate::store::message::Message;
use crate::store::run::{Run, RunStep, Status};
use crate::store::table::Table;

/// Returns a thread, with its active run advanced to the current time.
pub(crate) fn thread<'a>(
    store: &'a mut Store,
    id: &str,
    now: SystemTime,
) -> Result<&'a mut Thread, ApiError> {
    let thread = store.thread(id)?;
    advance(thread, now);
    Ok(thread)
}

/// Advances the active run of a thread. Returns the time until its next action is due.
pub(crate) fn time_to_next_action(
    store: &mut Store,
    thread_id: &str,
    now: SystemTime,
) -> Option<Duration> {
    let thread = thread(store, thread_id, now).ok()?;
    let run = thread.runs.get(thread.active_run.as_ref()?)?;
    Some(run.next_due()?.duration_since(now).unwrap_or_default())
}

fn advance(thread: &mut Thread, now: SystemTime) {
    let id = thread.active_run.as_ref();
    let Some(run) = id.and_then(|id| thread.runs.get_mut(id)) else {
        return;
    };
    while let Some(due) = run.next_due().filter(|due| *due <= now) {
        run.last_action_at = due;
        let action = match run.schedule.pop_front() {
            Some(next) if run.deadline.is_none_or(|deadline| due < deadline) => next.action,
            _ => {
                run.end(&mut thread.messages, Status::Expired, "run_expired");
                break;
            }
        };
        run.apply(&mut thread.messages, action);
    }
    if run.status.is_terminal() {
        thread.active_run = None;
    }
}

impl Run {
    fn apply(&mut self, messages: &mut Table<Message>, action: Action) {
        let now = unix_seconds(self.last_action_at);
        match action {
            Action::Start { usage } => {
                self.used += usage;
                self.status = Status::InProgress;
                self.started_at.get_or_insert(now);
                self.send_event("thread.run.in_progress");
            }
            Action::StartMessage {
                step_id,
                message_id,
                usage,
            } => {
                let details = json!({ "type": "message_creation", "message_creation": { "message_id": message_id } });
                self.start_step(RunStep::new(self, step_id, details, usage, now));
                let message = self.new_message(message_id, now);
                for event in ["thread.message.created", "thread.message.in_progress"] {
                    self.send_event_of(event, &message);
                }
                let id = message.id.clone();
                messages.insert(&id, message);
            }
            Action::AppendContent(delta) => {
                if let Some(message) = self.open_message(messages) {
                    let is_first = message.content.is_empty();
                    message.append(&delta);
                    let delta = json!({
                        "id": message.id,
                        "object": "thread.message.delta",
                        "delta": { "content": [content_delta(delta, is_first)] },
                    });
                    self.send_event_of("thread.message.delta", &delta);
                }
            }
            Action::StartToolCalls { step_id, usage } => {
                let details = json!({ "type": "tool_calls", "tool_calls": [] });
                self.start_step(RunStep::new(self, step_id, details, usage, now));
            }
            Action::StartActivities {
                step_id,
                activities,
            } => {
                let details = json!({ "type": "activities", "activities": activities });
                let usage = Usage::default();
                self.start_step(RunStep::new(self, step_id, details, usage, now));
            }
            Action::SetToolCalls { calls, deltas } => self.set_tool_calls(calls, deltas),
            Action::CompleteStep => {
                if let Some(message) = self.open_message(messages) {
                    message.complete(now);
                    let id = message.id.clone();
                    self.send_event_of("thread.message.completed", message);
                    messages.update_size(&id);
                }
                self.end_step(Status::Completed);
            }
            Action::SetOutput { id, output } => self.set_output(&id, &output),
            Action::Block => self.require_action(),
            Action::Complete => self.end(messages, Status::Completed, ""),
            Action::Cancel => self.end(messages, Status::Cancelled, "run_cancelled"),
            Action::Fail { last_error } => {
                self.last_error = Some(last_error);
                self.end(messages, Status::Failed, "run_failed");
            }
            Action::MarkIncomplete { details } => {
                self.incomplete_details = Some(details);
                self.end(messages, Status::Incomplete, "max_tokens");
            }
        }
    }

    fn set_tool_calls(&mut self, calls: Vec<Value>, deltas: Vec<Value>) {
        let step = self.open_step.as_ref();
        let Some(step) = step.and_then(|id| self.steps.get_mut(id)) else {
            return;
        };
        step.step_details["tool_calls"] = calls.into();
        for delta in deltas {
            self.send_tool_call_delta(delta);
        }
    }

    fn send_tool_call_delta(&self, delta: Value) {
        // Foundry names the kind of these calls.
        let is_mcp = delta["type"] == "mcp";
        let kind = if is_mcp { "mcp" } else { "tool_calls" };
        let details = json!({ "type": kind, "tool_calls": [delta] });
        let delta = json!({
            "id": self.open_step,
            "object": "thread.run.step.delta",
            "delta": { "step_details": details },
        });
        self.send_event_of("thread.run.step.delta", &delta);
    }

    /// The tool calls of the open step.
    fn open_calls(&mut self) -> impl Iterator<Item = &mut Value> {
        let step = self.open_step.as_ref();
        let step = step.and_then(|id| self.steps.get_mut(id));
        let calls = step.and_then(|step| step.step_details["tool_calls"].as_array_mut());
        calls.into_iter().flatten()
    }

    /// Sets the output of a call of an MCP server.
    fn set_output(&mut self, id: &str, output: &str) {
        let mut calls = self.open_calls().enumerate();
        let Some((index, call)) = calls.find(|(_, call)| call["id"] == id) else {
            return;
        };
        call["output"] = output.into();
        drop(calls);
        let delta = json!({ "type": "mcp", "output": output, "index": index });
        self.send_tool_call_delta(delta);
    }

    /// Requires outputs of the function calls of the open step, and approvals of the others.
    fn require_action(&mut self) {
        let mut calls: Vec<Value> = self.open_calls().map(|call| call.clone()).collect();
        for call in &mut calls {
            let of_function = call["type"] == "function";
            let call = if of_function {
                &mut call["function"]
            } else {
                call
            };
            call.as_object_mut().map(|call| call.remove("output"));
        }
        let needs_approval = calls.iter().any(|call| call["type"] == "mcp");
        let kind = match needs_approval {
            true => "submit_tool_approval",
            false => "submit_tool_outputs",
        };
        self.required_action = Some(json!({ "type": kind, (kind): { "tool_calls": calls } }));
        self.paused = std::mem::take(&mut self.schedule);
        self.status = Status::RequiresAction;
        self.send_event("thread.run.requires_action");
        self.finish_stream();
    }

    /// Stores the answers to all pending tool calls, and queues the run again. Returns whether the
    /// turn is over, so that the model continues the run.
    ///
    /// A call that is denied remains without output.
    pub(crate) fn answer(&mut self, answers: &Answers, now: SystemTime, delay: Duration) -> bool {
        let mut schedule = std::mem::take(&mut self.paused);
        schedule.retain(|next| match &next.action {
            Action::SetOutput { id, .. } => !answers.denied.contains(id),
            _ => true,
        });
        for call in self.open_calls() {
            let output = answers.outputs.iter().find(|(id, _)| call["id"] == **id);
            if let Some((_, output)) = output {
                call["function"]["output"] = output.as_str().into();
            }
        }
        let is_set = |next: &ScheduledAction| matches!(next.action, Action::SetOutput { .. });
        let is_turn_over = schedule.iter().all(is_set);
        if is_turn_over {
            for next in std::mem::take(&mut schedule) {
                if let Action::SetOutput { id, output } = next.action {
                    self.set_output(&id, &output);
                }
            }
            self.last_action_at = now;
            self.end_step(Status::Completed);
        } else {
            let usage = Usage::default();
            let action = Action::Start { usage };
            schedule.push_front(ScheduledAction { delay, action });
        }
        self.set_schedule(schedule, now);
        self.required_action = None;
        self.status = Status::Queued;
        self.send_event("thread.run.queued");
        is_turn_over
    }

    /// Starts cancelling. The run becomes `cancelled` after the delay.
    pub(crate) fn cancel(&mut self, now: SystemTime, delay: Duration) {
        self.required_action = None;
        self.status = Status::Cancelling;
        let action = Action::Cancel;
        self.set_schedule(VecDeque::from([ScheduledAction { delay, action }]), now);
        self.send_event("thread.run.cancelling");
    }

    /// Ends the run, its open step and its open message.
    fn end(&mut self, messages: &mut Table<Message>, status: Status, reason: &str) {
        let now = unix_seconds(self.last_action_at);
        if let Some(message) = self.open_message(messages) {
            message.mark_incomplete(reason, now);
            let id = message.id.clone();
            self.send_event_of("thread.message.incomplete", message);
            messages.update_size(&id);
        }
        self.end_step(status);
        // `clear` would keep the memory for as long as the run is stored.
        self.schedule = VecDeque::new();
        self.paused = VecDeque::new();
        self.status = status;
        self.required_action = None;
        self.expires_at = None;
        self.steps
            .iter_mut()
            .for_each(|step| step.expires_at = None);
        self.usage = Some(self.used);
        match status {
            Status::Completed => self.completed_at = Some(now),
            Status::Failed => self.failed_at = Some(now),
            Status::Cancelled => self.cancelled_at = Some(now),
            _ => {}
        }
        self.send_event(&format!("thread.run.{}", status.name()));
        self.finish_stream();
    }

    fn start_step(&mut self, step: RunStep) {
        for event in ["thread.run.step.created", "thread.run.step.in_progress"] {
            self.send_event_of(event, &step);
        }
        let id = step.id.clone();
        self.steps.insert(&id, step);
        self.open_step = Some(id);
    }

    /// Ends the open step, if there is one, with the status of the run.
    fn end_step(&mut self, run: Status) {
        let Some(id) = self.open_step.take() else {
            return;
        };
        let Some(step) = self.steps.get_mut(&id) else {
            return;
        };
        let error = self.last_error.as_ref();
        step.end(run, error, unix_seconds(self.last_action_at));
        self.used += step.final_usage;
        if let Some(events) = &self.events {
            events.send(&format!("thread.run.step.{}", step.status), step);
        }
        self.steps.update_size(&id);
    }

    fn new_message(&self, id: String, now: u64) -> Message {
        Message {
            id,
            object: "thread.message",
            created_at: now,
            assistant_id: Some(self.assistant_id.clone()),
            thread_id: self.thread_id.clone(),
            run_id: Some(self.id.clone()),
            status: "in_progress",
            incomplete_details: None,
            incomplete_at: None,
            completed_at: None,
            role: "assistant".to_owned(),
            content: Vec::new(),
            attachments: json!([]),
            metadata: json!({}),
        }
    }

    /// The message that the open step writes, unless a request has deleted it.
    fn open_message<'a>(&self, messages: &'a mut Table<Message>) -> Option<&'a mut Message> {
        let step = self.steps.get(self.open_step.as_ref()?)?;
        messages.get_mut(step.step_details["message_creation"]["message_id"].as_str()?)
    }

    fn finish_stream(&mut self) {
        if let Some(events) = self.events.take() {
            events.finish();
        }
    }
}

/// The content part of a `thread.message.delta` event.
fn content_delta(delta: ContentDelta, is_first: bool) -> Value {
    match delta {
        ContentDelta::Text(text) if is_first => {
            json!({ "index": 0, "type": "text", "text": { "value": text, "annotations": [] } })
        }
        ContentDelta::Text(text) => {
            json!({ "index": 0, "type": "text", "text": { "value": text } })
        }
        ContentDelta::Refusal(text) => json!({ "index": 0, "type": "refusal", "refusal": text }),
        ContentDelta::Annotation {
            index,
            mut annotation,
        } => {
            annotation["index"] = index.into();
            json!({ "index": 0, "type": "text", "text": { "annotations": [annotation] } })
        }
    }
}
