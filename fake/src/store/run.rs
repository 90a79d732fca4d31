//! Runs and run steps, as stored and as serialized.

use std::collections::VecDeque;
use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::store::action::{ScheduledAction, Usage};
use crate::store::event::EventSender;
use crate::store::table::Table;

/// The status of a run.
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
    pub(crate) fn is_terminal(self) -> bool {
        use Status::{Cancelled, Completed, Expired, Failed, Incomplete};
        matches!(self, Cancelled | Failed | Completed | Incomplete | Expired)
    }

    pub(crate) fn name(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

/// A run. Fields that are skipped by serde drive it and are not part of the API object.
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
    pub(crate) tool_resources: Value,
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
    pub(crate) steps: Table<RunStep>,
    /// Actions that are not applied yet.
    #[serde(skip)]
    pub(crate) schedule: VecDeque<ScheduledAction>,
    /// Actions that wait for the answers to tool calls.
    #[serde(skip)]
    pub(crate) paused: VecDeque<ScheduledAction>,
    /// When the last action was due.
    #[serde(skip)]
    pub(crate) last_action_at: SystemTime,
    /// When the run expires; `None` if it never does.
    #[serde(skip)]
    pub(crate) deadline: Option<SystemTime>,
    /// Usage of the steps that have ended.
    #[serde(skip)]
    pub(crate) used: Usage,
    /// ID of the step in progress.
    #[serde(skip)]
    pub(crate) open_step: Option<String>,
    /// The response stream of the run.
    #[serde(skip)]
    pub(crate) events: Option<EventSender>,
}

impl Run {
    pub(crate) fn step(&self, id: &str) -> Result<&RunStep, ApiError> {
        let step = self.steps.get(id);
        step.ok_or_else(|| ApiError::not_found("run step", id))
    }

    /// When the next action is due or the run expires.
    pub(crate) fn next_due(&self) -> Option<SystemTime> {
        if self.status.is_terminal() {
            return None;
        }
        // A time that `SystemTime` cannot represent is never reached.
        let next = self
            .schedule
            .front()
            .and_then(|next| self.last_action_at.checked_add(next.delay));
        next.into_iter().chain(self.deadline).min()
    }

    /// The tool calls that require outputs or approvals.
    pub(crate) fn pending_calls(&self) -> &[Value] {
        let action = self.required_action.as_ref();
        action
            .and_then(|action| action[action["type"].as_str()?]["tool_calls"].as_array())
            .map_or(&[], Vec::as_slice)
    }

    /// Replaces the schedule; the delay of its first action starts now.
    pub(crate) fn set_schedule(&mut self, schedule: VecDeque<ScheduledAction>, now: SystemTime) {
        self.schedule = schedule;
        self.last_action_at = now;
    }

    /// Ends the response stream with an `error` event.
    pub(crate) fn abort_stream(&mut self, error: &Value) {
        if let Some(events) = self.events.take() {
            events.send("error", error);
            events.finish();
        }
    }

    /// Sends an event about the run itself.
    pub(crate) fn send_event(&self, name: &str) {
        self.send_event_of(name, self);
    }

    /// Sends an event about a message, a step or a delta.
    pub(crate) fn send_event_of(&self, name: &str, object: &impl Serialize) {
        if let Some(events) = &self.events {
            events.send(name, object);
        }
    }
}

/// A run step.
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
    /// When the run expires, until it ends.
    pub(crate) expires_at: Option<u64>,
    pub(crate) expired_at: Option<u64>,
    pub(crate) failed_at: Option<u64>,
    pub(crate) last_error: Option<Value>,
    pub(crate) step_details: Value,
    pub(crate) metadata: Value,
    pub(crate) usage: Option<Usage>,

    /// Becomes `usage` when the step ends.
    #[serde(skip)]
    pub(crate) final_usage: Usage,
}

impl RunStep {
    pub(crate) fn new(run: &Run, id: String, step_details: Value, usage: Usage, now: u64) -> Self {
        Self {
            id,
            object: "thread.run.step",
            created_at: now,
            run_id: run.id.clone(),
            assistant_id: run.assistant_id.clone(),
            thread_id: run.thread_id.clone(),
            kind: match step_details["type"].as_str() {
                Some("tool_calls") => "tool_calls",
                Some("activities") => "activities",
                _ => "message_creation",
            },
            status: "in_progress",
            cancelled_at: None,
            completed_at: None,
            expires_at: run.expires_at,
            expired_at: None,
            failed_at: None,
            last_error: None,
            step_details,
            metadata: json!({}),
            usage: None,
            final_usage: usage,
        }
    }

    /// Ends the step with the run, or completes it while the run continues.
    pub(crate) fn end(&mut self, run: Status, error: Option<&Value>, now: u64) {
        let now = Some(now);
        match run {
            Status::Cancelled => (self.status, self.cancelled_at) = ("cancelled", now),
            Status::Expired => (self.status, self.expired_at) = ("expired", now),
            Status::Failed => (self.status, self.failed_at) = ("failed", now),
            _ => (self.status, self.completed_at) = ("completed", now),
        }
        self.last_error = error.cloned();
        // Steps have fewer error codes than runs.
        if let Some(error) = &mut self.last_error
            && error["code"] == "invalid_prompt"
        {
            error["code"] = "server_error".into();
        }
        self.usage = Some(self.final_usage);
    }
}
