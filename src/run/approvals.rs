//! The functions that decide on tool calls of the server, and that perform actions on a computer.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::error::core::{Error, Result};
use crate::http::clock::Clock;
use crate::http::guarded::guarded;
use crate::run::required_action::{CallKind, CallResult, CallResults, PendingCall};
use crate::types::{RunToolCallComputerUse, RunToolCallMcp};

type Failure = Box<dyn StdError + Send + Sync>;
type Handling = Pin<Box<dyn Future<Output = Result<CallResult, Failure>> + Send>>;

/// A function of the caller that handles tool calls of one kind.
pub(crate) type Handler<C> = Box<dyn Fn(C) -> Handling + Send + Sync>;

/// The functions of the caller that handle tool calls.
#[derive(Default)]
pub(crate) struct Approvals {
    pub(crate) approve: Option<Handler<RunToolCallMcp>>,
    pub(crate) computer: Option<Handler<RunToolCallComputerUse>>,
}

impl Approvals {
    /// Handles the calls that require a decision or an action, one after the other.
    ///
    /// # Errors
    /// A function returned an error, panicked or timed out.
    pub(crate) async fn handle(
        &self,
        calls: &[PendingCall],
        timeout: Duration,
        clock: &Arc<dyn Clock>,
    ) -> Result<CallResults> {
        let mut results = CallResults::new();
        for call in calls {
            let (function, tool, handling) = match (&call.kind, &self.approve, &self.computer) {
                (CallKind::Approval(call), Some(approve), _) => {
                    ("approve", &*call.name, approve((**call).clone()))
                }
                (CallKind::Computer(call), _, Some(computer)) => {
                    let tool = "computer_use_preview";
                    ("computer", tool, computer((**call).clone()))
                }
                _ => continue,
            };
            let handled = guarded(handling, Some(timeout), clock).await;
            let handled = handled.unwrap_or_else(|interruption| Err(interruption.into()));
            let result =
                handled.map_err(|error| Error::call_failed(function, &call.id, tool, error))?;
            results.push((call.id.clone(), result));
        }
        Ok(results)
    }
}

/// Wraps a function of the caller, whose output converts into the result of the call.
pub(crate) fn handler<C, A, F, Fut>(function: F, result: fn(A) -> CallResult) -> Handler<C>
where
    C: Send + 'static,
    A: 'static,
    F: Fn(C) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: TryInto<A, Error: Into<Failure>>> + Send + 'static,
{
    let function = Arc::new(function);
    Box::new(move |call| {
        let function = function.clone();
        // The function is called inside the future, where panics are caught.
        Box::pin(async move {
            let output = function(call).await.try_into();
            output.map(result).map_err(Into::into)
        })
    })
}
