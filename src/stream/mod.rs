//! Streams of events, decoded one by one as they are asked for.

mod frames;
mod json;
mod sse;
mod text;

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use http::HeaderMap;

use crate::error::Result;
use crate::operation::{Request, Sealed, StreamingOperation};

use frames::{Frames, Run};
use sse::Frame;

pub use text::TextDeltas;

/// An event of a stream.
pub trait StreamEvent: Sealed + Sized + Send + Unpin + 'static {
    /// Decodes the data of the event of that name. An unknown name is no error.
    ///
    /// # Errors
    /// The data of a known event does not have the form that the document gives it.
    fn decode(event: &str, data: &str) -> Result<Self>;

    /// The state of a run, if that is what the event tells of.
    fn run_state(&self) -> Option<RunState<'_>>;
}

/// What an event says of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunState<'a> {
    /// The run.
    pub id: &'a str,
    /// Its thread.
    pub thread_id: &'a str,
    /// Its status on the wire, such as `in_progress`.
    pub status: &'a str,
}

/// The events of a run as they come: a `Stream` of `Result<E, Error>`.
///
/// Nothing is read before it is asked for, and no task runs in the background. The
/// time-out of the call, or else of the client, is how long the stream may be silent
/// while the caller waits; the whole may take longer. Dropping the stream closes its
/// connection; the run goes on at the server, so cancel it where it is not wanted any
/// more.
///
/// It ends after `[DONE]`, or where the server closes the connection once the run is at
/// rest: completed, incomplete, failed, cancelled, expired, or waiting for the output of
/// tools.
///
/// # Errors
/// Each event may be an error instead:
///
/// - [`is_stream_error`](crate::Error::is_stream_error): the server sent one.
/// - [`is_interrupted`](crate::Error::is_interrupted): the stream broke, or was silent
///   for too long, before the run was at rest. Nothing is tried again, because events
///   would come twice or be missing; ask for the run by its
///   [`run_id`](crate::Error::run_id).
/// - [`is_decode`](crate::Error::is_decode): an event is not what the document says. The
///   stream goes on behind it.
///
/// After any other error than the last the stream is over.
///
/// # Examples
///
/// ```no_run
/// use openai_assistants::types::AssistantStreamEvent;
/// use openai_assistants::{EventStream, Result};
///
/// async fn show(mut events: EventStream<AssistantStreamEvent>) -> Result<()> {
///     while let Some(event) = events.try_next().await? {
///         println!("{}", event.event());
///     }
///     Ok(())
/// }
/// ```
#[must_use = "nothing is read until events are asked for"]
pub struct EventStream<E> {
    frames: Frames,
    event: PhantomData<fn() -> E>,
}

impl<E: StreamEvent> EventStream<E> {
    /// The next event; nothing after the last.
    ///
    /// # Errors
    /// See [`EventStream`].
    pub async fn try_next(&mut self) -> Result<Option<E>> {
        poll_fn(|context| self.frames.poll_next(context, read))
            .await
            .transpose()
    }

    /// The id that the server gave to the call.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.frames.request_id()
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.frames.headers()
    }

    /// How many times the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.frames.attempts()
    }

    /// Whether nothing more comes, whatever the last item was.
    #[cfg_attr(
        not(assistants_schema = "AssistantStreamEvent"),
        allow(dead_code, reason = "nothing streams")
    )]
    pub(crate) fn is_over(&self) -> bool {
        self.frames.is_over()
    }

    /// The run, as soon as the request or an event has named it.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        self.frames.run_id()
    }

    /// The thread of the run, as soon as the request or an event has named it.
    #[must_use]
    pub fn thread_id(&self) -> Option<&str> {
        self.frames.thread_id()
    }

    /// Only the text of the messages, piece by piece. Little else is decoded.
    ///
    /// ```no_run
    /// # use openai_assistants::types::AssistantStreamEvent;
    /// # use openai_assistants::{EventStream, Result};
    /// # async fn example(events: EventStream<AssistantStreamEvent>) -> Result<()> {
    /// let mut text = events.text_deltas();
    /// while let Some(piece) = text.try_next().await? {
    ///     print!("{piece}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn text_deltas(self) -> TextDeltas {
        TextDeltas::new(self.frames)
    }
}

impl<E: StreamEvent> Stream for EventStream<E> {
    type Item = Result<E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<E>>> {
        self.frames.poll_next(context, read)
    }
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventStream").field(&self.frames).finish()
    }
}

/// Sends an operation and gives out the stream that it is answered with.
#[allow(
    dead_code,
    reason = "a document may have no operation that answers with a stream"
)]
pub(crate) async fn open<O: StreamingOperation>(operation: O) -> Result<EventStream<O::Event>> {
    open_request(request(operation)?).await
}

/// The request of an operation for a stream; its errors say which operation it is.
pub(crate) fn request<O: StreamingOperation>(operation: O) -> Result<Request> {
    operation
        .into_stream_request()
        .map_err(|error| error.at(O::INFO.id, 0))
}

/// Sends a request for a stream.
pub(crate) async fn open_request<E>(request: Request) -> Result<EventStream<E>> {
    Ok(EventStream {
        frames: Frames::open(request).await?,
        event: PhantomData,
    })
}

fn read<E: StreamEvent>(frame: &Frame<'_>, run: &mut Run) -> Result<Option<E>> {
    let decoded = E::decode(&frame.event, &frame.data);
    match decoded.as_ref().ok().and_then(E::run_state) {
        Some(state) => run.learn(state),
        None => run.learn_from(frame),
    }
    decoded.map(Some)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::testing::{
        DONE, ENDLESS, PAUSE, STALL, STREAM, Server, TestClock, chunked, create_run, reply, rest,
        slowly, streamed, turns, until,
    };
    use crate::types::{
        AssistantStreamEvent, CreateThreadAndRunRequest, SubmitToolOutputsRunRequest, ToolOutput,
    };
    use crate::{Client, Error};

    type Events = EventStream<AssistantStreamEvent>;

    const KEY: &str = "sk-secret-key";

    fn event(name: &str, data: impl fmt::Display) -> String {
        format!("event: {name}\ndata: {data}\n\n")
    }

    fn run_object(status: &str) -> serde_json::Value {
        json!({
            "id": "run_1", "object": "thread.run", "created_at": 1, "thread_id": "thread_1",
            "assistant_id": "asst_1", "status": status, "model": "m",
        })
    }

    fn run(status: &str) -> String {
        event(&format!("thread.run.{status}"), run_object(status))
    }

    async fn opened(client: &Client) -> Result<Events> {
        open(create_run(client)).await
    }

    /// The stream that this answer begins.
    async fn stream_of(reply: String) -> (Server, Events) {
        let server = Server::start([reply]).await;
        let stream = opened(&server.client()).await.expect("it opens");
        (server, stream)
    }

    /// The error that an answer ends in; nothing comes behind it.
    async fn failure_of(reply: String) -> Error {
        let (server, mut stream) = stream_of(reply).await;
        let error = rest(&mut stream).await.1.expect("it ends in an error");
        assert!(stream.try_next().await.expect("it is over").is_none());
        assert_eq!(error.operation(), Some("createRun"));
        assert_eq!(error.request_id(), Some("req_1"));
        assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.thread_id(), Some("thread_1"));
        assert!(!error.is_retryable());
        assert_eq!(server.requests().len(), 1, "nothing is tried again");
        error
    }

    #[tokio::test]
    async fn events_come_in_their_order() {
        let events = [&run("queued"), &run("completed"), DONE].concat();
        for reply in [streamed(&events), chunked(&events, true)] {
            let (_server, mut stream) = stream_of(reply).await;
            assert_eq!((stream.request_id(), stream.attempts()), (Some("req_1"), 1));
            assert_eq!(stream.headers()["content-type"], "text/event-stream");
            let ids = (stream.thread_id(), stream.run_id());
            assert_eq!(ids, (Some("thread_1"), None));
            let (names, error) = rest(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(names, ["thread.run.queued", "thread.run.completed", "done"]);
            assert_eq!(stream.run_id(), Some("run_1"));
        }
    }

    #[tokio::test]
    async fn events_may_come_byte_by_byte() {
        let events = [&run("completed"), DONE].concat();
        let (_server, mut stream) = stream_of(streamed(&slowly(&events))).await;
        assert_eq!(rest(&mut stream).await.0, ["thread.run.completed", "done"]);
    }

    #[tokio::test]
    async fn it_is_a_stream() {
        let (_server, mut stream) = stream_of(streamed(DONE)).await;
        let next = poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await;
        assert_eq!(
            next.expect("it goes on").expect("it decodes"),
            AssistantStreamEvent::Done
        );
        assert!(
            poll_fn(|context| Pin::new(&mut stream).poll_next(context))
                .await
                .is_none()
        );
    }

    #[tokio::test]
    async fn done_ends_the_stream_whatever_its_name_and_although_the_connection_stays_open() {
        for done in [
            DONE,
            "data: [DONE]\n\n",
            "event: thread.done\ndata:[DONE]\n\n",
        ] {
            let events = [&run("queued"), done, &run("failed")].concat();
            let (server, mut stream) = stream_of(streamed(&format!("{events}{STALL}"))).await;
            let (names, error) = rest(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(names, ["thread.run.queued", "done"]);
            until(|| server.left() == 1).await;
            assert!(stream.try_next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn without_done_the_end_of_the_connection_is_the_end_once_the_run_is_at_rest() {
        for status in [
            "requires_action",
            "completed",
            "incomplete",
            "failed",
            "cancelled",
            "expired",
        ] {
            let events = [run("queued"), run(status)].concat();
            for reply in [
                streamed(&events),
                chunked(&events, true),
                chunked(&events, false),
                streamed(&format!("{events}data: [DONE]\n")),
            ] {
                let (_server, mut stream) = stream_of(reply).await;
                let (names, error) = rest(&mut stream).await;
                assert!(error.is_none(), "{error:?}");
                assert_eq!(names.len(), 2);
            }
        }
    }

    #[tokio::test]
    async fn a_stream_that_ends_before_its_run_is_an_error_that_names_the_run() {
        let events = [run("requires_action"), run("in_progress")].concat();
        for reply in [streamed(&events), chunked(&events, true)] {
            let error = failure_of(reply).await;
            assert!(error.is_ended_early() && error.is_interrupted() && !error.is_cut());
            assert_eq!(error.run_id(), Some("run_1"));
            assert_eq!(
                error.to_string(),
                "createRun failed: the stream ended before the run did (request req_1, run run_1); \
                 the run may go on at the server: follow it by `get_run` and its id"
            );
        }
    }

    #[tokio::test]
    async fn an_empty_stream_is_an_error_that_names_the_thread() {
        let error = failure_of(streamed("")).await;
        assert!(error.is_ended_early() && error.run_id().is_none());
    }

    #[tokio::test]
    async fn a_stream_that_is_cut_is_an_error_that_names_the_run() {
        let half = format!(
            "{}event: thread.run.completed\ndata: {{\"id\"",
            run("queued")
        );
        for reply in [
            streamed(&half),
            chunked(&half, true),
            chunked(&half, false),
            chunked(&run("queued"), false),
            chunked(&format!("{}{half}", run("completed")), false),
        ] {
            let is_whole = !reply.contains("chunked") || reply.contains("0\r\n\r\n");
            let error = failure_of(reply).await;
            assert!(error.is_cut() && error.is_interrupted() && !error.is_ended_early());
            assert_eq!(error.run_id(), Some("run_1"));
            assert_eq!(error.source().is_some(), !is_whole);
            let text = error.to_string();
            assert!(text.starts_with("createRun failed: the stream "), "{text}");
        }
    }

    #[tokio::test]
    async fn a_silent_stream_is_a_timeout_that_names_the_run() {
        for (of_call, limit) in [(None, 7), (Some(Duration::from_secs(5)), 5)] {
            let clock = TestClock::default();
            let server = Server::start([streamed(&format!("{}{STALL}", run("queued")))]).await;
            let builder = server.builder(&clock).timeout(Duration::from_secs(7));
            let client = builder.build().unwrap();
            let mut call = create_run(&client);
            if let Some(limit) = of_call {
                call = call.timeout(limit);
            }
            let mut stream = open(call).await.unwrap();
            assert!(stream.try_next().await.unwrap().is_some());

            let begun = clock.timeouts().len();
            let waiting = tokio::spawn(async move {
                let error = stream.try_next().await.expect_err("nothing comes");
                assert!(stream.try_next().await.expect("it is over").is_none());
                (error, stream)
            });
            until(|| clock.timeouts().len() > begun).await;
            assert_eq!(clock.timeouts().last(), Some(&Duration::from_secs(limit)));
            clock.pass();
            let (error, _stream) = waiting.await.unwrap();
            assert!(error.is_timeout() && error.is_interrupted());
            assert_eq!(error.run_id(), Some("run_1"));
            let text = format!("createRun failed: the stream was silent for {limit}s (");
            assert!(error.to_string().starts_with(&text), "{error}");
            until(|| server.left() == 1).await;
        }
    }

    #[tokio::test]
    async fn the_time_starts_again_with_every_chunk() {
        let clock = TestClock::default();
        let events = [run("queued"), run("in_progress"), run("completed")];
        let events = events.join(&PAUSE.to_string());
        let server = Server::start([streamed(&events)]).await;
        let client = server.builder(&clock).build().unwrap();
        let mut stream = opened(&client).await.unwrap();
        for _ in 0..3 {
            assert!(stream.try_next().await.unwrap().is_some());
            clock.pass();
        }
    }

    #[tokio::test]
    async fn what_is_here_takes_no_time() {
        let clock = TestClock::default();
        let server = Server::start([streamed(&run("queued").repeat(10))]).await;
        let client = server.builder(&clock).build().unwrap();
        let mut stream = opened(&client).await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        let begun = clock.timeouts().len();
        for _ in 1..10 {
            assert!(stream.try_next().await.unwrap().is_some());
        }
        assert_eq!(clock.timeouts().len(), begun);
    }

    #[tokio::test]
    async fn an_error_event_is_an_error_in_the_words_of_the_server() {
        let error = json!({"message": format!("no, {KEY}"), "type": "server_error", "code": "c"});
        for text in [
            event("error", &error),
            event("error", json!({"error": &error})),
            format!("data: {}\n\n", json!({"error": &error})),
        ] {
            let events = [&run("queued"), &*text, &run("completed"), DONE].concat();
            let error = failure_of(streamed(&format!("{events}{STALL}"))).await;
            assert!(error.is_stream_error() && !error.is_interrupted());
            assert_eq!(error.message(), "no, ***");
            assert_eq!(
                (error.code(), error.api_type()),
                (Some("c"), Some("server_error"))
            );
            assert!(!error.body().expect("it is kept").contains(KEY));
            assert_eq!(
                error.to_string(),
                "createRun failed: no, *** (code c, request req_1, run run_1)"
            );
        }
    }

    #[tokio::test]
    async fn data_without_a_name_is_an_error_only_if_it_says_so() {
        let events =
            "data: {\"error\":null}\n\ndata: [\"error\"]\n\ndata: {\"error\"\n\ndata: 1\n\n";
        let events = format!("{events}{}{DONE}", event("other", json!({"error": {}})));
        let (_server, mut stream) = stream_of(streamed(&events)).await;
        let (names, error) = rest(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names, ["", "", "", "", "other", "done"]);
    }

    #[tokio::test]
    async fn an_event_may_have_its_name_in_its_data() {
        let wrapped = |name: &str, data: serde_json::Value| {
            format!("data: {}\n\n", json!({ "data": data, "event": name }))
        };
        let queued = wrapped("thread.run.queued", run_object("queued"));
        let new = concat!(
            "data: {\"event\": \"th\\u0072ead.new\", \"more\": 1,\n",
            "data: \"data\": [1.50, {\"event\": null}]}\n\n",
        );
        let done = wrapped("done", "[DONE]".into());
        let events = [&queued, new, &done].concat();
        let (_server, mut stream) = stream_of(streamed(&format!("{events}{STALL}"))).await;
        let first = stream.try_next().await.unwrap().expect("it goes on");
        assert_eq!(first.run().map(|run| &*run.id), Some("run_1"));
        assert_eq!(
            stream.try_next().await.unwrap().expect("it goes on"),
            AssistantStreamEvent::Unknown {
                event: "thread.new".to_owned(),
                data: r#"[1.50, {"event": null}]"#.to_owned(),
            }
        );
        assert_eq!(rest(&mut stream).await.0, ["done"]);

        let error = wrapped("error", json!({ "message": "It is too much." }));
        let bare =
            "data: {\"event\": \"error\", \"data\": null, \"message\": \"It is too much.\"}\n\n";
        for error in [&*error, bare] {
            let error = failure_of(streamed(&[&queued, error].concat())).await;
            assert!(error.is_stream_error());
            assert!(error.to_string().contains("It is too much."), "{error}");
        }
    }

    #[tokio::test]
    async fn data_that_is_no_event_by_itself_is_left_alone() {
        let data = [
            r#"{"event":1,"data":{}}"#,
            r#"{"event":"thread.created"}"#,
            r#"[{"event":"thread.created","data":{}}]"#,
        ];
        let nameless: String = data.map(|data| format!("data: {data}\n\n")).concat();
        let named = event("other", r#"{"event":"thread.created","data":{}}"#);
        let events = [&nameless, &named, DONE].concat();
        let (_server, mut stream) = stream_of(streamed(&events)).await;
        let (names, error) = rest(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names, ["", "", "", "other", "done"]);
    }

    #[tokio::test]
    async fn behind_an_event_that_does_not_decode_the_stream_goes_on() {
        let mut bad = run_object("completed");
        bad["id"] = "run_2".into();
        bad["model"] = json!({"name": KEY});
        let mut worse = run_object(KEY);
        worse["created_at"] = KEY.into();
        let events = [
            run("queued"),
            event("thread.run.in_progress", worse),
            event("thread.run.completed", &bad),
            event("thread.message.delta", "no JSON"),
        ];
        let (_server, mut stream) = stream_of(streamed(&events.concat())).await;
        assert!(stream.try_next().await.unwrap().is_some());

        let error = stream.try_next().await.expect_err("it does not decode");
        assert!(error.is_decode() && error.source().is_none());
        let text = format!("{error} {error:?} {} {:?}", error.message(), error.body());
        assert!(text.contains("***") && !text.contains(KEY), "{text}");

        let error = stream.try_next().await.expect_err("it does not decode");
        assert!(error.is_decode() && error.source().is_some());
        assert_eq!(error.run_id(), Some("run_2"));
        let bad = bad.to_string().replace(KEY, "***");
        assert_eq!(error.body(), Some(bad.as_str()));
        let text = "createRun failed: the server answered 200 OK, but the event `thread.run.completed` is not as \
                    documented at `model`: ";
        assert!(error.to_string().starts_with(text), "{error}");

        let error = stream.try_next().await.expect_err("it does not decode");
        assert!(error.is_decode() && error.to_string().contains("is not JSON"));
        assert_eq!(error.body(), Some("no JSON"));
        // The run that did not decode was at rest.
        assert!(stream.try_next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_state_of_a_run_counts_under_a_name_that_is_new() {
        let events = event("thread.run.rejected", run_object("failed"));
        let (_server, mut stream) = stream_of(streamed(&events)).await;
        assert!(rest(&mut stream).await.1.is_none());
        assert_eq!(stream.run_id(), Some("run_1"));

        let step = event(
            "thread.run.step.paused",
            json!({"id": "step_1", "status": "completed"}),
        );
        let error = failure_of(streamed(&step)).await;
        assert!(error.is_ended_early() && error.run_id().is_none());
    }

    #[tokio::test]
    async fn an_http_error_is_an_error_like_that_of_any_call() {
        let body = r#"{"error":{"message":"no","code":"c"}}"#;
        let server = Server::start([reply(400, "", body)]).await;
        let error = opened(&server.client()).await.expect_err("it is refused");
        assert!(error.is_bad_request());
        assert_eq!((error.code(), error.body()), (Some("c"), Some(body)));
        assert_eq!(error.operation(), Some("createRun"));
    }

    #[tokio::test]
    async fn opening_is_tried_again() {
        let server = Server::start([
            reply(500, "", ""),
            reply(429, "", ""),
            streamed(&[&run("queued"), DONE].concat()),
        ])
        .await;
        let mut stream = opened(&server.client()).await.unwrap();
        assert_eq!(stream.attempts(), 3);
        assert!(rest(&mut stream).await.1.is_none());
        assert_eq!(server.requests().len(), 3);
    }

    #[tokio::test]
    async fn json_instead_of_a_stream_is_an_error_that_names_the_run() {
        let body = run_object("queued").to_string();
        for content_type in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
        ] {
            let headers = format!("content-type: {content_type}\r\nx-request-id: req_1\r\n");
            let server = Server::start([reply(200, &headers, &body)]).await;
            let error = opened(&server.client()).await.expect_err("it is no stream");
            assert!(error.is_decode() && !error.is_retryable());
            assert_eq!(error.body(), Some(body.as_str()));
            assert_eq!(
                (error.thread_id(), error.run_id()),
                (Some("thread_1"), Some("run_1"))
            );
            assert_eq!(
                error.to_string(),
                "createRun failed: the server answered 200 OK, but not with a stream of events: it may know \
                 no streams; call `send` instead, or `follow` the run by `wait` (request req_1, run run_1)"
            );
            assert_eq!(server.requests().len(), 1);
        }
    }

    #[tokio::test]
    async fn other_answers_are_no_streams_either() {
        for (status, headers, body) in [
            (
                200,
                "content-type: text/html; charset=utf-8\r\n",
                "<body>Log in</body>",
            ),
            (200, "content-type: application/problem+json\r\n", "{}"),
            (
                200,
                "content-type: text/event-stream\r\ncontent-encoding: br\r\n",
                "x",
            ),
            (204, "", ""),
        ] {
            let server = Server::start([reply(status, headers, body)]).await;
            let error = opened(&server.client()).await.expect_err("it is no stream");
            assert!(error.is_decode() && !error.is_interrupted(), "{error}");
            assert_eq!(error.body(), Some(body));
        }
    }

    #[tokio::test]
    async fn json_instead_of_a_stream_is_not_waited_for_without_end() {
        let head = "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
        let server = Server::start([format!("{head}{{\"a\"{STALL}")]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let opening = tokio::spawn(async move { opened(&client).await });
        until(|| clock.timeouts().len() == 2).await;
        clock.pass();
        let error = opening.await.unwrap().expect_err("it is no stream");
        assert_eq!((error.is_decode(), error.body()), (true, Some("{\"a\"")));

        let long = "x".repeat(1_000_000);
        let reply = reply(200, "content-type: application/json\r\n", &long);
        let server = Server::start([reply]).await;
        let error = opened(&server.client()).await.expect_err("it is no stream");
        assert_eq!(error.body().map(str::len), Some(64 * 1024));
    }

    #[tokio::test]
    async fn any_other_type_of_content_is_taken_as_a_stream() {
        for headers in ["", "content-type: text/plain\r\n", "content-type: \r\n"] {
            let (_server, mut stream) = stream_of(reply(200, headers, DONE)).await;
            assert_eq!(rest(&mut stream).await.0, ["done"]);
        }
    }

    #[tokio::test]
    async fn the_run_is_known_from_the_request() {
        let server = Server::start([streamed(""), reply(400, "", "")]).await;
        let client = server.client();
        let submit = || {
            let body =
                SubmitToolOutputsRunRequest::builder().tool_outputs(Vec::<ToolOutput>::new());
            let call = client.submit_tool_outputs_to_run().body(body);
            open(call.thread_id("thread/1").run_id("run ü"))
        };
        let mut stream = submit().await.unwrap();
        let ids = (Some("thread/1"), Some("run ü"));
        assert_eq!((stream.thread_id(), stream.run_id()), ids);
        for error in [
            stream.try_next().await.expect_err("it is empty"),
            submit().await.expect_err("it is refused"),
        ] {
            assert_eq!((error.thread_id(), error.run_id()), ids);
        }
    }

    #[tokio::test]
    async fn every_streaming_operation_asks_for_a_stream() {
        let server = Server::start([streamed(DONE)]).await;
        let client = server.client();
        drop(opened(&client).await.unwrap());
        let body = CreateThreadAndRunRequest::builder().assistant_id("asst_1");
        drop(
            open(client.create_thread_and_run().body(body))
                .await
                .unwrap(),
        );
        let body = SubmitToolOutputsRunRequest::builder().tool_outputs(Vec::<ToolOutput>::new());
        let call = client.submit_tool_outputs_to_run().body(body);
        drop(
            open(call.thread_id("thread_1").run_id("run_1"))
                .await
                .unwrap(),
        );

        assert_eq!(
            server.lines(),
            [
                "POST /v1/threads/thread_1/runs",
                "POST /v1/threads/runs",
                "POST /v1/threads/thread_1/runs/run_1/submit_tool_outputs"
            ]
        );
        for request in server.requests() {
            assert!(
                request.contains("accept: text/event-stream\r\n"),
                "{request}"
            );
            let (_, body) = request.split_once("\r\n\r\n").expect("it has a body");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["stream"], true);
        }
    }

    #[tokio::test]
    async fn a_missing_argument_is_an_error_before_anything_is_sent() {
        let server = Server::start([streamed(DONE)]).await;
        let error = open(server.client().create_run())
            .await
            .expect_err("it is incomplete");
        assert!(error.is_invalid_argument());
        assert_eq!(
            (error.operation(), error.attempts()),
            (Some("createRun"), 0)
        );
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn dropping_the_stream_closes_its_connection() {
        let (server, mut stream) = stream_of(streamed(&format!("{}{STALL}", run("queued")))).await;
        assert!(stream.try_next().await.unwrap().is_some());
        turns().await;
        assert_eq!(server.left(), 0);
        drop(stream);
        until(|| server.left() == 1).await;
    }

    #[tokio::test]
    async fn nothing_is_read_ahead() {
        const MUCH: usize = 64 * 1024 * 1024;
        let events = event("x", 1).repeat(1000);
        let (server, mut stream) = stream_of(format!("{STREAM}\r\n{PAUSE}{events}{ENDLESS}")).await;
        // A chunk is much larger than an event.
        for _ in 0..20_000 {
            assert!(stream.try_next().await.unwrap().is_some());
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            turns().await;
        }
        // The buffers of the connection, and no more.
        assert!(server.taken() < MUCH, "{}", server.taken());
        drop(stream);
        until(|| server.left() == 1).await;
    }

    #[tokio::test]
    async fn debug_shows_where_it_stands_and_no_content() {
        let reply = streamed(&format!("{}{STALL}", run("queued")));
        let reply = reply.replacen("\r\n", "\r\nset-cookie: hush\r\n", 1);
        let (_server, mut stream) = stream_of(reply).await;
        assert!(stream.try_next().await.unwrap().is_some());
        let text = format!("{stream:?}");
        assert!(
            text.contains("createRun") && text.contains("run_1"),
            "{text}"
        );
        for secret in [KEY, "hush", "asst_1"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
