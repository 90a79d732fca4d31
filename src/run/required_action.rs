//! The tool calls that block a run.

use crate::types::{RunObject, RunRequiredAction, RunToolCall};

/// Returns the tool calls whose outputs a run requires.
pub(crate) fn pending_tool_calls(run: &RunObject) -> &[RunToolCall] {
    match &run.required_action {
        Some(RunRequiredAction::SubmitToolOutputs(action))
            if run.status.as_str() == "requires_action" =>
        {
            &action.submit_tool_outputs.tool_calls
        }
        _ => &[],
    }
}
