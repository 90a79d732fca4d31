//! The tool loop: executes the tool calls of a run.

use std::sync::Arc;
use std::time::Duration;

use crate::error::core::{Result, RunIds};
use crate::http::config::Config;
use crate::run::required_action::PendingCall;
use crate::tools::execute::{CallSettings, ToolCallRequest};
use crate::tools::failure::OnToolFailure;
use crate::tools::tool_set::ToolSet;

const MAX_ROUNDS: u32 = 32;
const CONCURRENCY: usize = 8;
const TOOL_TIMEOUT: Duration = Duration::from_secs(60);

/// The tools of a run, and how they are called.
pub(crate) struct ToolLoop {
    pub(crate) tools: Option<ToolSet>,
    pub(crate) settings: CallSettings,
    pub(crate) max_rounds: u32,
}

impl Default for ToolLoop {
    fn default() -> Self {
        Self {
            tools: None,
            settings: CallSettings {
                concurrency: CONCURRENCY,
                timeout: TOOL_TIMEOUT,
                on_failure: Arc::new(|_| OnToolFailure::ReportToModel),
            },
            max_rounds: MAX_ROUNDS,
        }
    }
}

impl ToolLoop {
    /// The maximum number of rounds, or `None` without tools.
    pub(crate) fn max_rounds(&self) -> Option<u32> {
        self.tools.as_ref().map(|_| self.max_rounds)
    }

    /// Executes the calls and returns their outputs, by the ID of the call.
    pub(crate) async fn execute(
        &self,
        calls: Vec<PendingCall>,
        ids: &RunIds,
        config: &Config,
    ) -> Result<Vec<(String, String)>> {
        let Some(tools) = &self.tools else {
            return Ok(Vec::new());
        };
        let calls = calls.into_iter().map(|call| ToolCallRequest {
            id: call.id,
            name: call.name,
            arguments: call.arguments,
        });
        let thread_id = ids.thread_id.as_deref().unwrap_or_default();
        let run_id = ids.run_id.as_deref().unwrap_or_default();
        let settings = &self.settings;
        tools
            .execute(calls.collect(), thread_id, run_id, settings, config)
            .await
    }
}
