//! The run, its messages, steps and tool calls, accumulated from events.

mod deviations;
#[cfg(feature = "foundry")]
mod foundry;
mod messages;
mod run;
mod steps;
mod support;
mod tool_calls;
