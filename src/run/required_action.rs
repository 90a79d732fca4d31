//! The tool calls that block a run.

use crate::types::{RunObject, RunRequiredAction, RunToolCall};

/// A function call that requires an output.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PendingCall {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON, unless the model made a mistake.
    pub(crate) arguments: String,
}

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

/// Returns the calls of a run that requires outputs of functions and nothing else.
///
/// One request has the outputs of all calls, so a call of an unknown kind leaves them all to the
/// caller.
pub(crate) fn pending_functions(run: &RunObject) -> Option<Vec<PendingCall>> {
    let calls = pending_tool_calls(run).iter().map(|call| match call {
        RunToolCall::Function(call) => Some(PendingCall {
            id: call.id.clone(),
            name: call.function.name.clone(),
            arguments: call.function.arguments.clone(),
        }),
        RunToolCall::Unknown(_) => None,
    });
    let calls: Vec<_> = calls.collect::<Option<_>>()?;
    (!calls.is_empty()).then_some(calls)
}
