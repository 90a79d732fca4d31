//! The tool calls that block a run, and their results.

use std::hash::{Hash, Hasher};

use crate::types::{RunObject, RunRequiredAction, RunToolCall};
#[cfg(assistants_schema = "RunToolCallMcp")]
use crate::types::{RunToolCallComputerUse, RunToolCallMcp, ToolApproval, ToolOutput};

/// A tool call that blocks a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PendingCall {
    pub(crate) id: String,
    pub(crate) kind: CallKind,
}

/// What a tool call requires.
#[derive(Clone, Debug)]
pub(crate) enum CallKind {
    /// The output of a function. The arguments are JSON, unless the model made a mistake.
    Function { name: String, arguments: String },
    /// The decision on a call that the server makes.
    #[cfg(assistants_schema = "RunToolCallMcp")]
    Approval(Box<RunToolCallMcp>),
    /// The screenshot after an action on a computer.
    #[cfg(assistants_schema = "RunToolCallMcp")]
    Computer(Box<RunToolCallComputerUse>),
}

/// Calls are the same if the same is to be done. Responses differ in their other properties.
impl PartialEq for CallKind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Function { name, arguments },
                Self::Function {
                    name: other,
                    arguments: others,
                },
            ) => (name, arguments) == (other, others),
            #[cfg(assistants_schema = "RunToolCallMcp")]
            (Self::Approval(call), Self::Approval(other)) => {
                let what = |call: &RunToolCallMcp| {
                    [&call.name, &call.server_label, &call.arguments].map(String::clone)
                };
                what(call) == what(other)
            }
            #[cfg(assistants_schema = "RunToolCallMcp")]
            (Self::Computer(call), Self::Computer(other)) => {
                call.computer_use_preview.action == other.computer_use_preview.action
            }
            #[cfg(assistants_schema = "RunToolCallMcp")]
            _ => false,
        }
    }
}

/// JSON has no number that differs from itself.
impl Eq for PendingCall {}

impl Hash for PendingCall {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// The result of a tool call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CallResult {
    /// The output of a function.
    Output(String),
    /// The decision on a call that the server makes.
    #[cfg(assistants_schema = "RunToolCallMcp")]
    Approval(ToolApproval),
    /// The screenshot after an action on a computer.
    #[cfg(assistants_schema = "RunToolCallMcp")]
    Computer(ToolOutput),
}

/// The results of calls, by the ID of the call.
pub(crate) type CallResults = Vec<(String, CallResult)>;

/// Which kinds of calls are handled. A call of another kind leaves the run to the caller.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HandledKinds {
    pub(crate) functions: bool,
    #[cfg(assistants_schema = "RunToolCallMcp")]
    pub(crate) approvals: bool,
    #[cfg(assistants_schema = "RunToolCallMcp")]
    pub(crate) computer: bool,
}

impl HandledKinds {
    fn include(self, kind: &CallKind) -> bool {
        match kind {
            CallKind::Function { .. } => self.functions,
            #[cfg(assistants_schema = "RunToolCallMcp")]
            CallKind::Approval(_) => self.approvals,
            #[cfg(assistants_schema = "RunToolCallMcp")]
            CallKind::Computer(_) => self.computer,
        }
    }
}

/// Returns the tool calls that block a run.
pub(crate) fn pending_tool_calls(run: &RunObject) -> &[RunToolCall] {
    if run.status.as_str() != "requires_action" {
        return &[];
    }
    match &run.required_action {
        Some(RunRequiredAction::SubmitToolOutputs(action)) => {
            &action.submit_tool_outputs.tool_calls
        }
        #[cfg(assistants_schema = "RunToolCallMcp")]
        Some(RunRequiredAction::SubmitToolApproval(action)) => {
            &action.submit_tool_approval.tool_calls
        }
        _ => &[],
    }
}

/// Returns the calls of a run that is blocked by calls of these kinds and nothing else.
///
/// One request has the results of all calls, so a call of another kind leaves them all to the
/// caller.
pub(crate) fn pending_calls(run: &RunObject, kinds: HandledKinds) -> Option<Vec<PendingCall>> {
    let calls = pending_tool_calls(run).iter();
    let calls = calls.map(|call| pending_call(call).filter(|call| kinds.include(&call.kind)));
    let calls: Vec<_> = calls.collect::<Option<_>>()?;
    (!calls.is_empty()).then_some(calls)
}

fn pending_call(call: &RunToolCall) -> Option<PendingCall> {
    Some(match call {
        RunToolCall::Function(call) => PendingCall {
            id: call.id.clone(),
            kind: CallKind::Function {
                name: call.function.name.clone(),
                arguments: call.function.arguments.clone(),
            },
        },
        #[cfg(assistants_schema = "RunToolCallMcp")]
        RunToolCall::Mcp(call) => PendingCall {
            id: call.id.clone(),
            kind: CallKind::Approval(Box::new(call.clone())),
        },
        #[cfg(assistants_schema = "RunToolCallMcp")]
        RunToolCall::ComputerUsePreview(call) => PendingCall {
            id: call.id.clone(),
            kind: CallKind::Computer(Box::new(call.clone())),
        },
        _ => return None,
    })
}
