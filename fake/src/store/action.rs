//! Scheduled actions of a run, and the tokens that they use.

use std::ops::AddAssign;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// An action that is due this long after the one before it.
pub(crate) struct ScheduledAction {
    pub(crate) delay: Duration,
    pub(crate) action: Action,
}

/// A change of a run.
pub(crate) enum Action {
    /// The run becomes `in_progress`. The usage is that of a turn without steps.
    Start {
        usage: Usage,
    },
    /// Creates a message and the step that writes it.
    StartMessage {
        step_id: String,
        message_id: String,
        usage: Usage,
    },
    /// Appends to the open message.
    AppendContent(ContentDelta),
    /// Creates a step of tool calls.
    StartToolCalls {
        step_id: String,
        usage: Usage,
    },
    /// Sets the tool calls of the open step, and sends them as deltas.
    SetToolCalls {
        calls: Vec<Value>,
        deltas: Vec<Value>,
    },
    /// Creates a step that lists the tools of an MCP server.
    StartActivities {
        step_id: String,
        activities: Value,
    },
    /// Completes the open step and its message.
    CompleteStep,
    /// Sets the output of a call of an MCP server.
    SetOutput {
        id: String,
        output: String,
    },
    /// The run becomes `requires_action`. The actions after this one wait for the answers.
    Block,
    Complete,
    Fail {
        last_error: Value,
    },
    MarkIncomplete {
        details: Value,
    },
    Cancel,
}

/// The answers to the tool calls that block a run.
pub(crate) struct Answers {
    /// IDs of the calls that may not be executed.
    pub(crate) denied: Vec<String>,
    /// IDs of the function calls, and their outputs.
    pub(crate) outputs: Vec<(String, String)>,
}

/// An addition to the content of a message.
#[derive(Clone)]
pub(crate) enum ContentDelta {
    Text(String),
    Refusal(String),
    Annotation { index: usize, annotation: Value },
}

/// Tokens used by a run or a run step.
#[derive(Clone, Copy, Debug, Default)]
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

impl Serialize for Usage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let usage = json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens,
            // The service spells these two differently.
            "prompt_token_details": { "cached_tokens": 0 },
            "completion_tokens_details": { "reasoning_tokens": 0 },
        });
        usage.serialize(serializer)
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
