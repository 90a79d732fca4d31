//! Tracks the run of a stream: its IDs, and its progress to the end.

use std::borrow::Cow;

use crate::error::core::{Error, RunIds};
use crate::sse::parser::SseEvent;
use crate::sse::scan::Scanner;
use crate::sse::status;
use crate::sse::termination::Termination;

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

/// What is known about the run of a stream.
#[derive(Debug)]
pub(super) struct RunTracker {
    pub(super) ids: RunIds,
    pub(super) termination: Termination,
    /// Whether the document describes the operation, so that its response is a run.
    is_documented: bool,
}

impl RunTracker {
    pub(super) fn new(ids: RunIds, is_documented: bool) -> Self {
        Self {
            ids,
            termination: Termination::new(is_documented),
            is_documented,
        }
    }

    /// Records an event. Returns whether the limit of the stream starts anew.
    pub(super) fn observe(&mut self, event: &SseEvent<'_>) -> bool {
        if status::is_of_run(&event.name) {
            let run = Properties::of(&event.data);
            self.ids.update(run.thread_id(), run.id());
            let status = run.status.unwrap_or_default();
            let status = status::reported(&event.name, &status);
            return self.termination.observe(Some(status));
        }
        let is_complete = self.ids.run_id.is_some() && self.ids.thread_id.is_some();
        if !is_complete && event.name.starts_with("thread.") {
            self.add_ids(event);
        }
        self.termination.observe(None)
    }

    /// Adds the IDs of an event that is not of a run. They do not replace those of a run: some
    /// servers leave the run ID of messages zero.
    fn add_ids(&mut self, event: &SseEvent<'_>) {
        let object = Properties::of(&event.data);
        let mut ids = RunIds::default();
        let thread_id = match &*event.name {
            "thread.created" => object.id(),
            _ => object.thread_id(),
        };
        ids.update(thread_id, object.run_id.as_deref());
        ids.update(self.ids.thread_id.as_deref(), self.ids.run_id.as_deref());
        self.ids = ids;
    }

    /// Records the IDs in a response body that is a run, not a stream.
    pub(super) fn update_from_body(&mut self, body: &[u8]) {
        let Ok(body) = std::str::from_utf8(body) else {
            return;
        };
        let run = Properties::of(body);
        if run.object.as_deref() == Some("thread.run") || self.is_documented && run.status.is_some()
        {
            self.ids.update(run.thread_id(), run.id());
        }
    }

    /// Adds the IDs to an error.
    pub(super) fn annotate(&self, error: Error) -> Error {
        error.in_run(self.ids.thread_id.as_deref(), self.ids.run_id.as_deref())
    }
}

/// The properties of an object that a stream needs, if they are strings.
#[derive(Default)]
struct Properties<'a> {
    object: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    run_id: Option<Cow<'a, str>>,
    thread_id: Option<Cow<'a, str>>,
    status: Option<Cow<'a, str>>,
}

impl<'a> Properties<'a> {
    /// Scans JSON up to its first fault.
    fn of(json: &'a str) -> Self {
        let mut found = Self::default();
        Scanner::new(json).object(|json, key| {
            let property = match key {
                "object" => &mut found.object,
                "id" => &mut found.id,
                "run_id" => &mut found.run_id,
                "thread_id" => &mut found.thread_id,
                "status" => &mut found.status,
                _ => return json.skip(),
            };
            if !json.is_at(b'"') {
                return json.skip();
            }
            *property = Some(json.string()?);
            Some(())
        });
        found
    }

    fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    fn thread_id(&self) -> Option<&str> {
        self.thread_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The IDs after an event, and whether the run is terminal or blocked.
    fn observed(name: &str, data: &str) -> (Option<String>, Option<String>, bool) {
        let mut run = RunTracker::new(RunIds::default(), true);
        run.observe(&SseEvent {
            name: name.into(),
            data: data.into(),
        });
        let is_terminal_or_blocked = run.termination.is_terminal_or_blocked();
        (run.ids.thread_id, run.ids.run_id, is_terminal_or_blocked)
    }

    #[test]
    fn malformed_properties_of_a_run_are_ignored() {
        let id = |id: &str| Some(id.to_owned());
        for (data, thread_id, run_id, in_data) in [
            ("[]", None, None, false),
            ("no JSON", None, None, false),
            (
                r#"{"id": 1, "thread_id": null, "status": "completed"}"#,
                None,
                None,
                true,
            ),
            (
                r#"{"x": {}, "thread_id": "t\u0031", "id": "r", "status": {}}"#,
                id("t1"),
                id("r"),
                false,
            ),
            (
                r#"{"thread_id": "t1", "id": "x", "id": "r", "x": "\ud800", "status": "\ud800"}"#,
                id("t1"),
                id("r"),
                false,
            ),
        ] {
            for (name, expected) in [
                ("thread.run.completed", true),
                ("thread.run.queued", false),
                ("thread.run.unknown", in_data),
            ] {
                let expected = (thread_id.clone(), run_id.clone(), expected);
                assert_eq!(observed(name, data), expected, "{name} {data}");
            }
        }
    }
}
