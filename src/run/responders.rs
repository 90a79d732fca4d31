//! What answers the tool calls that block a run.

use std::collections::HashSet;

use crate::error::core::{Result, RunIds};
use crate::http::config::Config;
#[cfg(assistants_schema = "RunToolCallMcp")]
use crate::run::approvals::Approvals;
use crate::run::required_action::{AnsweredKinds, Answers, PendingCall};
#[cfg(feature = "tools")]
use crate::run::tool_loop::ToolLoop;

const MAX_ROUNDS: u32 = 32;

/// What answers the tool calls that block a run. Other calls are left to the caller.
pub(crate) struct Responders {
    #[cfg(feature = "tools")]
    pub(crate) tool_loop: ToolLoop,
    #[cfg(assistants_schema = "RunToolCallMcp")]
    pub(crate) approvals: Approvals,
    /// How many rounds of calls are answered.
    pub(crate) max_rounds: u32,
}

impl Default for Responders {
    fn default() -> Self {
        Self {
            #[cfg(feature = "tools")]
            tool_loop: ToolLoop::default(),
            #[cfg(assistants_schema = "RunToolCallMcp")]
            approvals: Approvals::default(),
            max_rounds: MAX_ROUNDS,
        }
    }
}

#[cfg_attr(
    not(feature = "tools"),
    allow(unused_mut, unused_variables, reason = "only tools use all of it")
)]
impl Responders {
    /// The kinds of calls that are answered.
    pub(crate) fn kinds(&self) -> AnsweredKinds {
        AnsweredKinds {
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

    /// Answers the calls, decisions first. Of calls with the same ID only the first is answered.
    pub(crate) async fn answer(
        &self,
        mut calls: Vec<PendingCall>,
        ids: &RunIds,
        config: &Config,
    ) -> Result<Answers> {
        let mut seen = HashSet::new();
        calls.retain(|call| seen.insert(call.id.clone()));
        let mut answers = Answers::new();
        #[cfg(assistants_schema = "RunToolCallMcp")]
        answers.extend(self.approvals.answer(&calls).await?);
        #[cfg(feature = "tools")]
        answers.extend(self.tool_loop.execute(calls, ids, config).await?);
        Ok(answers)
    }
}
