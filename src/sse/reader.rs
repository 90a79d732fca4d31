//! Reads the events of a response body and detects the end of the stream.
//!
//! There is no task and no channel: a chunk is read when the consumer polls for an event and
//! none is buffered. The time-out runs from chunk to chunk, while the consumer waits. `[DONE]`
//! ends the stream, whatever the connection does. So does the end of the body once the run is
//! terminal or blocked, because some servers never send `[DONE]`.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body::Body as _;

use crate::error::core::{Error, Result};
use crate::error::redaction::Secrets;
use crate::error::response::{ResponseBody, ResponseHead, request_id};
use crate::http::body::{read_start, take_head};
use crate::http::deadline::Deadline;
use crate::http::request::Request;
use crate::http::transport::{self, Opened};
use crate::sse::event::{EventClass, unwrap_envelope};
use crate::sse::parser::{SseEvent, SseParser};
use crate::sse::run_state::RunTracker;

/// Time-out for the end of a stream once its run is terminal or blocked.
///
/// Some servers neither close the connection nor send `[DONE]`.
const TERMINAL_GRACE: Duration = Duration::from_secs(5);
/// How much is read of a response that is not a stream.
///
/// Enough for a run, whose instructions may have 256,000 characters.
const MAX_OTHER_BODY: usize = 4 * 1024 * 1024;

/// The events of a response, not deserialized.
pub(crate) struct EventReader {
    /// The name in errors.
    operation: Cow<'static, str>,
    /// Whether the document describes the events.
    is_documented: bool,
    head: ResponseHead,
    attempts: u32,
    secrets: Secrets,
    /// `None` once the stream has ended: the connection is dropped with it.
    body: Option<reqwest::Body>,
    parser: SseParser,
    /// How long the stream may be idle.
    limit: Duration,
    deadline: Deadline,
    run: RunTracker,
}

/// Decodes an event for the consumer and updates the state of the run.
pub(crate) type Decode<T> = fn(&SseEvent<'_>, &mut RunTracker) -> Result<Option<T>>;

impl EventReader {
    /// Sends a request for a stream. Nothing is retried after the head of the response.
    pub(crate) async fn open(request: Request) -> Result<Self> {
        let operation = request.name();
        let is_documented = request.is_documented();
        let mut run = RunTracker::new(request.run_ids(), is_documented);
        let opened = transport::open(request).await;
        let (opened, attempts) = opened.map_err(|error| run.annotate(error))?;
        let Opened {
            mut response,
            secrets,
            mut deadline,
        } = opened;
        deadline.restart();
        let head = take_head(&mut response);
        if !may_be_stream(&head) {
            let bytes = read_start(&mut response, MAX_OTHER_BODY, deadline).await;
            run.update_from_body(&bytes);
            let error = Error::not_a_stream(head, &ResponseBody { bytes, secrets });
            return Err(run.annotate(error.in_operation(operation, attempts)));
        }
        Ok(Self {
            operation,
            is_documented,
            head,
            attempts,
            secrets,
            body: Some(response.into()),
            parser: SseParser::new(),
            limit: deadline.limit(),
            deadline,
            run,
        })
    }

    /// Polls for the next event of which the consumer needs something.
    pub(crate) fn poll_next<T>(
        &mut self,
        context: &mut Context<'_>,
        decode: Decode<T>,
    ) -> Poll<Option<Result<T>>> {
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            if let Some(event) = self.parser.next() {
                // In a raw call an envelope may mean something else.
                let is_documented = self.is_documented;
                let unwrapped = is_documented.then(|| unwrap_envelope(&event)).flatten();
                let event = unwrapped.as_ref().unwrap_or(&event);
                let (result, is_last) = match EventClass::of(event) {
                    EventClass::Done => {
                        let done = SseEvent {
                            name: Cow::Borrowed("done"),
                            data: Cow::Borrowed(&event.data),
                        };
                        (decode(&done, &mut self.run), true)
                    }
                    EventClass::Error => {
                        (Err(Error::stream_error(&event.data, &self.secrets)), true)
                    }
                    EventClass::Other => (decode(event, &mut self.run), false),
                };
                if is_last {
                    self.body = None;
                }
                match result {
                    Ok(None) => continue,
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Err(error) => return Poll::Ready(Some(Err(self.annotate(error)))),
                }
            }
            let is_complete = self.run.is_terminal_or_blocked;
            let limit = if is_complete {
                self.limit.min(TERMINAL_GRACE)
            } else {
                self.limit
            };
            self.deadline.set_limit(limit);
            let chunk = self
                .deadline
                .poll_before(context, |context| poll_chunk(body, context));
            let error = match ready!(chunk) {
                Some(Some(Ok(chunk))) => {
                    self.deadline.restart();
                    match self.parser.push(chunk) {
                        Ok(()) => continue,
                        Err(too_large) => Some(Error::event_too_large(too_large.limit)),
                    }
                }
                Some(Some(Err(_))) if is_complete && !self.parser.is_pending() => None,
                Some(Some(Err(error))) => Some(Error::stream_broken(error)),
                Some(None) if is_complete => None,
                Some(None) if self.parser.is_pending() => Some(Error::stream_cut()),
                Some(None) if !self.run.is_expected => None,
                Some(None) => Some(Error::stream_ended()),
                None if is_complete && !self.parser.is_pending() => None,
                None => Some(Error::stream_idle(self.deadline.limit())),
            };
            self.body = None;
            return Poll::Ready(error.map(|error| Err(self.annotate(error))));
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.body.is_none()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        request_id(&self.head.headers)
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn run_id(&self) -> Option<&str> {
        self.run.ids.run_id.as_deref()
    }

    pub(crate) fn thread_id(&self) -> Option<&str> {
        self.run.ids.thread_id.as_deref()
    }

    /// Adds the call and the run to an error, and logs it.
    fn annotate(&self, error: Error) -> Error {
        let error = error
            .redacted(&self.secrets)
            .with_head(self.head.clone())
            .in_operation(self.operation.clone(), self.attempts);
        let error = self.run.annotate(error);
        tracing::debug!(
            operation = &*self.operation,
            error.kind = error.kind().as_str(),
            request_id = error.request_id(),
            run_id = error.run_id(),
            "stream failed"
        );
        error
    }
}

impl fmt::Debug for EventReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without headers and buffer, which may contain cookies and personal data.
        f.debug_struct("EventReader")
            .field("operation", &self.operation)
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts)
            .field("thread_id", &self.thread_id())
            .field("run_id", &self.run_id())
            .field("has_ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}

/// Polls for the next bytes of a body and skips trailers.
fn poll_chunk(
    body: &mut reqwest::Body,
    context: &mut Context<'_>,
) -> Poll<Option<reqwest::Result<Bytes>>> {
    loop {
        match ready!(Pin::new(&mut *body).poll_frame(context)) {
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    }
}

/// Whether a response may be a stream. Some servers send no media type, so only other known
/// types are excluded.
fn may_be_stream(head: &ResponseHead) -> bool {
    let text = |name| {
        let value = head.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().trim().to_ascii_lowercase()
    };
    let content_type = text(CONTENT_TYPE);
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_other =
        matches!(essence, "application/json" | "text/html") || essence.ends_with("+json");
    let is_encoded = !matches!(text(CONTENT_ENCODING).as_str(), "" | "identity");
    !is_other && !is_encoded && head.status != StatusCode::NO_CONTENT
}
