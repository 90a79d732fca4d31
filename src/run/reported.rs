//! The run of an event, with the status that the event reports.

use std::borrow::Cow;

use crate::json::scalar::StringEnum as _;
use crate::sse::status;
use crate::types::{AssistantStreamEvent, RunObject, RunStatus};

/// Returns the run of an event, with the status that the event reports.
pub(crate) fn reported_run(event: &AssistantStreamEvent) -> Option<Cow<'_, RunObject>> {
    let run = event.run()?;
    let status = status::reported(event.event(), run.status.as_str());
    Some(if status == run.status.as_str() {
        Cow::Borrowed(run)
    } else {
        let mut run = run.clone();
        run.status = RunStatus::from_wire(status);
        Cow::Owned(run)
    })
}
