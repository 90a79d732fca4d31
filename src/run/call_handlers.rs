//! How the tool calls that block a run are handled.

use std::collections::HashSet;
use std::time::Duration;

use crate::error::core::{Result, RunIds};
use crate::http::config::Config;
#[cfg(assistants_schema = "RunToolCallMcp")]
use crate::run::approvals::Approvals;
use crate::run::required_action::{CallResults, HandledKinds, PendingCall};
#[cfg(feature = "tools")]
use crate::run::tool_loop::ToolLoop;

const MAX_ROUNDS: u32 = 32;
const TIMEOUT: Duration = Duration::from_secs(60);

/// What handles the tool calls that block a run. Other calls are left to the caller.
pub(crate) struct CallHandlers {
    #[cfg(feature = "tools")]
    pub(crate) tool_loop: ToolLoop,
    #[cfg(assistants_schema = "RunToolCallMcp")]
    pub(crate) approvals: Approvals,
    /// The time-out of calls without a time-out of their own.
    #[cfg_attr(
        not(any(feature = "tools", assistants_schema = "RunToolCallMcp")),
        allow(dead_code, reason = "nothing is called")
    )]
    pub(crate) timeout: Duration,
    /// How many rounds of calls are handled.
    pub(crate) max_rounds: u32,
}

impl Default for CallHandlers {
    fn default() -> Self {
        Self {
            #[cfg(feature = "tools")]
            tool_loop: ToolLoop::default(),
            #[cfg(assistants_schema = "RunToolCallMcp")]
            approvals: Approvals::default(),
            timeout: TIMEOUT,
            max_rounds: MAX_ROUNDS,
        }
    }
}

#[cfg_attr(
    not(feature = "tools"),
    allow(unused_mut, unused_variables, reason = "only tools use all of it")
)]
impl CallHandlers {
    /// The kinds of calls that are handled.
    pub(crate) fn kinds(&self) -> HandledKinds {
        HandledKinds {
            #[cfg(feature = "tools")]
            functions: self.tool_loop.tools.is_some(),
            #[cfg(not(feature = "tools"))]
            functions: false,
            #[cfg(assistants_schema = "RunToolCallMcp")]
            approvals: self.approvals.approve.is_some(),
            #[cfg(assistants_schema = "RunToolCallMcp")]
            computer: self.approvals.computer.is_some(),
        }
    }

    /// Handles the calls, decisions first. Of calls with the same ID only the first is handled.
    pub(crate) async fn handle(
        &self,
        mut calls: Vec<PendingCall>,
        ids: &RunIds,
        config: &Config,
    ) -> Result<CallResults> {
        let mut seen = HashSet::new();
        calls.retain(|call| seen.insert(call.id.clone()));
        let mut results = CallResults::new();
        #[cfg(assistants_schema = "RunToolCallMcp")]
        {
            let handled = self.approvals.handle(&calls, self.timeout, &config.clock);
            results.extend(handled.await?);
        }
        #[cfg(feature = "tools")]
        {
            let handled = self.tool_loop.execute(calls, self.timeout, ids, config);
            results.extend(handled.await?);
        }
        Ok(results)
    }
}
