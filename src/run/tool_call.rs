//! Tool calls as they come up in the course of a run.

use crate::types::RunStepToolCall;

/// A complete call of a tool, and where it belongs. Function calls wait for their output;
/// the server has answered the others itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// The run that makes the call.
    pub run_id: String,
    /// Its thread.
    pub thread_id: String,
    /// The step with the call, where the server has told of it.
    pub step_id: Option<String>,
    /// The call. Its [`id`](RunStepToolCall::id) goes with the output of a function.
    pub call: RunStepToolCall,
}
