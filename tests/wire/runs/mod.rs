//! Runs: following, tool calls, snapshots.

mod accumulate;
#[cfg(feature = "foundry")]
mod approvals;
mod differential;
mod event_errors;
mod follow;
mod follow_stream;
#[cfg(feature = "tools")]
mod follow_stream_tools;
mod limits;
mod lost_run;
mod outcome;
mod snapshots;
#[cfg(feature = "tools")]
mod submissions;
pub(crate) mod support;
mod text_deltas;
mod tolerance;
#[cfg(feature = "tools")]
mod tool_loop;
mod until_idle;
