//! What the server remembers.

use std::time::SystemTime;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::message::Message;
use crate::run::{Run, RunStep};
use crate::shelf::{Count, Shelf};

pub(crate) struct Store {
    /// As they are sent.
    pub(crate) assistants: Shelf<Value>,
    pub(crate) threads: Shelf<Thread>,
    pub(crate) count: Count,
}

impl Store {
    pub(crate) fn new() -> Self {
        let count = Count::default();
        Self {
            assistants: Shelf::new(&count),
            threads: Shelf::new(&count),
            count,
        }
    }

    pub(crate) fn assistant(&mut self, id: &str) -> Result<&mut Value, Failure> {
        let assistant = self.assistants.get_mut(id);
        assistant.ok_or_else(|| Failure::not_found("assistant", id))
    }

    /// A thread, brought up to date.
    pub(crate) fn thread(&mut self, id: &str, now: SystemTime) -> Result<&mut Thread, Failure> {
        let thread = self.threads.get_mut(id);
        let thread = thread.ok_or_else(|| Failure::not_found("thread", id))?;
        thread.advance(now);
        Ok(thread)
    }
}

pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) metadata: Value,
    pub(crate) tool_resources: Value,
    pub(crate) messages: Shelf<Message>,
    pub(crate) runs: Shelf<Run>,
    /// The run that is not over. There is one at most.
    pub(crate) active: Option<String>,
    /// How often the model was asked.
    pub(crate) turns: usize,
}

impl Thread {
    pub(crate) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "thread",
            "created_at": self.created_at,
            "metadata": self.metadata,
            "tool_resources": self.tool_resources,
        })
    }

    pub(crate) fn message(&mut self, id: &str) -> Result<&mut Message, Failure> {
        let message = self.messages.get_mut(id);
        message.ok_or_else(|| Failure::not_found("message", id))
    }

    pub(crate) fn run(&mut self, id: &str) -> Result<&mut Run, Failure> {
        let run = self.runs.get_mut(id);
        run.ok_or_else(|| Failure::not_found("run", id))
    }
}

/// As it is sent: without what is on it.
impl Serialize for Thread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object().serialize(serializer)
    }
}

impl Run {
    pub(crate) fn step(&self, id: &str) -> Result<&RunStep, Failure> {
        let step = self.steps.get(id);
        step.ok_or_else(|| Failure::not_found("run step", id))
    }
}
