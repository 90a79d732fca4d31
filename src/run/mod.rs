//! Following a run: state machine, polling, streaming, tool loop, snapshots, outcome.

#[cfg(assistants_schema = "RunToolCallMcp")]
mod approvals;
mod call_handlers;
mod driver;
pub(crate) mod follow;
#[cfg(assistants_schema = "RunToolCallMcp")]
mod follow_approvals;
mod follow_stream;
#[cfg(feature = "tools")]
mod follow_tools;
mod generated;
mod handle;
pub(crate) mod limits;
mod lost_run;
mod machine;
#[cfg(test)]
mod machine_tests;
pub(crate) mod outcome;
pub(crate) mod polling;
mod replay;
mod reported;
mod required_action;
mod run_events;
pub(crate) mod settings;
mod snapshots;
mod span;
pub(crate) mod stream;
pub(crate) mod tool_call;
#[cfg(feature = "tools")]
mod tool_loop;
pub(crate) mod until_idle;
pub(crate) mod wait_settings;
