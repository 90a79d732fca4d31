//! Executes tool calls concurrently, with time-outs, and catches their panics.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use serde_json::json;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::error::core::{Error, Result};
use crate::http::clock::{Clock, SystemClock};
use crate::http::config::Config;
use crate::http::guarded::{Interruption, guarded};
use crate::http::span::record_failure;
use crate::tools::context::ToolContext;
use crate::tools::failure::{Failure, OnToolFailure, ToolError, ToolErrorKind, shortened};
use crate::tools::tool_set::{Callable, ToolSet};

/// A tool call, as the model requested it.
#[derive(Clone, Debug)]
pub(crate) struct ToolCallRequest {
    pub(crate) id: String,
    pub(crate) name: String,
    /// JSON, unless the model made a mistake.
    pub(crate) arguments: String,
}

/// How the tool calls of a run are executed.
#[derive(Clone)]
pub(crate) struct CallSettings {
    /// How many calls run concurrently; 0 counts as 1.
    pub(crate) concurrency: usize,
    pub(crate) on_failure: Arc<dyn Fn(&ToolError) -> OnToolFailure + Send + Sync>,
}

impl ToolSet {
    /// Executes the calls.
    ///
    /// Returns the ID and the output of each, in the order of the calls. The time-out is for tools
    /// without one of their own.
    /// Of calls with the same ID only the first is executed.
    ///
    /// # Errors
    /// A call failed and `on_failure` chose [`OnToolFailure::Abort`]. The other calls are dropped.
    pub(crate) async fn execute(
        &self,
        calls: Vec<ToolCallRequest>,
        thread_id: &str,
        run_id: &str,
        timeout: Duration,
        settings: &CallSettings,
        config: &Config,
    ) -> Result<Vec<(String, String)>> {
        let calls: Vec<_> = calls.into_iter().enumerate().collect();
        let mut results = stream::iter(calls)
            .map(|(position, call)| {
                let context = ToolContext::new(thread_id, run_id, &call.id);
                let id = call.id.clone();
                let span = self.span_of(&call, config.records_content);
                async move {
                    let result = self.call_within(Some(timeout), call, context, &config.clock);
                    (
                        position,
                        id,
                        traced(span, config.records_content, result).await,
                    )
                }
            })
            .buffer_unordered(settings.concurrency.max(1));
        let mut outputs = Vec::new();
        while let Some((position, id, result)) = results.next().await {
            let output = match result {
                Ok(output) => output,
                Err(error) => match (settings.on_failure)(&error) {
                    OnToolFailure::ReportToModel => json!({ "error": error.message }).to_string(),
                    OnToolFailure::Abort => {
                        return Err(Error::tool_failed(error).in_run(Some(thread_id), Some(run_id)));
                    }
                },
            };
            outputs.push((position, (id, output)));
        }
        outputs.sort_by_key(|(position, _)| *position);
        Ok(outputs.into_iter().map(|(_, output)| output).collect())
    }

    /// Calls a tool with arguments as JSON and returns its output.
    ///
    /// Use it to ask for approval before a call, or to test a tool. To execute the calls of a run
    /// automatically, use [`Follow::tools`](crate::Follow::tools).
    ///
    /// A tool without a [`timeout`](crate::Tool::timeout) of its own has no time-out here.
    /// Time-outs use tokio's timers, even if the client has another clock.
    ///
    /// # Errors
    /// The [`kind`](ToolError::kind) is the reason: there is no such tool, the arguments do not
    /// match its parameters, or the function failed, panicked or timed out.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::{Tool, ToolContext, ToolErrorKind, ToolSet};
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// /// Divides two numbers.
    /// #[derive(Deserialize, JsonSchema)]
    /// struct Divide {
    ///     a: i64,
    ///     b: i64,
    /// }
    ///
    /// async fn divide(numbers: Divide) -> Result<i64, &'static str> {
    ///     numbers.a.checked_div(numbers.b).ok_or("b must not be 0")
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openai_assistants::Result<()> {
    /// let tools = ToolSet::builder().function(divide).build()?;
    /// let context = ToolContext::new("thread_1", "run_1", "call_1");
    ///
    /// let output = tools.call("divide", r#"{"a": 6, "b": 2}"#, context.clone()).await;
    /// assert_eq!(output.unwrap(), "3");
    ///
    /// let error = tools.call("divide", r#"{"a": 6, "b": 0}"#, context).await.unwrap_err();
    /// assert_eq!(error.kind(), ToolErrorKind::Failed);
    /// assert_eq!(error.message(), "b must not be 0");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call(
        &self,
        name: &str,
        arguments: &str,
        context: ToolContext,
    ) -> Result<String, ToolError> {
        let call = ToolCallRequest {
            id: context.call_id().to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let span = self.span_of(&call, false);
        let result = self.call_within(None, call, context, &clock);
        traced(span, false, result).await
    }

    /// Creates the span of a call, with the names of OpenTelemetry's conventions.
    fn span_of(&self, call: &ToolCallRequest, records_content: bool) -> Span {
        tracing::info_span!(
            "execute_tool",
            // Only names of the set: a model may invent any number of others.
            otel.name = match self.get(&call.name) {
                Some(_) => format!("execute_tool {}", call.name),
                None => "execute_tool".to_owned(),
            },
            otel.status_code = Empty,
            "error.type" = Empty,
            gen_ai.operation.name = "execute_tool",
            gen_ai.tool.name = shortened(&call.name),
            gen_ai.tool.type = "function",
            gen_ai.tool.call.id = call.id,
            gen_ai.tool.call.arguments = records_content.then_some(&call.arguments),
            gen_ai.tool.call.result = Empty,
        )
    }

    /// Executes one call. The default time-out is for tools without one of their own.
    async fn call_within(
        &self,
        default_timeout: Option<Duration>,
        call: ToolCallRequest,
        context: ToolContext,
        clock: &Arc<dyn Clock>,
    ) -> Result<String, ToolError> {
        let result = match self.get(&call.name) {
            Some(Callable { tool, arguments }) => {
                // Some models send an empty string in place of an empty object.
                let text = match call.arguments.trim() {
                    "" => "{}".to_owned(),
                    _ => call.arguments,
                };
                let restored = arguments.as_ref().and_then(|schema| schema.restore(&text));
                let output = (tool.handler)(context, restored.unwrap_or(text));
                let timeout = tool.timeout.or(default_timeout);
                match guarded(output, timeout, clock).await {
                    Ok(result) => result,
                    Err(Interruption::Panicked) => {
                        Err(Failure::new(ToolErrorKind::Panicked, "internal tool error"))
                    }
                    Err(Interruption::TimedOut(limit)) => Err(Failure::new(
                        ToolErrorKind::TimedOut,
                        format!("the tool timed out after {limit:?}"),
                    )),
                }
            }
            None => {
                let names: Vec<_> = self.names().collect();
                let (name, names) = (shortened(&call.name), names.join(", "));
                let available = match &*names {
                    "" => "the set is empty".to_owned(),
                    names => format!("the available tools are: {names}"),
                };
                let message = format!("there is no tool `{name}`; {available}");
                Err(Failure::new(ToolErrorKind::UnknownTool, message))
            }
        };
        result.map_err(|failure| ToolError {
            kind: failure.kind,
            tool: call.name,
            call_id: call.id,
            message: failure.message,
            source: failure.source,
        })
    }
}

/// Executes a call within its span.
async fn traced(
    span: Span,
    records_content: bool,
    work: impl Future<Output = Result<String, ToolError>>,
) -> Result<String, ToolError> {
    let result = work.instrument(span.clone()).await;
    match &result {
        Ok(output) if records_content => {
            span.record("gen_ai.tool.call.result", output);
        }
        Ok(_) => {}
        Err(error) => record_failure(&span, error.kind.as_str()),
    }
    result
}
