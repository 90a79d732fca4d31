//! Predicates on the status of a run, which may be unknown.

/// Whether a run has ended. Unknown statuses count as still running.
pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(
        status,
        "completed" | "incomplete" | "failed" | "cancelled" | "expired"
    )
}

/// Whether a run has ended, or waits for tool outputs.
pub(crate) fn is_terminal_or_blocked(status: &str) -> bool {
    is_terminal(status) || status == "requires_action"
}

/// Whether a status arrived after a terminal one, which is final.
pub(crate) fn is_stale(was_terminal: bool, status: &str) -> bool {
    was_terminal && !is_terminal(status)
}
