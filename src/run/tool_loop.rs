//! The tool loop: runs tool calls and builds the submission of their outputs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::error::core::{Error, Result};
use crate::operations::SubmitToolOutputsToRun;
use crate::run::handle::RunHandle;
use crate::run::required_action::pending_tool_calls;
use crate::tools::execute::{CallSettings, ToolCallRequest};
use crate::tools::failure::OnToolFailure;
use crate::tools::tool_set::ToolSet;
use crate::types::{RunObject, RunToolCall, SubmitToolOutputsRunRequest, ToolOutput};

const MAX_ROUNDS: u32 = 32;
const CONCURRENCY: usize = 8;
const TOOL_TIMEOUT: Duration = Duration::from_secs(60);

/// The tools of a run, and how they are called.
pub(crate) struct ToolLoop {
    pub(crate) tools: Option<ToolSet>,
    pub(crate) settings: CallSettings,
    pub(crate) max_rounds: u32,
    rounds: u32,
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
            rounds: 0,
        }
    }
}

impl ToolLoop {
    /// Whether the run requires outputs of these tools.
    pub(crate) fn can_continue(&self, run: &RunObject) -> bool {
        self.tools.is_some() && !pending_tool_calls(run).is_empty()
    }

    /// Runs the pending tool calls and returns the submission of their outputs.
    ///
    /// Returns `None` without pending calls or without tools.
    pub(crate) async fn run_tools(
        &mut self,
        handle: &RunHandle,
        run: &RunObject,
    ) -> Result<Option<SubmitToolOutputsToRun>> {
        let calls = pending_tool_calls(run);
        let Some(tools) = self.tools.as_ref().filter(|_| !calls.is_empty()) else {
            return Ok(None);
        };
        if self.rounds == self.max_rounds {
            return Err(Error::tool(format!(
                "the model called tools for more than {} rounds: raise `max_rounds`, or instruct the model when to \
                 stop",
                self.max_rounds
            )));
        }
        self.rounds += 1;
        let outputs = tools
            .execute(
                calls.iter().map(tool_call).collect(),
                handle.thread_id(),
                &run.id,
                &self.settings,
                &handle.client.config().clock,
            )
            .await?;
        let outputs = outputs
            .into_iter()
            .map(|(id, output)| ToolOutput::builder().tool_call_id(id).output(output));
        Ok(Some(
            handle
                .client
                .submit_tool_outputs_to_run()
                .thread_id(handle.thread_id())
                .run_id(&run.id)
                .body(SubmitToolOutputsRunRequest::builder().tool_outputs(outputs)),
        ))
    }
}

fn tool_call(call: &RunToolCall) -> ToolCallRequest {
    match call {
        RunToolCall::Function(call) => ToolCallRequest {
            id: call.id.clone(),
            name: call.function.name.clone(),
            arguments: call.function.arguments.clone(),
        },
        // The type is not the name of a tool, so the output reports an unknown tool.
        RunToolCall::Unknown(call) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            ToolCallRequest {
                id: text(&call["id"]),
                name: text(&call["type"]),
                arguments: call.to_string(),
            }
        }
    }
}
