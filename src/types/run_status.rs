//! Predicates on the status of a run, which may be unknown.

use crate::types::RunStatus;

impl RunStatus {
    /// Whether the run has ended.
    ///
    /// That is `completed`, `incomplete`, `failed`, `cancelled` or `expired`. Unknown statuses count
    /// as still running.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::RunStatus;
    ///
    /// assert!(RunStatus::Failed.is_terminal());
    /// assert!(!RunStatus::RequiresAction.is_terminal());
    /// ```
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        is_terminal(self.as_str())
    }

    /// Whether the run has not ended, so that its thread is locked.
    ///
    /// That includes `requires_action` and unknown statuses. Meanwhile servers refuse further runs and
    /// messages of the thread: wait with [`until_idle`](crate::Client::until_idle).
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::RunStatus;
    ///
    /// assert!(RunStatus::Queued.is_active());
    /// assert!(!RunStatus::Completed.is_active());
    /// ```
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.is_terminal()
    }
}

/// Whether a run has ended. Unknown statuses count as still running.
pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(
        status,
        "completed" | "incomplete" | "failed" | "cancelled" | "expired"
    )
}
