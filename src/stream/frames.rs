//! From the body of an answer to events, and to the errors that a stream may end with.
//!
//! A stream costs no task and no channel: a chunk of the body is read when the consumer
//! asks for an event and none is here. The time-out runs from chunk to chunk, while the
//! consumer waits. `[DONE]` ends the stream, whatever the connection does; so does the
//! end of the body once the run is at rest, since there are servers that never send
//! `[DONE]`.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::clock::Deadline;
use crate::codec::Text;
use crate::error::{Body, Error, Head, Result, RunPlace, Secrets, request_id};
use crate::operation::Request;
use crate::run::{is_at_rest, is_late, is_terminal};
use crate::stream::RunState;
use crate::stream::sse::{Frame, Framer};
use crate::transport::{self, Opened};

/// How long the end of a stream is waited for once the run is at rest. Not every server
/// closes the connection or sends `[DONE]`.
const LAST_WORD: Duration = Duration::from_secs(5);
/// How much is read of an answer that is not a stream: all of a run, which may have
/// instructions of 256,000 characters.
const MAX_OTHER: usize = 4 * 1024 * 1024;

/// The events of an answer as they come, not decoded yet.
pub(crate) struct Frames {
    /// What errors call it.
    name: Cow<'static, str>,
    /// Whether the document says what the events are.
    is_of_document: bool,
    head: Head,
    attempts: u32,
    secrets: Secrets,
    /// Nothing once the stream is over: the connection goes with it.
    body: Option<reqwest::Body>,
    framer: Framer,
    /// How long the stream may be silent.
    limit: Duration,
    deadline: Deadline,
    run: Run,
}

/// Decodes what the consumer wants of an event, and notes what it says of the run.
pub(crate) type Read<T> = fn(&Frame<'_>, &mut Run) -> Result<Option<T>>;

impl Frames {
    /// Sends a request for a stream. Beyond the head of the answer nothing is tried again.
    pub(crate) async fn open(request: Request) -> Result<Self> {
        let name = request.name();
        let is_of_document = request.is_of_document();
        let mut run = Run {
            place: request.place(),
            is_expected: is_of_document,
            ..Run::default()
        };
        let opened = transport::open(request).await;
        let (opened, attempts) = opened.map_err(|error| run.place(error))?;
        let Opened {
            mut response,
            secrets,
            mut deadline,
        } = opened;
        deadline.restart();
        let head = transport::take_head(&mut response);
        if !may_stream(&head) {
            let bytes = transport::beginning(&mut response, MAX_OTHER, deadline).await;
            run.learn_from_answer(&bytes);
            let error = Error::no_stream(head, &Body { bytes, secrets });
            return Err(run.place(error.at(name, attempts)));
        }
        Ok(Self {
            name,
            is_of_document,
            head,
            attempts,
            secrets,
            body: Some(response.into()),
            framer: Framer::new(),
            limit: deadline.limit(),
            deadline,
            run,
        })
    }

    /// What comes next of what the consumer wants.
    pub(crate) fn poll_next<T>(
        &mut self,
        context: &mut Context<'_>,
        read: Read<T>,
    ) -> Poll<Option<Result<T>>> {
        loop {
            let Some(body) = &mut self.body else {
                return Poll::Ready(None);
            };
            if let Some(frame) = self.framer.next() {
                // What is called by method and path may mean something else by it.
                let is_of_document = self.is_of_document;
                let unwrapped = is_of_document.then(|| unwrapped(&frame)).flatten();
                let frame = unwrapped.as_ref().unwrap_or(&frame);
                let (result, is_last) = match Meaning::of(frame) {
                    Meaning::Done => {
                        let done = Frame {
                            event: Cow::Borrowed("done"),
                            data: Cow::Borrowed(&frame.data),
                        };
                        (read(&done, &mut self.run), true)
                    }
                    Meaning::Error => (Err(Error::stream(&frame.data, &self.secrets)), true),
                    Meaning::Event => (read(frame, &mut self.run), false),
                };
                if is_last {
                    self.body = None;
                }
                match result {
                    Ok(None) => continue,
                    Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                    Err(error) => return Poll::Ready(Some(Err(self.complete(error)))),
                }
            }
            let limit = if self.run.is_at_rest {
                self.limit.min(LAST_WORD)
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
                    match self.framer.push(chunk) {
                        Ok(()) => continue,
                        Err(too_large) => Some(Error::too_large(too_large.0)),
                    }
                }
                Some(Some(Err(_))) if self.run.is_at_rest && !self.framer.is_pending() => None,
                Some(Some(Err(error))) => Some(Error::broken(error)),
                Some(None) if self.run.is_at_rest => None,
                Some(None) if self.framer.is_pending() => Some(Error::cut()),
                Some(None) if !self.run.is_expected => None,
                Some(None) => Some(Error::ended_early()),
                None if self.run.is_at_rest && !self.framer.is_pending() => None,
                None => Some(Error::silent(self.deadline.limit())),
            };
            self.body = None;
            return Poll::Ready(error.map(|error| Err(self.complete(error))));
        }
    }

    pub(crate) fn is_over(&self) -> bool {
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
        self.run.place.run_id.as_deref()
    }

    pub(crate) fn thread_id(&self) -> Option<&str> {
        self.run.place.thread_id.as_deref()
    }

    fn complete(&self, error: Error) -> Error {
        let error = error
            .without(&self.secrets)
            .with_head(self.head.clone())
            .at(self.name.clone(), self.attempts);
        let error = self.run.place(error);
        tracing::debug!(
            operation = &*self.name,
            failure = error.kind(),
            request_id = error.request_id(),
            run_id = error.run_id(),
            "stream failed"
        );
        error
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may carry cookies, and the buffer what people say.
        f.debug_struct("Frames")
            .field("operation", &self.name)
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts)
            .field("thread_id", &self.thread_id())
            .field("run_id", &self.run_id())
            .field("is_over", &self.is_over())
            .finish_non_exhaustive()
    }
}

/// The next bytes of a body; trailers say nothing here.
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

/// Whether an answer may be a stream. Not every server names the type, so it is told by
/// what it is not.
fn may_stream(head: &Head) -> bool {
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

/// The event with its name: gateways and Astra Assistants send `{"event": …, "data": …}` as
/// the data of an event that has no name.
fn unwrapped<'a>(frame: &'a Frame<'_>) -> Option<Frame<'a>> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        #[serde(borrow)]
        data: &'a RawValue,
    }

    let may_be_wrapped = frame.event.is_empty() && frame.data.trim_start().starts_with('{');
    let wrapped = may_be_wrapped.then(|| serde_json::from_str(&frame.data));
    let Wrapped { event, data } = wrapped?.ok()?;
    // Without data it is the object itself that tells what happened.
    let data = match data.get() {
        "null" => &frame.data,
        data => data,
    };
    Some(Frame {
        event,
        data: Cow::Borrowed(data),
    })
}

/// What an event is to the stream.
enum Meaning {
    /// The end.
    Done,
    /// An error of the server, which is the end as well.
    Error,
    Event,
}

impl Meaning {
    fn of(frame: &Frame<'_>) -> Self {
        match &*frame.event {
            // No JSON begins like that, and the name differs from server to server.
            _ if frame.data.starts_with("[DONE]") => Self::Done,
            "done" => Self::Done,
            "error" => Self::Error,
            "" if is_error(&frame.data) => Self::Error,
            _ => Self::Event,
        }
    }
}

/// Whether data without a name is `{"error": …}`.
fn is_error(data: &str) -> bool {
    #[derive(Deserialize)]
    struct Named {
        error: Option<IgnoredAny>,
    }

    data.trim_start().starts_with('{')
        && serde_json::from_str::<Named>(data).is_ok_and(|named| named.error.is_some())
}

/// What is known of the run that a stream is about.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    place: RunPlace,
    /// Whether the stream is of a run at all.
    is_expected: bool,
    is_at_rest: bool,
    is_over: bool,
}

impl Run {
    /// Notes what an event says.
    pub(crate) fn learn(&mut self, state: RunState<'_>) {
        self.is_expected = true;
        for (known, id) in [
            (&mut self.place.thread_id, state.thread_id),
            (&mut self.place.run_id, state.id),
        ] {
            if !id.is_empty() && known.as_deref() != Some(id) {
                *known = Some(id.to_owned());
            }
        }
        if !is_late(self.is_over, state.status) {
            self.is_over = is_terminal(state.status);
            self.is_at_rest = is_at_rest(state.status);
        }
    }

    /// Notes what an event says by itself, if it is one of a run.
    pub(crate) fn learn_from(&mut self, frame: &Frame<'_>) {
        if frame.event.starts_with("thread.run.")
            && !frame.event.starts_with("thread.run.step.")
            && let Ok(run) = serde_json::from_str::<RunObject<'_>>(&frame.data)
        {
            self.learn(run.state());
        }
    }

    fn learn_from_answer(&mut self, body: &[u8]) {
        if let Ok(run) = serde_json::from_slice::<RunObject<'_>>(body)
            && text(&run.object) == "thread.run"
        {
            self.learn(run.state());
        }
    }

    fn place(&self, error: Error) -> Error {
        let RunPlace {
            thread_id, run_id, ..
        } = &self.place;
        error.in_run(thread_id.as_deref(), run_id.as_deref())
    }
}

/// A run as far as a stream depends on it, whatever else is wrong with it.
#[derive(Deserialize)]
struct RunObject<'a> {
    #[serde(borrow)]
    object: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    thread_id: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

impl RunObject<'_> {
    fn state(&self) -> RunState<'_> {
        RunState {
            id: text(&self.id),
            thread_id: text(&self.thread_id),
            status: text(&self.status),
        }
    }
}

fn text<'a>(text: &'a Option<Text<'_>>) -> &'a str {
    text.as_ref().and_then(Text::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::operation::StreamingOperation;
    use crate::testing::{ENDLESS, PAUSE, STREAM, Server, create_run, until};

    #[tokio::test]
    async fn an_event_without_end_is_an_error() {
        let server = Server::start([format!("{STREAM}\r\n{PAUSE}data: {ENDLESS}")]).await;
        let call = create_run(&server.client());
        let mut frames = Frames::open(call.into_stream_request().unwrap())
            .await
            .unwrap();
        frames.framer = Framer::with_limit(1_000_000);
        let read: Read<()> = |_, _| Ok(Some(()));
        let next = poll_fn(|context| frames.poll_next(context, read)).await;
        let error = next.expect("it goes on").expect_err("it is too large");
        assert!(error.is_cut() && error.is_interrupted());
        assert_eq!(error.thread_id(), Some("thread_1"));
        assert!(
            error.to_string().contains("more than 1000000 bytes"),
            "{error}"
        );
        assert!(
            poll_fn(|context| frames.poll_next(context, read))
                .await
                .is_none()
        );
        until(|| server.left() == 1).await;
    }

    #[test]
    fn a_run_is_read_as_far_as_it_can_be() {
        let learn = |data: &str| {
            let mut run = Run::default();
            run.learn_from(&Frame {
                event: "thread.run.completed".into(),
                data: data.into(),
            });
            (run.place.thread_id, run.place.run_id, run.is_at_rest)
        };
        let id = |id: &str| Some(id.to_owned());
        for (data, expected) in [
            ("[]", (None, None, false)),
            ("no JSON", (None, None, false)),
            (
                r#"{"id": 1, "thread_id": null, "status": "completed"}"#,
                (None, None, true),
            ),
            (
                r#"{"x": {}, "thread_id": "t\u0031", "id": "r", "status": {}}"#,
                (id("t1"), id("r"), false),
            ),
        ] {
            assert_eq!(learn(data), expected, "{data}");
        }
    }
}
