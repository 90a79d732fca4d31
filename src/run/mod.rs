//! Following a run: driver, polling, streaming, tool loop, snapshots, outcome.

mod driver;
pub(crate) mod follow;
mod follow_stream;
#[cfg(feature = "tools")]
mod follow_tools;
mod generated;
mod handle;
mod limits;
pub(crate) mod outcome;
mod polling;
mod required_action;
mod settings;
mod snapshots;
pub(crate) mod stream;
pub(crate) mod tool_call;
#[cfg(feature = "tools")]
mod tool_loop;
pub(crate) mod until_idle;
