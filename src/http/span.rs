//! The spans of calls and attempts, with the names of OpenTelemetry's conventions.

use serde_json::{Value, json};
use tracing::Span;
use tracing::field::Empty;

use crate::error::core::{Error, Result};
use crate::error::redaction::Secrets;
use crate::error::response::{ResponseHead, request_id};
use crate::http::request::Request;
use crate::http::request_body::RequestBody;

/// Creates a span of a request, with the fields that all of them have.
macro_rules! client_span {
    ($level:ident, $name:literal, $request:expr, $($fields:tt)*) => {
        tracing::span!(
            tracing::Level::$level,
            $name,
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            "error.type" = tracing::field::Empty,
            server.address = $request.config.base_url.host_str(),
            server.port = $request.config.base_url.port_or_known_default(),
            $($fields)*
        )
    };
}

/// Creates a span of a GenAI operation.
///
/// The provider is that of the protocol, whoever operates the server.
macro_rules! gen_ai_span {
    ($level:ident, $name:literal, $request:expr, $operation:expr, $($fields:tt)*) => {
        client_span!(
            $level,
            $name,
            $request,
            gen_ai.provider.name = "openai",
            gen_ai.operation.name = $operation,
            gen_ai.conversation.id = $request.path_parameter("{thread_id}"),
            gen_ai.input.messages = $crate::http::span::input_messages($request),
            $($fields)*
        )
    };
}

pub(crate) use {client_span, gen_ai_span};

/// The span of a call, over all its attempts.
pub(super) fn of_call(request: &Request) -> Span {
    // The conventions have a name for one operation only.
    let operation = match request.info.id {
        "createAssistant" => "create_agent",
        id => id,
    };
    gen_ai_span!(
        DEBUG,
        "call",
        request,
        operation,
        otel.name = operation,
        gen_ai.agent.id = request.path_parameter("{assistant_id}"),
        assistants.run.id = request.path_parameter("{run_id}"),
    )
}

/// The span of an attempt. Without URL and query, which may contain secrets.
pub(super) fn of_attempt(request: &Request, attempts: u32) -> Span {
    let template = request.info.path;
    client_span!(
        DEBUG,
        "attempt",
        request,
        otel.name = %format!("{} {template}", request.method).trim_end(),
        http.request.method = request.method.as_str(),
        http.request.resend_count = (attempts > 1).then_some(attempts - 1),
        url.template = (!template.is_empty()).then_some(template),
        http.response.status_code = Empty,
        "http.response.header.x-request-id" = Empty,
    )
}

/// Records the response of an attempt, or its error.
pub(super) fn record_attempt<R>(
    span: &Span,
    received: &Result<(ResponseHead, R)>,
    secrets: impl FnOnce() -> Secrets,
) {
    if span.is_disabled() {
        return;
    }
    let (status, id) = match received {
        Ok((head, _)) => (Some(head.status), request_id(&head.headers)),
        Err(error) => {
            record_error(span, error);
            (error.status(), error.request_id())
        }
    };
    span.record(
        "http.response.status_code",
        status.map(|status| status.as_u16()),
    );
    let id = id.map(|id| secrets().redact(id));
    span.record("http.response.header.x-request-id", id);
}

/// Records an error: by its status if that is one of an error, or else by its kind.
pub(crate) fn record_error(span: &Span, error: &Error) {
    let status = error.status();
    match status.filter(|status| status.as_u16() >= 400) {
        Some(status) => record_failure(span, status.as_str()),
        None => record_failure(span, error.kind().as_str()),
    }
}

/// Records a failure of this type.
pub(crate) fn record_failure(span: &Span, error_type: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", error_type);
}

/// Returns the messages in the body of a request as JSON, if content is recorded.
pub(crate) fn input_messages(request: &Request) -> Option<String> {
    let body = request.body.as_ref().map(RequestBody::as_bytes);
    let body = body.filter(|_| request.config.records_content)?;
    let body: Value = serde_json::from_slice(body).ok()?;
    let lists = ["/messages", "/thread/messages", "/additional_messages"];
    let lists = lists
        .iter()
        .filter_map(|list| body.pointer(list)?.as_array());
    let one = Some(&body).filter(|body| body.get("role").is_some());
    let messages: Vec<Value> = lists.flatten().chain(one).map(message).collect();
    (!messages.is_empty()).then(|| Value::from(messages).to_string())
}

/// Converts a message to that of the conventions.
fn message(message: &Value) -> Value {
    let parts = match &message["content"] {
        Value::Array(parts) => parts.iter().map(part).collect(),
        text => vec![json!({ "type": "text", "content": text })],
    };
    json!({ "role": message["role"], "parts": parts })
}

/// Converts a part of a message. A part other than text is kept.
fn part(part: &Value) -> Value {
    match part.get("text") {
        Some(text) => json!({ "type": "text", "content": text }),
        None => part.clone(),
    }
}
