//! The functions that decide on tool calls of the server, and that perform actions on a computer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::error::core::{Error, Result};
use crate::run::required_action::{Answer, Answers, CallKind, PendingCall};
use crate::types::{RunToolCallComputerUse, RunToolCallMcp, ToolApproval, ToolOutput};

/// A function that answers a tool call.
type Responder<C, A> =
    Box<dyn Fn(C) -> Pin<Box<dyn Future<Output = Result<A>> + Send>> + Send + Sync>;

/// The functions of the caller that answer tool calls.
#[derive(Default)]
pub(crate) struct Approvals {
    pub(crate) approve: Option<Responder<RunToolCallMcp, ToolApproval>>,
    pub(crate) computer: Option<Responder<RunToolCallComputerUse, ToolOutput>>,
}

impl Approvals {
    /// Answers the calls that require a decision or an action, one after the other.
    pub(crate) async fn answer(&self, calls: &[PendingCall]) -> Result<Answers> {
        let mut answers = Answers::new();
        for call in calls {
            let answer = match (&call.kind, &self.approve, &self.computer) {
                (CallKind::Approval(call), Some(approve), _) => {
                    Answer::Approval(approve((**call).clone()).await?)
                }
                (CallKind::Computer(call), _, Some(computer)) => {
                    Answer::Computer(computer((**call).clone()).await?)
                }
                _ => continue,
            };
            answers.push((call.id.clone(), answer));
        }
        Ok(answers)
    }
}

/// Wraps a function of the caller. `name` is that of its setter.
pub(crate) fn responder<C, A, F, Fut>(name: &'static str, respond: F) -> Responder<C, A>
where
    F: Fn(C) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: TryInto<A, Error: fmt::Display>> + Send + 'static,
{
    Box::new(move |call| {
        let answer = respond(call);
        Box::pin(async move {
            let answer = answer.await.try_into();
            answer.map_err(|error| Error::invalid_argument(name, error))
        })
    })
}
