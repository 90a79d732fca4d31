//! The status of a run: predicates, and the status that an event reports.

pub(crate) use crate::types::run_status::is_terminal;

/// Whether a run has ended, or waits for tool outputs.
pub(crate) fn is_terminal_or_blocked(status: &str) -> bool {
    is_terminal(status) || status == "requires_action"
}

/// Whether a status arrived after a terminal one, which is final.
pub(crate) fn is_stale(was_terminal: bool, status: &str) -> bool {
    was_terminal && !is_terminal(status)
}

/// Whether the data of an event is a run.
pub(crate) fn is_of_run(event: &str) -> bool {
    event.starts_with("thread.run.") && !event.starts_with("thread.run.step.")
}

/// Returns the status that an event of a run reports, given the status in its data.
///
/// The name decides whether the run is terminal or blocked, because some servers send the run as
/// it was earlier or is later. The data decides in which of these statuses it is. An unknown name
/// decides nothing.
pub(crate) fn reported<'a>(event: &'a str, in_data: &'a str) -> &'a str {
    let named = match event.strip_prefix("thread.run.").unwrap_or_default() {
        "created" => "queued",
        named => named,
    };
    let is_active = matches!(named, "queued" | "in_progress" | "cancelling");
    let has_ended = is_terminal_or_blocked(named);
    if (is_active || has_ended) && has_ended != is_terminal_or_blocked(in_data) {
        named
    } else {
        in_data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_event_decides_whether_the_run_is_terminal_or_blocked() {
        for (event, in_data, status) in [
            ("thread.run.created", "completed", "queued"),
            ("thread.run.queued", "requires_action", "queued"),
            ("thread.run.in_progress", "failed", "in_progress"),
            ("thread.run.cancelling", "cancelled", "cancelling"),
            ("thread.run.completed", "in_progress", "completed"),
            ("thread.run.requires_action", "", "requires_action"),
            ("thread.run.expired", "paused", "expired"),
        ] {
            assert_eq!(reported(event, in_data), status, "{event} {in_data}");
        }
    }

    #[test]
    fn the_data_decides_which_status_it_is() {
        for (event, in_data) in [
            ("thread.run.completed", "requires_action"),
            ("thread.run.requires_action", "failed"),
            ("thread.run.created", "in_progress"),
            ("thread.run.in_progress", "paused"),
            ("thread.run.rejected", "failed"),
            ("thread.run.paused", "in_progress"),
        ] {
            assert_eq!(reported(event, in_data), in_data, "{event}");
        }
    }
}
