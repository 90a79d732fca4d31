//! Runs and their steps as they are kept and sent.

use std::collections::VecDeque;
use std::ops::AddAssign;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use crate::events::Listener;
use crate::failure::Failure;
use crate::plan::Planned;
use crate::shelf::Shelf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Queued,
    InProgress,
    RequiresAction,
    Cancelling,
    Cancelled,
    Failed,
    Completed,
    Incomplete,
    Expired,
}

impl Status {
    /// Whether it is over.
    pub(crate) fn is_final(self) -> bool {
        use Status::{Cancelled, Completed, Expired, Failed, Incomplete};
        matches!(self, Cancelled | Failed | Completed | Incomplete | Expired)
    }

    pub(crate) fn name(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Serialize)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) object: &'static str,
    pub(crate) created_at: u64,
    pub(crate) assistant_id: String,
    pub(crate) thread_id: String,
    pub(crate) status: Status,
    pub(crate) started_at: Option<u64>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) cancelled_at: Option<u64>,
    pub(crate) failed_at: Option<u64>,
    pub(crate) completed_at: Option<u64>,
    pub(crate) required_action: Option<Value>,
    pub(crate) last_error: Option<Value>,
    pub(crate) model: Value,
    pub(crate) instructions: String,
    pub(crate) tools: Value,
    pub(crate) metadata: Value,
    pub(crate) temperature: Value,
    pub(crate) top_p: Value,
    pub(crate) reasoning_effort: Value,
    pub(crate) max_completion_tokens: Option<u64>,
    pub(crate) max_prompt_tokens: Option<u64>,
    pub(crate) truncation_strategy: Value,
    pub(crate) incomplete_details: Option<Value>,
    pub(crate) usage: Option<Usage>,
    pub(crate) response_format: Value,
    pub(crate) tool_choice: Value,
    pub(crate) parallel_tool_calls: Value,

    #[serde(skip)]
    pub(crate) steps: Shelf<RunStep>,
    /// What is yet to happen.
    #[serde(skip)]
    pub(crate) plan: VecDeque<Planned>,
    /// When something happened last.
    #[serde(skip)]
    pub(crate) reached: SystemTime,
    /// When it expires, if it does.
    #[serde(skip)]
    pub(crate) deadline: Option<SystemTime>,
    /// What the steps took that have ended.
    #[serde(skip)]
    pub(crate) used: Usage,
    /// The step that is in progress.
    #[serde(skip)]
    pub(crate) open: Option<String>,
    /// The stream that tells of it.
    #[serde(skip)]
    pub(crate) listener: Option<Listener>,
}

impl Run {
    /// When something happens next, unless somebody does something first.
    pub(crate) fn due(&self) -> Option<SystemTime> {
        if self.status.is_final() {
            return None;
        }
        // What is further off than the clock can tell does not come to pass.
        let next = self
            .plan
            .front()
            .and_then(|planned| self.reached.checked_add(planned.after));
        next.into_iter().chain(self.deadline).min()
    }

    /// The calls that wait for outputs.
    pub(crate) fn pending_calls(&self) -> &[Value] {
        let calls = self.required_action.as_ref();
        calls
            .and_then(|action| action["submit_tool_outputs"]["tool_calls"].as_array())
            .map_or(&[], Vec::as_slice)
    }

    /// What happens from now on, with this much time ahead of the first of it.
    pub(crate) fn follow(&mut self, plan: VecDeque<Planned>, now: SystemTime) {
        self.plan = plan;
        self.reached = now;
    }

    /// It does not go on, and a stream is told why.
    pub(crate) fn abandon(&mut self, failure: &Failure) {
        if let Some(mut listener) = self.listener.take() {
            listener.tell("error", &failure.error());
            listener.done();
        }
    }

    pub(crate) fn tell(&mut self, event: &str) {
        if let Some(mut listener) = self.listener.take() {
            listener.tell(event, &*self);
            self.listener = Some(listener);
        }
    }
}

/// Tokens.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
    pub(crate) total_tokens: u64,
}

impl Usage {
    pub(crate) fn new(prompt: u64, completion: u64) -> Self {
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt.saturating_add(completion),
        }
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        *self = Self::new(
            self.prompt_tokens.saturating_add(other.prompt_tokens),
            self.completion_tokens
                .saturating_add(other.completion_tokens),
        );
    }
}

#[derive(Serialize)]
pub(crate) struct RunStep {
    pub(crate) id: String,
    pub(crate) object: &'static str,
    pub(crate) created_at: u64,
    pub(crate) run_id: String,
    pub(crate) assistant_id: String,
    pub(crate) thread_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) status: &'static str,
    pub(crate) cancelled_at: Option<u64>,
    pub(crate) completed_at: Option<u64>,
    pub(crate) expired_at: Option<u64>,
    pub(crate) failed_at: Option<u64>,
    pub(crate) last_error: Option<Value>,
    pub(crate) step_details: Value,
    pub(crate) metadata: Value,
    pub(crate) usage: Option<Usage>,

    /// What it takes; known to others when it has ended.
    #[serde(skip)]
    pub(crate) cost: Usage,
}

impl RunStep {
    pub(crate) fn new(run: &Run, id: String, step_details: Value, cost: Usage, now: u64) -> Self {
        Self {
            id,
            object: "thread.run.step",
            created_at: now,
            run_id: run.id.clone(),
            assistant_id: run.assistant_id.clone(),
            thread_id: run.thread_id.clone(),
            kind: if step_details["type"] == "tool_calls" {
                "tool_calls"
            } else {
                "message_creation"
            },
            status: "in_progress",
            cancelled_at: None,
            completed_at: None,
            expired_at: None,
            failed_at: None,
            last_error: None,
            step_details,
            metadata: json!({}),
            usage: None,
            cost,
        }
    }

    /// Ends as the run does; or has just been done.
    pub(crate) fn end(&mut self, run: Status, error: Option<&Value>, now: u64) {
        let now = Some(now);
        match run {
            Status::Cancelled => (self.status, self.cancelled_at) = ("cancelled", now),
            Status::Expired => (self.status, self.expired_at) = ("expired", now),
            Status::Failed => (self.status, self.failed_at) = ("failed", now),
            _ => (self.status, self.completed_at) = ("completed", now),
        }
        self.last_error = error.cloned();
        // A step knows fewer reasons than a run.
        if let Some(error) = &mut self.last_error
            && error["code"] == "invalid_prompt"
        {
            error["code"] = "server_error".into();
        }
        self.usage = Some(self.cost);
    }

    /// As a caller sees it who has not asked for what file search found.
    pub(crate) fn without_content(mut step: Value) -> Value {
        let calls = step.pointer_mut("/step_details/tool_calls");
        let calls = calls.and_then(Value::as_array_mut);
        for call in calls.into_iter().flatten() {
            let results = call.pointer_mut("/file_search/results");
            let results = results.and_then(Value::as_array_mut);
            for result in results
                .into_iter()
                .flatten()
                .filter_map(Value::as_object_mut)
            {
                result.remove("content");
            }
        }
        step
    }
}
