//! Runs: following, tool calls, snapshots.

mod accumulate;
mod follow;
mod follow_stream;
#[cfg(feature = "tools")]
mod follow_stream_tools;
mod outcome;
mod snapshots;
mod support;
#[cfg(feature = "tools")]
mod tool_loop;
mod until_idle;
