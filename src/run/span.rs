//! The span of a followed run.

use std::future::Future;
use std::mem;

use serde_json::{Value, json};
use tracing::field::Empty;
use tracing::span::EnteredSpan;
use tracing::{Instrument, Span};

use crate::error::core::{Error, Result};
use crate::http::request::Request;
use crate::http::span::{client_span, gen_ai_span, record_error, record_failure};
use crate::run::outcome::RunOutcome;
use crate::types::{AssistantStreamEvent, MessageObject, RunObject};

/// The span of a followed run. It lasts until the outcome.
pub(crate) struct RunSpan {
    span: Span,
    /// Whether the span was created with the ID of the thread.
    has_thread: bool,
    /// Whether it was created with the ID of the assistant.
    has_agent: bool,
    /// The messages of the run, if content is recorded.
    messages: Option<Vec<Value>>,
}

impl RunSpan {
    pub(crate) fn new(request: &Request) -> Self {
        let span = gen_ai_span!(
            INFO,
            "invoke_agent",
            request,
            "invoke_agent",
            gen_ai.agent.id = Empty,
            gen_ai.request.model = Empty,
            gen_ai.usage.input_tokens = Empty,
            gen_ai.usage.output_tokens = Empty,
            gen_ai.output.messages = Empty,
            assistants.run.id = Empty,
            assistants.run.status = Empty,
        );
        let agent_id = (!span.is_disabled()).then(|| assistant_id(request));
        let agent_id = agent_id.flatten();
        span.record("gen_ai.agent.id", &agent_id);
        Self {
            has_thread: request.run_ids().thread_id.is_some(),
            has_agent: agent_id.is_some(),
            messages: (request.config.records_content && !span.is_disabled()).then(Vec::new),
            span,
        }
    }

    /// Works within the span. An error ends it.
    pub(crate) async fn work<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = work.instrument(self.span.clone()).await;
        done.inspect_err(|error| self.fail(error))
    }

    /// Enters the span, for a poll.
    pub(crate) fn enter(&self) -> EnteredSpan {
        self.span.clone().entered()
    }

    /// Records the message of an event, if it is final.
    pub(crate) fn event(&mut self, event: &AssistantStreamEvent) {
        let name = event.event();
        if let Some(messages) = &mut self.messages
            && let Some(message) = event.message()
            && matches!(
                name,
                "thread.message.completed" | "thread.message.incomplete"
            )
        {
            messages.push(output_message(message));
        }
    }

    /// Ends the span with an outcome.
    pub(crate) fn outcome(&mut self, outcome: &RunOutcome) {
        if let Some(messages) = &mut self.messages {
            *messages = outcome.messages.iter().map(output_message).collect();
        }
        self.end(&outcome.run);
    }

    /// Ends the span with a run that is terminal or left to the caller.
    pub(crate) fn end(&mut self, run: &RunObject) {
        let span = mem::replace(&mut self.span, Span::none());
        if span.is_disabled() {
            return;
        }
        // As JSON, because a document may lack some of it.
        let object = serde_json::to_value(run).unwrap_or_default();
        let text = |path| object.pointer(path).and_then(Value::as_str);
        let count = |path| object.pointer(path).and_then(Value::as_i64);
        let status = run.status.as_str();
        self.record_ids(&span, Some(&run.thread_id), Some(&run.id));
        let agent_id = text("/assistant_id").filter(|_| !self.has_agent);
        span.record("gen_ai.agent.id", agent_id);
        span.record("gen_ai.request.model", text("/model"));
        span.record("gen_ai.usage.input_tokens", count("/usage/prompt_tokens"));
        span.record(
            "gen_ai.usage.output_tokens",
            count("/usage/completion_tokens"),
        );
        span.record("assistants.run.status", status);
        if matches!(status, "failed" | "expired") {
            record_failure(&span, text("/last_error/code").unwrap_or(status));
        }
        let messages = self.messages.take().filter(|messages| !messages.is_empty());
        let messages = messages.map(|messages| Value::from(messages).to_string());
        span.record("gen_ai.output.messages", messages);
    }

    /// Ends the span with an error.
    pub(crate) fn fail(&mut self, error: &Error) {
        let span = mem::replace(&mut self.span, Span::none());
        self.record_ids(&span, error.thread_id(), error.run_id());
        record_error(&span, error);
    }

    fn record_ids(&self, span: &Span, thread_id: Option<&str>, run_id: Option<&str>) {
        let thread_id = thread_id.filter(|_| !self.has_thread);
        span.record("gen_ai.conversation.id", thread_id);
        span.record("assistants.run.id", run_id);
    }
}

/// The assistant that a request names, for a run that fails before it is known.
fn assistant_id(request: &Request) -> Option<String> {
    let body: Value = serde_json::from_slice(request.body.as_ref()?.as_bytes()).ok()?;
    Some(body["assistant_id"].as_str()?.to_owned())
}

/// Converts a message to that of the conventions.
fn output_message(message: &MessageObject) -> Value {
    let part = json!({ "type": "text", "content": message.text() });
    json!({ "role": message.role.as_str(), "parts": [part] })
}
