//! Reads the events of a response body and detects the end of the stream.
//!
//! There is no task and no channel: a chunk is read when the consumer polls for an event and
//! none is buffered. The idle time-out runs from chunk to chunk, while the consumer waits. The result
//! of the stream is that of its [`Termination`](crate::sse::termination::Termination).

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body::Body as _;

use crate::error::core::{Error, Result};
use crate::error::redaction::Secrets;
use crate::error::response::{ResponseHead, request_id};
use crate::error::server_error::is_error;
use crate::http::body::read_start;
use crate::http::call::Call;
use crate::http::deadline::Deadline;
use crate::http::pool::Connection;
use crate::http::request::Request;
use crate::http::size_limits::SizeLimits;
use crate::http::{span, stack};
use crate::sse::content::{Content, MAX_OTHER_BODY};
use crate::sse::event::{self, EventClass};
use crate::sse::parser::{SseEvent, SseParser};
use crate::sse::run_state::RunTracker;
use crate::sse::termination::{End, Outcome};

/// How much of a stream is parsed again for each chunk, until its first event is complete.
const MAX_FIRST_EVENT: usize = 64 * 1024;
/// How long a body that is not a stream may take: the total time-out has ended with the head of the response.
const OTHER_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// The events of a response, not deserialized.
pub(crate) struct EventReader {
    /// The name in errors.
    operation: Cow<'static, str>,
    /// The name in events, without a path, which may contain secrets.
    operation_id: &'static str,
    /// Whether the document describes the events.
    is_documented: bool,
    is_idempotent: bool,
    head: ResponseHead,
    attempts: u32,
    secrets: Secrets,
    state: State,
    content: Content,
    parser: SseParser,
    sizes: SizeLimits,
    connection: Option<Connection>,
    /// How long the stream may be idle.
    limit: Duration,
    deadline: Deadline,
    run: RunTracker,
}

enum State {
    Open(reqwest::Body),
    /// Nothing more is read, and the connection is dropped. The last event and the result are
    /// still to be returned.
    Ended {
        end: End,
        is_cut: bool,
        source: Option<reqwest::Error>,
    },
    /// The result was returned.
    Finished,
}

impl EventReader {
    /// Sends a request for a stream. Nothing is retried after the head of the response.
    pub(crate) async fn open(request: Request) -> Result<Self> {
        let (operation, operation_id) = (request.name(), request.info.id);
        let is_documented = request.is_documented();
        let mut run = RunTracker::new(request.run_ids(), is_documented);
        let call = Call::new(request).map_err(|error| run.annotate(error))?;
        let opened = stack::send::<reqwest::Response>(&call).await;
        let (head, mut response) = opened.map_err(|error| run.annotate(error))?;
        let (attempts, secrets) = (call.total_attempts(), call.secrets());
        let is_idempotent = call.is_idempotent();
        let limit = call.stream_idle_timeout();
        let sizes = call.config.sizes;
        let mut deadline = Deadline::new(call.config.clock.clone(), limit);
        if !may_be_stream(&head) {
            deadline.set_limit(limit.min(OTHER_BODY_TIMEOUT));
            let bytes = read_start(&mut response, MAX_OTHER_BODY, deadline).await;
            run.update_from_body(&bytes);
            let error = Error::not_a_stream(head, &bytes).redacted(&secrets);
            let error = error.idempotent(is_idempotent);
            span::record_error(call.span(), &error);
            return Err(run.annotate(error.in_operation(operation, attempts)));
        }
        Ok(Self {
            operation,
            operation_id,
            is_documented,
            is_idempotent,
            head,
            attempts,
            secrets,
            connection: call.connection(),
            state: State::Open(response.into()),
            content: Content::Nothing,
            parser: SseParser::new(sizes.event),
            sizes,
            limit,
            deadline,
            run,
        })
    }

    /// Polls for the next event of which the consumer needs something.
    pub(crate) fn poll_next<T>(
        &mut self,
        context: &mut Context<'_>,
        mut decode: impl FnMut(&SseEvent<'_>) -> Result<Option<T>>,
    ) -> Poll<Option<Result<T>>> {
        loop {
            let event = match &mut self.state {
                State::Open(_) => self.parser.next(),
                State::Ended { end: End::Done, .. } => None,
                State::Ended { is_cut, .. } => {
                    let last = self.parser.finish();
                    let last = last.filter(|event| event::is_whole(&event.data));
                    *is_cut &= last.is_none();
                    last
                }
                State::Finished => return Poll::Ready(None),
            };
            if let Some(event) = event {
                // In a raw call an envelope may mean something else.
                let may_be_wrapped = self.is_documented && event.name.is_empty();
                let unwrapped = may_be_wrapped.then(|| event::unwrap_envelope(&event));
                let unwrapped = unwrapped.flatten();
                let event = unwrapped.as_ref().unwrap_or(&event);
                let result = match EventClass::of(event, self.is_documented) {
                    EventClass::Done => {
                        self.state = State::Ended {
                            end: End::Done,
                            is_cut: false,
                            source: None,
                        };
                        decode(&SseEvent {
                            name: Cow::Borrowed("done"),
                            data: Cow::Borrowed(&event.data),
                        })
                    }
                    EventClass::Error => {
                        self.state = State::Finished;
                        Err(Error::stream_error(&event.data))
                    }
                    EventClass::Other => {
                        if self.run.observe(event) {
                            let limit = self.run.termination.limit(self.limit);
                            self.deadline.set_limit(limit);
                            self.deadline.restart();
                        }
                        let decoded = decode(event);
                        if decoded.is_err() && is_error(&event.data, false) {
                            self.state = State::Finished;
                            Err(Error::stream_error(&event.data))
                        } else {
                            decoded
                        }
                    }
                };
                match result {
                    Ok(None) => {}
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Err(error) => return Poll::Ready(Some(Err(self.annotate(error)))),
                }
                continue;
            }
            if self.parser.is_too_large() && matches!(self.state, State::Open(_)) {
                self.state = State::Finished;
                let error = Error::event_too_large(self.sizes.event);
                return Poll::Ready(Some(Err(self.annotate(error))));
            }
            if let ControlFlow::Break(error) = ready!(self.poll_more(context)) {
                return Poll::Ready(error.map(Err));
            }
        }
    }

    /// Waits for the first event, or the start of a large one. It is not consumed.
    pub(crate) async fn begin(&mut self) -> Result<()> {
        poll_fn(|context| {
            while self.parser.len() < MAX_FIRST_EVENT && !self.has_first_event() {
                if let ControlFlow::Break(error) = ready!(self.poll_more(context)) {
                    return Poll::Ready(error.map_or(Ok(()), Err));
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Whether the first event is complete, or too large.
    fn has_first_event(&self) -> bool {
        let mut parser = self.parser.clone();
        parser.next().is_some() || parser.is_too_large()
    }

    /// Reads a chunk, or finishes the stream with its error, unless it is complete.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Poll<ControlFlow<Option<Error>>> {
        if let State::Open(body) = &mut self.state {
            let poll = |context: &mut Context<'_>| poll_chunk(body, context);
            let chunk = ready!(self.deadline.poll_before(context, poll));
            self.add(chunk);
            return Poll::Ready(ControlFlow::Continue(()));
        }
        let error = self.finish();
        Poll::Ready(ControlFlow::Break(error.map(|error| self.annotate(error))))
    }

    /// Adds what was read: a chunk, the end of the body, or `None` after the time-out.
    fn add(&mut self, chunk: Option<Option<reqwest::Result<Bytes>>>) {
        let (end, source) = match chunk {
            Some(Some(Ok(chunk))) => {
                if !self.run.termination.is_terminal_or_blocked() {
                    self.deadline.restart();
                }
                if let Some(events) = self.content.add(chunk) {
                    self.parser.push(events);
                    return;
                }
                if !self.content.is_full() {
                    return;
                }
                (End::Closed, None)
            }
            Some(Some(Err(error))) => (End::Broken, Some(error)),
            Some(None) => (End::Closed, None),
            None => {
                // A server may leave the stream of a run that has ended open.
                if let Some(connection) = &self.connection
                    && !self.run.termination.is_terminal_or_blocked()
                {
                    connection.retire();
                }
                (End::TimedOut, None)
            }
        };
        self.state = State::Ended {
            end,
            is_cut: self.parser.is_pending(),
            source,
        };
    }

    /// Finishes the stream. Returns its error, unless it is complete.
    fn finish(&mut self) -> Option<Error> {
        let State::Ended {
            end,
            is_cut,
            source,
        } = mem::replace(&mut self.state, State::Finished)
        else {
            return None;
        };
        if let Content::Json(bytes) = mem::take(&mut self.content) {
            self.run.update_from_body(&bytes);
            let error = Error::not_a_stream(self.head.clone(), &bytes);
            return Some(error.idempotent(self.is_idempotent));
        }
        match self.run.termination.end(end, is_cut) {
            Outcome::Complete => None,
            Outcome::Empty => Some(Error::stream_empty()),
            Outcome::Ended => Some(Error::stream_ended()),
            Outcome::Cut => Some(Error::stream_cut()),
            Outcome::Broken => Some(source.map_or_else(Error::stream_cut, Error::stream_broken)),
            Outcome::TimedOut => Some(Error::stream_idle(self.deadline.limit())),
        }
    }

    /// Whether the last item was returned.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.state, State::Finished)
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

    pub(crate) fn sizes(&self) -> SizeLimits {
        self.sizes
    }

    pub(crate) fn run_id(&self) -> Option<&str> {
        self.run.ids.run_id.as_deref()
    }

    pub(crate) fn thread_id(&self) -> Option<&str> {
        self.run.ids.thread_id.as_deref()
    }

    /// Adds the call and the run to an error, and logs it.
    fn annotate(&self, error: Error) -> Error {
        let error = error.with_head(self.head.clone());
        let error = error.in_operation(self.operation.clone(), self.attempts);
        let error = self.run.annotate(error).redacted(&self.secrets);
        tracing::debug!(
            operation = self.operation_id,
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
        // Without headers and buffer, which may contain cookies, secrets and personal data.
        f.debug_struct("EventReader")
            .field("operation", &self.operation)
            .field("attempts", &self.attempts)
            .field("thread_id", &self.thread_id())
            .field("run_id", &self.run_id())
            .field("has_ended", &self.has_ended())
            .finish_non_exhaustive()
    }
}

/// Polls for the next bytes of a body and skips trailers.
pub(crate) fn poll_chunk(
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
