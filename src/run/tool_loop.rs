//! The tool loop: executes the tool calls of a run.

use std::sync::Arc;
use std::time::Duration;

use crate::error::core::{Result, RunIds};
use crate::http::config::Config;
use crate::run::required_action::{CallKind, CallResult, CallResults, PendingCall};
use crate::tools::execute::{CallSettings, ToolCallRequest};
use crate::tools::failure::OnToolFailure;
use crate::tools::tool_set::ToolSet;

const CONCURRENCY: usize = 8;

/// The tools of a run, and how they are called.
pub(crate) struct ToolLoop {
    pub(crate) tools: Option<ToolSet>,
    pub(crate) settings: CallSettings,
}

impl Default for ToolLoop {
    fn default() -> Self {
        Self {
            tools: None,
            settings: CallSettings {
                concurrency: CONCURRENCY,
                on_failure: Arc::new(|_| OnToolFailure::ReportToModel),
            },
        }
    }
}

impl ToolLoop {
    /// Executes the calls of functions and returns their outputs.
    pub(crate) async fn execute(
        &self,
        calls: Vec<PendingCall>,
        timeout: Duration,
        ids: &RunIds,
        config: &Config,
    ) -> Result<CallResults> {
        let Some(tools) = &self.tools else {
            return Ok(CallResults::new());
        };
        let mut requests = Vec::new();
        for call in calls {
            match call.kind {
                CallKind::Function { name, arguments } => requests.push(ToolCallRequest {
                    id: call.id,
                    name,
                    arguments,
                }),
                #[cfg(assistants_schema = "RunToolCallMcp")]
                _ => {}
            }
        }
        let thread_id = ids.thread_id.as_deref().unwrap_or_default();
        let run_id = ids.run_id.as_deref().unwrap_or_default();
        let settings = &self.settings;
        let outputs = tools.execute(requests, thread_id, run_id, timeout, settings, config);
        let outputs = outputs.await?.into_iter();
        Ok(outputs
            .map(|(id, output)| (id, CallResult::Output(output)))
            .collect())
    }
}
