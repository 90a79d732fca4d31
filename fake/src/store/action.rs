//! Scheduled actions of a run, and the tokens that they use.

use std::ops::AddAssign;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

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
    /// Completes the open step and its message.
    CompleteStep,
    /// The run becomes `requires_action`.
    RequireToolOutputs,
    Complete,
    Fail {
        last_error: Value,
    },
    MarkIncomplete {
        details: Value,
    },
    Cancel,
}

/// An addition to the content of a message.
#[derive(Clone)]
pub(crate) enum ContentDelta {
    Text(String),
    Refusal(String),
    Annotation { index: usize, annotation: Value },
}

/// Tokens used by a run or a run step.
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
