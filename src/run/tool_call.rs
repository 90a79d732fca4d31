//! A tool call of a run.

use crate::types::RunStepToolCall;

/// A complete tool call of a run.
///
/// Function calls and actions on a computer wait for their output, and calls that require approval for
/// a decision. The server handles calls of other tools itself.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// ID of the run.
    pub run_id: String,
    /// ID of the thread.
    pub thread_id: String,
    /// ID of the step of the call, if an event contained it.
    pub step_id: Option<String>,
    /// The call.
    ///
    /// Submit its [`id`](RunStepToolCall::id) with the output of a function.
    pub call: RunStepToolCall,
}
