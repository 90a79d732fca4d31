//! The life of a run: from the call that begins it to what has come of it.
//!
//! - `follow`: to where it rests, by asking for its state (`polling`)
//! - `follow_stream`: along its events
//! - `rounds`: the tool calls on the way
//! - `guard`: what ends all that from outside
//! - `stream`: events and the `snapshots` that they add up to
//! - `outcome`, `tool_call`: what callers get

mod follow;
#[cfg(assistants_schema = "AssistantStreamEvent")]
mod follow_stream;
mod guard;
mod outcome;
mod polling;
#[cfg(feature = "tools")]
mod rounds;
#[cfg(assistants_schema = "AssistantStreamEvent")]
mod snapshots;
#[cfg(assistants_schema = "AssistantStreamEvent")]
mod stream;
mod tool_call;

#[cfg(any(feature = "tools", assistants_schema = "AssistantStreamEvent"))]
use crate::types;

include!(concat!(env!("OUT_DIR"), "/run.rs"));

pub use follow::Follow;
pub use outcome::RunOutcome;
pub use polling::UntilIdle;
#[cfg(assistants_schema = "AssistantStreamEvent")]
pub use stream::{RunStream, RunTextDeltas};
pub use tool_call::ToolCall;

/// The calls whose outputs a run waits for.
#[cfg(any(feature = "tools", assistants_schema = "AssistantStreamEvent"))]
pub(crate) fn waiting_calls(run: &types::RunObject) -> &[types::RunToolCall] {
    match &run.required_action {
        Some(types::RunRequiredAction::SubmitToolOutputs(action))
            if run.status.as_str() == "requires_action" =>
        {
            &action.submit_tool_outputs.tool_calls
        }
        _ => &[],
    }
}

/// Whether a run has come to its end. Unknown states have not.
pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(
        status,
        "completed" | "incomplete" | "failed" | "cancelled" | "expired"
    )
}

/// Whether a state came too late to count: nothing leads out of the end of a run.
pub(crate) fn is_late(is_over: bool, status: &str) -> bool {
    is_over && !is_terminal(status)
}

/// Whether a run goes no further by itself: it has ended, or it waits for its caller.
pub(crate) fn is_at_rest(status: &str) -> bool {
    is_terminal(status) || status == "requires_action"
}
