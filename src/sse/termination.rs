//! Decides with which result the stream of a run ends.
//!
//! A stream is complete only after an event whose name denotes a terminal or blocked status of the
//! run. `[DONE]` and the end of the body confirm that, and before it they are an interruption.

use std::time::Duration;

use crate::sse::status::{is_terminal, is_terminal_or_blocked};

/// Time-out for the rest of a stream once its run is terminal or blocked.
///
/// Some servers neither close the connection nor send `[DONE]`.
const GRACE: Duration = Duration::from_secs(5);

/// The progress of a stream, from its first event to its end.
#[derive(Debug)]
pub(super) struct Termination {
    phase: Phase,
    has_events: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A raw call without events of a run. It may end at any time.
    Unrelated,
    Active,
    Blocked,
    Terminal,
}

/// What ends the events of a stream. (An `error` event is a result of its own.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `[DONE]`.
    Done,
    /// The end of the body.
    Closed,
    /// A connection that broke.
    Broken,
    /// Nothing arrived within [`Termination::limit`].
    TimedOut,
}

/// The result of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    /// Interrupted before the first event.
    Empty,
    /// Interrupted between two events.
    Ended,
    /// Interrupted in the middle of an event.
    Cut,
    /// Interrupted by the connection.
    Broken,
    TimedOut,
}

impl Termination {
    pub(super) fn new(is_of_run: bool) -> Self {
        Self {
            phase: if is_of_run {
                Phase::Active
            } else {
                Phase::Unrelated
            },
            has_events: false,
        }
    }

    /// Records an event. Returns whether the limit changes, so that it starts anew.
    pub(super) fn observe(&mut self, status: Option<&str>) -> bool {
        self.has_events = true;
        let was_limited = self.is_terminal_or_blocked();
        match status {
            Some(status) if is_terminal(status) => self.phase = Phase::Terminal,
            // A terminal status is final.
            Some(_) if self.phase == Phase::Terminal => {}
            Some(status) if is_terminal_or_blocked(status) => self.phase = Phase::Blocked,
            Some(_) => self.phase = Phase::Active,
            None => {}
        }
        was_limited != self.is_terminal_or_blocked()
    }

    /// Whether nothing but the end of the stream is expected.
    ///
    /// The limit then covers all that is left, whatever the server sends. Before, it restarts with
    /// each chunk.
    pub(super) fn is_terminal_or_blocked(&self) -> bool {
        matches!(self.phase, Phase::Blocked | Phase::Terminal)
    }

    /// Returns how long to wait, if a stream may be idle for so long.
    pub(super) fn limit(&self, idle: Duration) -> Duration {
        if self.is_terminal_or_blocked() {
            idle.min(GRACE)
        } else {
            idle
        }
    }

    /// Returns the result of the stream. An event is cut if it is incomplete at the end.
    pub(super) fn end(&self, end: End, is_cut: bool) -> Outcome {
        match (self.phase, end) {
            // The server had more to send.
            (_, End::Broken) if is_cut => Outcome::Broken,
            (Phase::Blocked | Phase::Terminal, _) => Outcome::Complete,
            (_, End::TimedOut) => Outcome::TimedOut,
            (_, End::Broken) => Outcome::Broken,
            (_, End::Closed) if is_cut => Outcome::Cut,
            (Phase::Unrelated, _) => Outcome::Complete,
            (Phase::Active, _) if self.has_events => Outcome::Ended,
            (Phase::Active, _) => Outcome::Empty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: [(End, bool); 6] = [
        (End::Done, false),
        (End::Closed, false),
        (End::Closed, true),
        (End::Broken, false),
        (End::Broken, true),
        (End::TimedOut, false),
    ];

    /// The results of [`ENDS`] after events with these statuses.
    fn outcomes(is_of_run: bool, statuses: &[Option<&str>]) -> [Outcome; 6] {
        let mut termination = Termination::new(is_of_run);
        for status in statuses {
            termination.observe(*status);
        }
        ENDS.map(|(end, is_cut)| termination.end(end, is_cut))
    }

    #[test]
    fn only_a_terminal_or_blocked_run_completes_a_stream() {
        use Outcome::{Broken, Complete, Cut, Empty, Ended, TimedOut};

        let active = [Ended, Ended, Cut, Broken, Broken, TimedOut];
        let empty = [Empty, Empty, Cut, Broken, Broken, TimedOut];
        let complete = [Complete, Complete, Complete, Complete, Broken, Complete];
        let unrelated = [Complete, Complete, Cut, Broken, Broken, TimedOut];
        for (statuses, expected) in [
            (&[][..], empty),
            (&[None], active),
            (&[Some("queued")], active),
            (&[Some("paused")], active),
            (&[Some("requires_action"), Some("in_progress")], active),
            (&[Some("completed")], complete),
            (&[Some("requires_action"), None], complete),
            (
                &[Some("requires_action"), Some("queued"), Some("failed")],
                complete,
            ),
            (&[Some("completed"), Some("in_progress")], complete),
            (&[Some("expired"), Some("requires_action")], complete),
        ] {
            assert_eq!(outcomes(true, statuses), expected, "{statuses:?}");
            let is_related = statuses.iter().any(Option::is_some);
            let expected = if is_related { expected } else { unrelated };
            assert_eq!(outcomes(false, statuses), expected, "{statuses:?}");
        }
    }

    #[test]
    fn the_grace_period_starts_once() {
        let idle = Duration::from_secs(60);
        let mut run = Termination::new(true);
        assert!(!run.observe(Some("in_progress")) && !run.observe(None));
        assert_eq!(run.limit(idle), idle);
        assert!(run.observe(Some("requires_action")));
        assert_eq!(run.limit(idle), GRACE);
        assert_eq!(run.limit(Duration::from_secs(1)), Duration::from_secs(1));
        for status in [
            None,
            Some("requires_action"),
            Some("completed"),
            Some("queued"),
        ] {
            assert!(!run.observe(status), "{status:?}");
        }
        let mut run = Termination::new(true);
        assert!(run.observe(Some("requires_action")) && run.observe(Some("queued")));
        assert_eq!(run.limit(idle), idle);
    }
}
