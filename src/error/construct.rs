//! Constructors of errors, for the rest of the crate.

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use serde::de::IgnoredAny;

use crate::error::clip::{Clip, EXCERPT_LIMIT, NAME_LIMIT, TEXT_LIMIT, body_text, root_cause};
use crate::error::core::{Error, Inner, RunIds, Source};
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;
use crate::error::redaction::Secrets;
use crate::error::response::ResponseHead;
use crate::error::server_error::{ServerError, is_error};

/// A longer code, type or parameter may be a key. A shorter one is a word of the API.
const MAX_WORD: usize = 16;

/// Errors before a request is sent.
impl Error {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            attempts: 0,
            status: None,
            headers: HeaderMap::new(),
            body: None,
            server: ServerError::default(),
            failure: Failure::Final,
            is_unsettled: false,
            is_idempotent: true,
            retry_after: None,
            run: RunIds::default(),
            run_cancelled: None,
            is_run_left: false,
            source: None,
        }))
    }

    /// A missing or invalid argument.
    pub(crate) fn invalid_argument(argument: &str, reason: impl fmt::Display) -> Self {
        Self::argument(format!("`{argument}`: {reason}"))
    }

    /// Missing or invalid arguments; the reason names them.
    pub(crate) fn argument(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Argument, reason)
    }

    /// A request body that cannot be serialized.
    pub(crate) fn serialize(error: serde_json::Error) -> Self {
        let message = format!(
            "the request body cannot be serialized: {}",
            root_cause(&error)
        );
        Self::argument(message).with_source(error)
    }

    /// A missing or invalid setting of the client.
    pub(crate) fn configuration(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, reason)
    }

    /// A token provider that failed.
    pub(crate) fn credentials(source: Source) -> Self {
        Self::new(
            ErrorKind::Credentials,
            format!("the token provider failed: {}", root_cause(&*source)),
        )
        .with_source(source)
    }
}

/// Errors of an attempt.
impl Error {
    /// A response body without an end.
    pub(crate) fn body_cut() -> Self {
        let message = "the connection closed before the response body was complete";
        Self::new(ErrorKind::Connection, message).classed(Failure::Processed)
    }

    /// A response body above the size limit.
    pub(crate) fn body_too_large(limit: usize) -> Self {
        let message = format!("the response body is larger than {limit} bytes");
        Self::new(ErrorKind::Decode, message)
    }

    /// Content in an encoding, which the client does not decode.
    pub(crate) fn encoded_content(head: ResponseHead, encoding: &str) -> Self {
        Self::new(ErrorKind::Decode, unsupported(encoding)).with_head(head)
    }

    /// A redirect that the client does not follow.
    pub(crate) fn redirect(head: ResponseHead, reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Redirect, reason).with_head(head)
    }

    /// A response with an error status.
    pub(crate) fn status_error(
        head: ResponseHead,
        body: &[u8],
        retry_after: Option<Duration>,
    ) -> Self {
        let text = body_text(body);
        let mut error = Self::new(ErrorKind::Status, "").with_server_error(&text);
        if let Some(reason) = encoded(&head, &text) {
            error.0.message = reason;
        }
        error.0.failure = Failure::of_response(head.status, &head.headers, error.code());
        error.0.retry_after = retry_after;
        error.with_head(head)
    }

    /// An error body with a success status.
    fn error_in_success(head: &ResponseHead, body: &[u8]) -> Option<Self> {
        let text = body_text(body);
        is_error(&text, true).then(|| Self::status_error(head.clone(), body, None))
    }

    /// A response body that cannot be deserialized; `path` is the place in it. If the body is an
    /// error of the server, it is that error.
    pub(crate) fn decode(
        head: ResponseHead,
        body: &[u8],
        path: &str,
        error: serde_json::Error,
    ) -> Self {
        if let Some(error) = Self::error_in_success(&head, body) {
            return error;
        }
        let text = body_text(body);
        let reason = clipped(&error);
        let encoded = encoded(&head, &text);
        let message = match path {
            _ if body.is_empty() => "the response body is empty".to_owned(),
            _ if encoded.is_some() => encoded.unwrap_or_default(),
            _ if !error.is_data() => format!(
                "the response body is not JSON: {reason}; it starts with `{}`",
                Clip(&text, EXCERPT_LIMIT)
            ),
            "" => format!("the response body does not match the document: {reason}"),
            path => {
                format!("the response body does not match the document at `{path}`: {reason}")
            }
        };
        let result = Self::new(ErrorKind::Decode, message).with_head(head);
        let mut result = result.with_short_source(error);
        result.0.body = Some(text);
        result
    }

    /// An item of a page that cannot be deserialized.
    pub(crate) fn malformed_item(index: usize, reason: &str, item: &str) -> Self {
        let reason = Clip(reason, TEXT_LIMIT);
        let message = format!(
            "the item of the page at `data[{index}]` does not match the document: {reason}"
        );
        let mut result = Self::new(ErrorKind::Decode, message);
        result.0.body = Some(body_text(item.as_bytes()));
        result
    }

    /// A list that does not end, or cannot be continued.
    pub(crate) fn pagination(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Pagination, reason)
    }
}

/// Errors of a stream.
impl Error {
    /// A response that is not an event stream. If the body is an error of the server, it is that
    /// error.
    pub(crate) fn not_a_stream(head: ResponseHead, body: &[u8]) -> Self {
        if let Some(error) = Self::error_in_success(&head, body) {
            return error;
        }
        let text = body_text(body);
        let message = encoded(&head, &text).unwrap_or_else(|| {
            "the response is not an event stream; the server may not support streaming: call `send`, or follow \
             the run with `wait`"
                .to_owned()
        });
        let mut error = Self::new(ErrorKind::Decode, message).with_head(head);
        error.0.body = Some(text);
        error
    }

    /// An event whose data cannot be deserialized; `path` is the place in it.
    pub(crate) fn event(event: &str, data: &str, path: &str, error: serde_json::Error) -> Self {
        let event = Clip(event, NAME_LIMIT);
        let reason = clipped(&error);
        let message = match path {
            _ if !error.is_data() => {
                format!("the data of the event `{event}` is not JSON: {reason}")
            }
            "" => format!("the event `{event}` does not match the document: {reason}"),
            path => {
                format!("the event `{event}` does not match the document at `{path}`: {reason}")
            }
        };
        let mut result = Self::new(ErrorKind::Decode, message).with_short_source(error);
        result.0.body = Some(body_text(data.as_bytes()));
        result
    }

    /// An event above the size limit.
    pub(crate) fn event_too_large(limit: usize) -> Self {
        let message = format!("an event of the stream is larger than {limit} bytes");
        Self::new(ErrorKind::StreamCut, message)
    }

    /// A delta with an index too far beyond the end of its list.
    pub(crate) fn index_out_of_range(index: i128, length: usize, limit: usize) -> Self {
        let message = format!(
            "a delta has index {index} in a list of {length}: at most {limit} items of a stream may be missing"
        );
        Self::new(ErrorKind::Decode, message)
    }

    /// An `error` event.
    pub(crate) fn stream_error(data: &str) -> Self {
        let data = &body_text(data.as_bytes());
        let mut error = Self::new(ErrorKind::StreamError, "").with_server_error(data);
        if ServerError::lacks_message(data) {
            let text = format!(
                "the server sent an error without a message: {}",
                error.0.message
            );
            error.0.message = text.trim_end_matches([':', ' ']).to_owned();
        }
        error
    }

    /// A stream without events.
    pub(crate) fn stream_empty() -> Self {
        let message = "the stream had no events; the server may not support streaming: call `send`, \
                       or follow the run with `wait`";
        Self::new(ErrorKind::StreamEnded, message)
    }

    /// A stream that ended between two events, before its run was terminal or blocked.
    pub(crate) fn stream_ended() -> Self {
        let message = "the stream ended before the run was complete";
        Self::new(ErrorKind::StreamEnded, message)
    }

    /// A stream that ended in the middle of an event.
    pub(crate) fn stream_cut() -> Self {
        let message = "the stream ended in the middle of an event";
        Self::new(ErrorKind::StreamCut, message)
    }
}

/// Errors of a followed run.
impl Error {
    /// A deadline that passed.
    pub(crate) fn deadline(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Deadline, reason)
    }

    /// A cancellation by the caller.
    pub(crate) fn cancelled(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Cancelled, reason)
    }

    /// A response about another run than the followed one.
    pub(crate) fn other_run(followed: &str, returned: &str) -> Self {
        let message = format!(
            "the response is about the run `{}` instead of `{followed}`",
            Clip(returned, NAME_LIMIT)
        );
        Self::new(ErrorKind::Decode, message)
    }

    /// A run that is not completed; `code` is that of its last error.
    pub(crate) fn run_not_completed(
        status: &str,
        code: Option<String>,
        reason: Option<&str>,
    ) -> Self {
        let reason = reason.filter(|reason| !reason.is_empty());
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        let message = format!("the run is `{status}`{reason}");
        let mut error = Self::new(ErrorKind::RunNotCompleted, message);
        error.0.server.code = code;
        error
    }

    /// A model that calls tools without end.
    pub(crate) fn too_many_rounds(max: u32) -> Self {
        let message = format!(
            "the model called tools for more than {max} rounds: raise `max_rounds`, or instruct the model when to stop"
        );
        Self::new(ErrorKind::Tool, message)
    }

    /// A tool that failed, where the policy is to abort.
    #[cfg(feature = "tools")]
    pub(crate) fn tool_failed(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(ErrorKind::Tool, error.to_string()).with_source(error)
    }

    /// A function of the caller that failed on a tool call; `function` is the setter of it.
    #[cfg(assistants_schema = "RunToolCallMcp")]
    pub(crate) fn call_failed(function: &str, call_id: &str, tool: &str, error: Source) -> Self {
        let (call_id, tool) = (Clip(call_id, NAME_LIMIT), Clip(tool, NAME_LIMIT));
        let message =
            format!("`{function}` failed on the call {call_id} of the tool `{tool}`: {error}");
        Self::new(ErrorKind::Tool, message).with_source(error)
    }

    /// Output of the model that cannot be deserialized; `path` is the place in it.
    #[cfg(feature = "tools")]
    pub(crate) fn model_output(output: &str, path: &str, error: serde_json::Error) -> Self {
        let what = if error.is_data() {
            "does not match the requested type"
        } else {
            "is not JSON"
        };
        let place = match path {
            "" => String::new(),
            path => format!(" at `{path}`"),
        };
        let message = format!("the output of the model {what}{place}: {}", clipped(&error));
        let mut result = Self::new(ErrorKind::Decode, message).with_short_source(error);
        result.0.body = Some(body_text(output.as_bytes()));
        result
    }

    /// A run without the output that it should have.
    #[cfg(feature = "tools")]
    pub(crate) fn no_output(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode, reason)
    }
}

/// Context that is added to an error.
impl Error {
    /// Sets the operation and the number of attempts.
    pub(crate) fn in_operation(
        mut self,
        operation: impl Into<Cow<'static, str>>,
        attempts: u32,
    ) -> Self {
        self.0.operation = Some(operation.into());
        self.0.attempts = attempts;
        self
    }

    /// Sets the IDs of the affected run, unless the error has them.
    pub(crate) fn in_run(mut self, thread_id: Option<&str>, run_id: Option<&str>) -> Self {
        let known = &mut self.0.run;
        known.thread_id = known
            .thread_id
            .take()
            .or_else(|| thread_id.map(str::to_owned));
        known.run_id = known.run_id.take().or_else(|| run_id.map(str::to_owned));
        self
    }

    /// Sets whether the run was cancelled.
    pub(crate) fn run_cancelled(mut self, is_cancelled: bool) -> Self {
        self.0.run_cancelled = Some(is_cancelled);
        self
    }

    /// Sets whether the run is active, and its cancellation was not requested.
    pub(crate) fn run_left(mut self, is_left: bool) -> Self {
        self.0.is_run_left = is_left;
        self
    }

    /// Sets status and headers of the response.
    pub(crate) fn with_head(mut self, head: ResponseHead) -> Self {
        self.0.status = Some(head.status);
        self.0.headers = head.headers;
        self
    }

    /// Appends a note to the message.
    pub(crate) fn add_note(&mut self, note: &str) {
        let message = &mut self.0.message;
        let separator = if message.is_empty() { "" } else { "; " };
        *message = format!("{message}{separator}{note}");
    }

    /// Sets whether the server may have processed an earlier attempt of the call.
    pub(crate) fn unsettled(mut self, is_unsettled: bool) -> Self {
        self.0.is_unsettled = is_unsettled;
        self
    }

    /// Redacts secrets of the request from the message, the body, the headers, the IDs and the cause.
    pub(crate) fn redacted(mut self, secrets: &Secrets) -> Self {
        self.0.message = secrets.redact(&self.0.message);
        self.0.body = self.0.body.map(|body| secrets.redact(&body));
        secrets.redact_headers(&mut self.0.headers);
        let RunIds { thread_id, run_id } = &mut self.0.run;
        for id in [thread_id, run_id].into_iter().flatten() {
            *id = secrets.redact(id);
        }
        let server = &mut self.0.server;
        let words = [&mut server.kind, &mut server.code, &mut server.param];
        for word in words.into_iter().flatten() {
            if word.len() > MAX_WORD {
                *word = secrets.redact(word);
            }
        }
        // A cause cannot be changed.
        let mut causes = successors(StdError::source(&self), |cause| (*cause).source());
        if causes.any(|cause| secrets.are_in(&format!("{cause}\n{cause:?}"))) {
            self.0.source = None;
        }
        self
    }

    pub(crate) fn classed(mut self, failure: Failure) -> Self {
        self.0.failure = failure;
        self
    }

    /// Sets body, message, code, type and parameter from an error body.
    fn with_server_error(mut self, text: &str) -> Self {
        let mut server = ServerError::parse(text);
        self.0.message = match server.message.take() {
            Some(message) if !message.is_empty() => message,
            _ => Clip(text, TEXT_LIMIT).to_string(),
        };
        self.0.body = Some(body_text(text.as_bytes()));
        self.0.server = server;
        self
    }

    /// Sets the cause, unless it quotes a very long value.
    fn with_short_source(self, error: serde_json::Error) -> Self {
        if error.to_string().len() > TEXT_LIMIT {
            return self;
        }
        self.with_source(error)
    }

    pub(super) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Returns why the text of a body cannot be read, if the server encoded it.
fn encoded(head: &ResponseHead, text: &str) -> Option<String> {
    let encoding = head.headers.get(CONTENT_ENCODING)?;
    let encoding = String::from_utf8_lossy(encoding.as_bytes());
    // Some servers name a character set here.
    let is_readable = serde_json::from_str::<IgnoredAny>(text).is_ok();
    (!is_readable && !encoding.eq_ignore_ascii_case("identity") && !text.is_empty())
        .then(|| unsupported(&encoding))
}

fn unsupported(encoding: &str) -> String {
    let encoding = Clip(encoding, NAME_LIMIT);
    format!("the response body has the content encoding `{encoding}`, which is not supported")
}

fn clipped(error: &serde_json::Error) -> String {
    Clip(&error.to_string(), TEXT_LIMIT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_out_of_range_is_a_decode_error() {
        let error = Error::index_out_of_range(4_294_967_295, 2, 1000);
        assert!(error.is_decode());
        assert_eq!(
            error.to_string(),
            "a delta has index 4294967295 in a list of 2: at most 1000 items of a stream may be missing"
        );
    }
}
