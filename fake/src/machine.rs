//! The life of a run: what is due happens, one by one.
//!
//! Nothing runs in the background. A run is brought up to date whenever somebody looks at
//! its thread, and a stream looks whenever something is due. Nobody can tell the
//! difference, and it takes neither a task nor a timer for a run that is polled.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::clock::unix;
use crate::message::Message;
use crate::plan::{Action, Piece, Planned};
use crate::run::{Run, RunStep, Status};
use crate::shelf::Shelf;
use crate::store::Thread;

impl Thread {
    /// Lets happen what is due on this thread.
    pub(crate) fn advance(&mut self, now: SystemTime) {
        let Some(run) = self.active.as_ref().and_then(|id| self.runs.get_mut(id)) else {
            return;
        };
        while let Some(due) = run.due().filter(|due| *due <= now) {
            run.reached = due;
            let action = match run.plan.pop_front() {
                Some(planned) if run.deadline.is_none_or(|deadline| due < deadline) => {
                    planned.action
                }
                _ => {
                    run.end(&mut self.messages, Status::Expired, "run_expired");
                    break;
                }
            };
            run.act(&mut self.messages, action);
        }
        if run.status.is_final() {
            self.active = None;
        }
    }
}

impl Run {
    fn act(&mut self, messages: &mut Shelf<Message>, action: Action) {
        let now = unix(self.reached);
        match action {
            Action::Begin { cost } => {
                self.used += cost;
                self.status = Status::InProgress;
                self.started_at.get_or_insert(now);
                self.tell("thread.run.in_progress");
            }
            Action::OpenMessage {
                step,
                message,
                cost,
            } => {
                let details = json!({ "type": "message_creation", "message_creation": { "message_id": message } });
                self.open_step(RunStep::new(self, step, details, cost, now));
                let message = self.message(message, now);
                for event in ["thread.message.created", "thread.message.in_progress"] {
                    self.tell_of(event, &message);
                }
                let id = message.id.clone();
                messages.put(&id, message);
            }
            Action::Write(piece) => {
                if let Some(message) = self.open_message(messages) {
                    message.grow(&piece);
                    let delta = json!({
                        "id": message.id,
                        "object": "thread.message.delta",
                        "delta": { "content": [delta(piece)] },
                    });
                    self.tell_of("thread.message.delta", &delta);
                }
            }
            Action::OpenCalls { step, cost } => {
                let details = json!({ "type": "tool_calls", "tool_calls": [] });
                self.open_step(RunStep::new(self, step, details, cost, now));
            }
            Action::Call { calls, deltas } => {
                let Some(step) = self.open.as_ref().and_then(|id| self.steps.get_mut(id)) else {
                    return;
                };
                step.step_details["tool_calls"] = calls.into();
                let id = step.id.clone();
                for delta in deltas {
                    let details = json!({ "type": "tool_calls", "tool_calls": [delta] });
                    let delta = json!({
                        "id": id,
                        "object": "thread.run.step.delta",
                        "delta": { "step_details": details },
                    });
                    self.tell_of("thread.run.step.delta", &delta);
                }
            }
            Action::Close => {
                if let Some(message) = self.open_message(messages) {
                    message.complete(now);
                    let id = message.id.clone();
                    self.tell_of("thread.message.completed", message);
                    messages.weigh(&id);
                }
                self.close_step(Status::Completed);
            }
            Action::AwaitOutputs => self.await_outputs(),
            Action::Complete => self.end(messages, Status::Completed, ""),
            Action::Cancel => self.end(messages, Status::Cancelled, "run_cancelled"),
            Action::Fail(code, message) => {
                self.last_error = Some(json!({ "code": code, "message": message }));
                self.end(messages, Status::Failed, "run_failed");
            }
            Action::BreakOff(reason) => {
                self.incomplete_details = Some(json!({ "reason": reason }));
                self.end(messages, Status::Incomplete, "max_tokens");
            }
        }
    }

    /// Waits for the outputs of the calls that the open step has made.
    fn await_outputs(&mut self) {
        let step = self.open.as_ref().and_then(|id| self.steps.get(id));
        let calls = step.and_then(|step| step.step_details["tool_calls"].as_array());
        let calls = calls.into_iter().flatten().map(|call| {
            let function = &call["function"];
            json!({
                "id": call["id"],
                "type": "function",
                "function": { "name": function["name"], "arguments": function["arguments"] },
            })
        });
        self.required_action = Some(json!({
            "type": "submit_tool_outputs",
            "submit_tool_outputs": { "tool_calls": calls.collect::<Vec<_>>() },
        }));
        self.status = Status::RequiresAction;
        self.tell("thread.run.requires_action");
        self.hang_up();
    }

    /// Takes the outputs of all calls and waits for its turn.
    pub(crate) fn take_outputs(&mut self, outputs: &[(String, String)], now: SystemTime) {
        self.reached = now;
        let step = self.open.as_ref().and_then(|id| self.steps.get_mut(id));
        let calls = step.and_then(|step| step.step_details["tool_calls"].as_array_mut());
        for call in calls.into_iter().flatten() {
            if let Some((_, output)) = outputs.iter().find(|(id, _)| call["id"] == **id) {
                call["function"]["output"] = output.as_str().into();
            }
        }
        self.close_step(Status::Completed);
        self.required_action = None;
        self.status = Status::Queued;
        self.tell("thread.run.queued");
    }

    /// Begins to cancel; the rest is due in a moment.
    pub(crate) fn cancel(&mut self, now: SystemTime, pace: Duration) {
        self.reached = now;
        self.required_action = None;
        self.status = Status::Cancelling;
        self.plan = VecDeque::from([Planned {
            after: pace,
            action: Action::Cancel,
        }]);
        self.tell("thread.run.cancelling");
    }

    /// Ends, with what is open on the way.
    fn end(&mut self, messages: &mut Shelf<Message>, status: Status, reason: &str) {
        let now = unix(self.reached);
        if let Some(message) = self.open_message(messages) {
            message.break_off(reason, now);
            let id = message.id.clone();
            self.tell_of("thread.message.incomplete", message);
            messages.weigh(&id);
        }
        self.close_step(status);
        // A plan that is only cleared keeps its memory as long as the run is kept.
        self.plan = VecDeque::new();
        self.status = status;
        self.required_action = None;
        self.expires_at = None;
        self.usage = Some(self.used);
        match status {
            Status::Completed => self.completed_at = Some(now),
            Status::Failed => self.failed_at = Some(now),
            Status::Cancelled => self.cancelled_at = Some(now),
            _ => {}
        }
        self.tell(&format!("thread.run.{}", status.name()));
        self.hang_up();
    }

    fn open_step(&mut self, step: RunStep) {
        for event in ["thread.run.step.created", "thread.run.step.in_progress"] {
            self.tell_of(event, &step);
        }
        self.open = Some(step.id.clone());
        let id = step.id.clone();
        self.steps.put(&id, step);
    }

    /// Ends the open step, if there is one, as the run ends; or else it is done.
    fn close_step(&mut self, run: Status) {
        let Some(id) = self.open.take() else {
            return;
        };
        let Some(step) = self.steps.get_mut(&id) else {
            return;
        };
        let error = self.last_error.as_ref();
        step.end(run, error, unix(self.reached));
        self.used += step.cost;
        let event = format!("thread.run.step.{}", step.status);
        if let Some(listener) = &mut self.listener {
            listener.tell(&event, &*step);
        }
        self.steps.weigh(&id);
    }

    fn message(&self, id: String, now: u64) -> Message {
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

    /// The message that the open step writes. Somebody may have deleted it.
    fn open_message<'a>(&self, messages: &'a mut Shelf<Message>) -> Option<&'a mut Message> {
        let step = self.steps.get(self.open.as_ref()?)?;
        messages.get_mut(step.step_details["message_creation"]["message_id"].as_str()?)
    }

    fn tell_of(&mut self, event: &str, object: &impl serde::Serialize) {
        if let Some(listener) = &mut self.listener {
            listener.tell(event, object);
        }
    }

    /// The stream has its end.
    fn hang_up(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.done();
        }
    }
}

/// A piece as a stream tells of it.
fn delta(piece: Piece) -> Value {
    match piece {
        Piece::Text(text) => json!({ "index": 0, "type": "text", "text": { "value": text } }),
        Piece::Refusal(text) => json!({ "index": 0, "type": "refusal", "refusal": text }),
        Piece::Annotation(index, mut annotation) => {
            annotation["index"] = index.into();
            json!({ "index": 0, "type": "text", "text": { "annotations": [annotation] } })
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::builder::Fake;
    use crate::operations::{Answer, Call, handler};
    use crate::query::Query;
    use crate::turn::{Reply, Turn};

    #[test]
    fn a_run_that_is_over_keeps_no_memory_for_a_plan() {
        let pieces = |_: &crate::Conversation| Turn::new().say(Reply::pieces(["a"; 100]));
        let (_stop, stopping) = watch::channel(false);
        let app = Fake::builder().model(pieces).app(stopping);
        let app = app.expect("there are no faults");
        let send = |operation, body| {
            let Ok(query) = Query::new("", &[]) else {
                panic!("there is nothing in it");
            };
            let path = Vec::new();
            let handler = handler(operation).expect("it is there");
            match handler(&app, &Call { path, query, body }) {
                Ok(Answer::Object(object) | Answer::Moving(object)) => object,
                _ => panic!("{operation} is granted"),
            }
        };
        let assistant = send("createAssistant", json!({ "model": "m" }));
        let created = send(
            "createThreadAndRun",
            json!({ "assistant_id": assistant["id"] }),
        );
        let thread = created["thread_id"].as_str().expect("it is text");
        let capacity = || {
            let mut store = app.store();
            let thread = store.threads.get_mut(thread).expect("it is there");
            let runs = thread.runs.iter().map(|run| run.plan.capacity());
            runs.sum::<usize>()
        };
        assert!(capacity() >= 100);
        app.advance(thread);
        assert_eq!(capacity(), 0);
    }
}
