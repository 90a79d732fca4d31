//! Tracks the run of a stream: its IDs and its status.

use serde::Deserialize;

use crate::error::core::{Error, RunIds};
use crate::json::untagged::MaybeString;
use crate::sse::parser::SseEvent;
use crate::sse::status::{is_stale, is_terminal, is_terminal_or_blocked};

/// The state of a run according to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunState<'a> {
    /// ID of the run.
    pub id: &'a str,
    /// ID of the thread.
    pub thread_id: &'a str,
    /// Status as received, such as `in_progress`.
    pub status: &'a str,
}

/// The known state of the run of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct RunTracker {
    pub(super) ids: RunIds,
    /// Whether the stream belongs to a run at all.
    pub(super) is_expected: bool,
    pub(super) is_terminal_or_blocked: bool,
    is_terminal: bool,
}

impl RunTracker {
    pub(super) fn new(ids: RunIds, is_expected: bool) -> Self {
        Self {
            ids,
            is_expected,
            ..Self::default()
        }
    }

    /// Records the state of an event.
    pub(super) fn update(&mut self, state: RunState<'_>) {
        self.is_expected = true;
        self.ids.update(Some(state.thread_id), Some(state.id));
        if !is_stale(self.is_terminal, state.status) {
            self.is_terminal = is_terminal(state.status);
            self.is_terminal_or_blocked = is_terminal_or_blocked(state.status);
        }
    }

    /// Records the state from the data of an event of a run.
    pub(super) fn update_from_event(&mut self, event: &SseEvent<'_>) {
        if event.name.starts_with("thread.run.")
            && !event.name.starts_with("thread.run.step.")
            && let Ok(run) = serde_json::from_str::<RunObject<'_>>(&event.data)
        {
            self.update(run.state());
        }
    }

    /// Records the state from a response body that is a run.
    pub(super) fn update_from_body(&mut self, body: &[u8]) {
        if let Ok(run) = serde_json::from_slice::<RunObject<'_>>(body)
            && text(&run.object) == "thread.run"
        {
            self.update(run.state());
        }
    }

    /// Adds the IDs to an error.
    pub(super) fn annotate(&self, error: Error) -> Error {
        error.in_run(self.ids.thread_id.as_deref(), self.ids.run_id.as_deref())
    }
}

/// The properties of a run that a stream needs. Malformed ones are ignored.
#[derive(Deserialize)]
struct RunObject<'a> {
    #[serde(borrow)]
    object: Option<MaybeString<'a>>,
    #[serde(borrow)]
    id: Option<MaybeString<'a>>,
    #[serde(borrow)]
    thread_id: Option<MaybeString<'a>>,
    #[serde(borrow)]
    status: Option<MaybeString<'a>>,
}

impl RunObject<'_> {
    fn state(&self) -> RunState<'_> {
        RunState {
            id: text(&self.id),
            thread_id: text(&self.thread_id),
            status: text(&self.status),
        }
    }
}

fn text<'a>(text: &'a Option<MaybeString<'_>>) -> &'a str {
    text.as_ref()
        .and_then(MaybeString::as_str)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_properties_of_a_run_are_ignored() {
        let update = |data: &str| {
            let mut run = RunTracker::default();
            run.update_from_event(&SseEvent {
                name: "thread.run.completed".into(),
                data: data.into(),
            });
            (
                run.ids.thread_id,
                run.ids.run_id,
                run.is_terminal_or_blocked,
            )
        };
        let id = |id: &str| Some(id.to_owned());
        for (data, expected) in [
            ("[]", (None, None, false)),
            ("no JSON", (None, None, false)),
            (
                r#"{"id": 1, "thread_id": null, "status": "completed"}"#,
                (None, None, true),
            ),
            (
                r#"{"x": {}, "thread_id": "t\u0031", "id": "r", "status": {}}"#,
                (id("t1"), id("r"), false),
            ),
        ] {
            assert_eq!(update(data), expected, "{data}");
        }
    }
}
