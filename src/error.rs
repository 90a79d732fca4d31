//! What can go wrong, in one type.
//!
//! An error says what happened, in which operation, and what to do about it. It keeps
//! what the server sent along, and nothing of what was sent to the server.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::error::Error as StdError;
use std::fmt::{self, Write};
use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use crate::{codec, json_path};

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

type Source = Box<dyn StdError + Send + Sync>;

/// How much of a text that others wrote goes into a message.
const TEXT_LIMIT: usize = 600;
const NAME_LIMIT: usize = 120;
const EXCERPT_LIMIT: usize = 80;
/// A shorter value is no key, and may well be a word of what it is looked for in.
const SHORTEST_SECRET: usize = 8;

/// What went wrong with a call.
///
/// The message is meant for people; programs ask the predicates and accessors. No
/// secret and no header of the request is ever in it.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// match client.get_run().thread_id("thread_1").run_id("run_1").send().await {
///     Ok(run) => println!("{run:?}"),
///     Err(error) if error.is_not_found() => println!("there is no such run"),
///     Err(error) if error.is_rate_limited() => println!("come back in {:?}", error.retry_after()),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    /// In the words of the server, or in ours where it has none.
    message: String,
    operation: Option<Cow<'static, str>>,
    attempts: u32,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Option<String>,
    api: ApiError,
    retry_after: Option<Duration>,
    run: RunPlace,
    source: Option<Source>,
}

/// The run that an error is about, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunPlace {
    pub(crate) thread_id: Option<String>,
    pub(crate) run_id: Option<String>,
    /// Whether it was cancelled, where that was tried.
    cancelled: Option<bool>,
}

impl RunPlace {
    pub(crate) fn new(thread_id: Option<String>, run_id: Option<String>) -> Self {
        Self {
            thread_id,
            run_id,
            cancelled: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Argument,
    Configuration,
    Credentials,
    Connect,
    Timeout,
    Status,
    Redirect,
    Decode,
    Paging,
    /// An `error` event in a stream.
    Event,
    /// A stream that ended between two events, before its run was at rest.
    Ended,
    /// A stream that ended or broke in the middle of an event.
    Cut,
    /// A stream in which nothing came for too long.
    Silent,
    /// The time for a whole run is over.
    Deadline,
    Cancelled,
    Tool,
}

/// What an answer says apart from its content.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// The content of an answer.
pub(crate) struct Body {
    pub(crate) bytes: Bytes,
    pub(crate) secrets: Secrets,
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What was sent and must not be repeated. Some servers quote the key that they refuse.
#[derive(Default)]
pub(crate) struct Secrets(Vec<HeaderValue>);

impl Secrets {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut secrets = Self::default();
        secrets.add(headers.values());
        secrets
    }

    pub(crate) fn add<'a>(&mut self, values: impl IntoIterator<Item = &'a HeaderValue>) {
        let values = values.into_iter().filter(|value| value.is_sensitive());
        self.0.extend(values.cloned());
    }

    fn blot_out(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self
            .0
            .iter()
            .filter_map(|value| std::str::from_utf8(value.as_bytes()).ok())
            .map(|value| match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
                _ => value.trim(),
            })
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
            .collect();
        // One may be part of another.
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

impl Error {
    /// The status code of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The server's code for the error, such as `rate_limit_exceeded`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.api.code.as_deref()
    }

    /// The server's type of the error, such as `invalid_request_error`.
    #[must_use]
    pub fn api_type(&self) -> Option<&str> {
        self.0.api.kind.as_deref()
    }

    /// The parameter of the request that the server objects to.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        self.0.api.param.as_deref()
    }

    /// What went wrong, in the words of the server where it sent some, without the
    /// place and the advice that `Display` adds.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The id that the server gave to the call; it is what its operators ask for.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.0.headers)
    }

    /// How long the server asks to wait before the next call.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The headers of the answer; none if there was no answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The body of the answer as text, cut off where it is very long.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The operation that failed, by its name in the document, such as `createRun`; or
    /// the method and path, such as `GET /v1/things`, of a
    /// [`Client::request`](crate::Client::request).
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The run that was under way, where it is known: the server may go on with it.
    /// Follow it on by `client.get_run()…follow().outcome()`, or cancel it.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        self.0.run.run_id.as_deref()
    }

    /// The thread of the run that was under way, where it is known.
    #[must_use]
    pub fn thread_id(&self) -> Option<&str> {
        self.0.run.thread_id.as_deref()
    }

    /// The run was cancelled at the server when this happened, because the caller had
    /// asked for that by [`Follow::cancel_run`](crate::Follow::cancel_run).
    #[must_use]
    pub fn is_run_cancelled(&self) -> bool {
        self.0.run.cancelled == Some(true)
    }

    /// How many times the request was sent, or was about to be: 0 if it never came to
    /// that.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// An argument or a setting cannot be used; nothing was sent. Correct the program
    /// or its configuration.
    #[must_use]
    pub fn is_invalid_argument(&self) -> bool {
        matches!(self.0.kind, Kind::Argument | Kind::Configuration)
    }

    /// The connection could not be made, or broke before the whole answer was there.
    /// Check the base URL and the network; the server may or may not have seen the
    /// request.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.0.kind == Kind::Connect
    }

    /// There was no answer in time: the client gave up waiting (the server may go on
    /// with the request or the run), or the server says so by 408 or 504.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Timeout | Kind::Silent | Kind::Deadline)
            || self.is_status(&[408, 504])
    }

    /// The server sent an `error` event in a stream. [`message`](Self::message),
    /// [`code`](Self::code) and [`api_type`](Self::api_type) are what it says.
    #[must_use]
    pub fn is_stream_error(&self) -> bool {
        self.0.kind == Kind::Event
    }

    /// A stream broke before its run was at rest: it ended early
    /// ([`is_ended_early`](Self::is_ended_early)), was cut in the middle of an event
    /// ([`is_cut`](Self::is_cut)), or fell silent ([`is_timeout`](Self::is_timeout)).
    /// The run goes on at the server: [`run_id`](Self::run_id) tells which it is.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(self.0.kind, Kind::Ended | Kind::Cut | Kind::Silent)
    }

    /// The server ended a stream between two events, without `[DONE]` and before the
    /// run was at rest.
    #[must_use]
    pub fn is_ended_early(&self) -> bool {
        self.0.kind == Kind::Ended
    }

    /// A stream ended or its connection broke in the middle of what it was saying.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.kind == Kind::Cut
    }

    /// The caller did not want to wait any longer. That says nothing of the run;
    /// [`is_run_cancelled`](Self::is_run_cancelled) does.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == Kind::Cancelled
    }

    /// A tool failed, and the caller wanted that to end the run's course; or the model
    /// called tools for more rounds than the caller allows.
    #[must_use]
    pub fn is_tool(&self) -> bool {
        self.0.kind == Kind::Tool
    }

    /// Too many requests or tokens, or a used-up quota (429). Wait for
    /// [`retry_after`](Self::retry_after), or longer each time; a quota has to be raised.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.is_status(&[429])
    }

    /// The server does not know what was asked for (404). Check the id, and that it was
    /// made with the same account; a 404 for everything points at the base URL.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is_status(&[404])
    }

    /// The server does not accept who is calling (401), or the source of tokens failed.
    /// Check the key or the token.
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        self.0.kind == Kind::Credentials || self.is_status(&[401])
    }

    /// The caller is known but may not do this (403). Check the permissions of the key,
    /// the organization and the project.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.is_status(&[403])
    }

    /// The request clashes with the state of what it addresses (409). Read that state
    /// again before the next try.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_status(&[409])
    }

    /// The server understood the request and refuses its content (400 or 422).
    /// [`message`](Self::message) and [`param`](Self::param) tell why; the same request
    /// will be refused again unless what it depends on has changed, such as a run that
    /// was still active on the thread.
    #[must_use]
    pub fn is_bad_request(&self) -> bool {
        self.is_status(&[400, 422])
    }

    /// The server failed (500 and above). Try again later.
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.0.kind == Kind::Status && self.0.status.is_some_and(|status| status.is_server_error())
    }

    /// The call succeeded, but its answer is not what the document describes, or what
    /// the model wrote is not the value that it was asked for.
    /// [`message`](Self::message) tells where, [`body`](Self::body) shows the answer.
    /// What the call was to change has been changed.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.kind == Kind::Decode
    }

    /// The server pointed elsewhere, to where credentials do not go. Set the base URL
    /// to the right place.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        self.0.kind == Kind::Redirect
    }

    /// The same call may succeed later. The client has then already tried as often as
    /// its [`RetryPolicy`](crate::RetryPolicy) allows; not again, though, if the server
    /// asks for a longer wait than the policy's `max_retry_after`.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match (self.0.kind, self.0.status) {
            (Kind::Connect | Kind::Timeout, _) => true,
            (Kind::Status, Some(status)) => crate::retry::is_retryable(status, &self.0.headers),
            _ => false,
        }
    }

    fn is_status(&self, codes: &[u16]) -> bool {
        self.0.kind == Kind::Status
            && self
                .0
                .status
                .is_some_and(|status| codes.contains(&status.as_u16()))
    }
}

/// How the rest of the crate makes errors.
impl Error {
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            attempts: 0,
            status: None,
            headers: HeaderMap::new(),
            body: None,
            api: ApiError::default(),
            retry_after: None,
            run: RunPlace::default(),
            source: None,
        }))
    }

    /// An argument that cannot be used.
    pub(crate) fn invalid_argument(argument: &str, reason: impl fmt::Display) -> Self {
        Self::new(Kind::Argument, format!("`{argument}`: {reason}"))
    }

    /// Arguments that cannot be used, for this reason.
    pub(crate) fn unusable(reason: impl Into<String>) -> Self {
        Self::new(Kind::Argument, reason)
    }

    /// A request that cannot be put together.
    pub(crate) fn from_build(error: serde_json::Error) -> Self {
        let message = format!("the request cannot be put together: {}", root(&error));
        Self::new(Kind::Argument, message).with_source(error)
    }

    /// A setting that cannot be used.
    pub(crate) fn configuration(reason: impl Into<String>) -> Self {
        Self::new(Kind::Configuration, reason)
    }

    /// A source of tokens that has none.
    pub(crate) fn credentials(source: Source) -> Self {
        Self::new(
            Kind::Credentials,
            format!("there is no token: {}", root(&*source)),
        )
        .with_source(source)
    }

    /// An attempt that took too long.
    pub(crate) fn timeout(limit: Duration) -> Self {
        Self::new(Kind::Timeout, format!("no answer within {limit:?}"))
    }

    /// An answer that began, and was not complete in time.
    pub(crate) fn stalled(head: Head, limit: Duration) -> Self {
        Self::new(Kind::Timeout, format!("not all of it within {limit:?}")).with_head(head)
    }

    /// An answer that is longer than any should be.
    pub(crate) fn long_answer(head: Head, limit: usize) -> Self {
        let message = format!("not within {limit} bytes");
        Self::new(Kind::Decode, message).with_head(head)
    }

    /// A connection that could not be made or that broke.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let (kind, what) = match () {
            () if error.is_builder() => (Kind::Argument, "the request cannot be sent"),
            () if error.is_timeout() && error.is_connect() => {
                (Kind::Timeout, "no connection in time")
            }
            () if error.is_timeout() => (Kind::Timeout, "no answer in time"),
            () if error.is_redirect() => (Kind::Redirect, "the server points elsewhere"),
            () if error.is_connect() => (Kind::Connect, "no connection"),
            () => (Kind::Connect, "the connection broke"),
        };
        // A URL may carry secrets in its query.
        let error = error.without_url();
        Self::new(kind, format!("{what}: {}", root(&error))).with_source(error)
    }

    /// An answer that points to where the client does not go.
    pub(crate) fn redirect(head: Head, reason: impl Into<String>) -> Self {
        Self::new(Kind::Redirect, reason).with_head(head)
    }

    /// An answer that tells of an error.
    pub(crate) fn api(head: Head, body: &Body, retry_after: Option<Duration>) -> Self {
        let text = text(body);
        // Read first: blotting out could hit the names in it.
        let mut api = ApiError::read(&text);
        let text = body.secrets.blot_out(&text);
        let message = match api.message.take() {
            Some(message) if !message.is_empty() => body.secrets.blot_out(&message),
            _ => Clip(&text, TEXT_LIMIT).to_string(),
        };
        let mut error = Self::new(Kind::Status, message).with_head(head);
        error.0.body = Some(text);
        error.0.api = api;
        error.0.retry_after = retry_after;
        error
    }

    /// An answer that does not decode.
    pub(crate) fn decode(head: Head, body: &Body, error: serde_json::Error) -> Self {
        let text = body.secrets.blot_out(&text(body));
        let reason = reason(&error);
        let message = match json_path::path_of(&error, codec::text(body).as_bytes()) {
            _ if body.is_empty() => "the answer is empty".to_owned(),
            _ if !error.is_data() => format!(
                "the answer is not JSON: {reason}; it begins `{}`",
                Clip(&text, EXCERPT_LIMIT)
            ),
            path if path.is_empty() => format!("the answer is not as documented: {reason}"),
            path => format!("the answer is not as documented at `{path}`: {reason}"),
        };
        let shown = body.secrets.blot_out(&message);
        let mut result = Self::new(Kind::Decode, shown.as_str()).with_head(head);
        // The cause quotes what it does not like.
        if shown == message {
            result = result.with_short_source(error);
        }
        result.0.body = Some(text);
        result
    }

    /// A server-sent event that does not decode.
    pub(crate) fn event(event: &str, data: &str, error: serde_json::Error) -> Self {
        let event = Clip(event, NAME_LIMIT);
        let reason = reason(&error);
        let message = match json_path::path_of(&error, data.as_bytes()) {
            _ if !error.is_data() => {
                format!("the data of the event `{event}` is not JSON: {reason}")
            }
            path if path.is_empty() => {
                format!("the event `{event}` is not as documented: {reason}")
            }
            path => format!("the event `{event}` is not as documented at `{path}`: {reason}"),
        };
        let mut result = Self::new(Kind::Decode, message).with_short_source(error);
        result.0.body = Some(text(data.as_bytes()));
        result
    }

    /// A server-sent event that does not come to an end.
    pub(crate) fn too_large(limit: usize) -> Self {
        Self::new(
            Kind::Cut,
            format!("an event of the stream has more than {limit} bytes"),
        )
    }

    /// An answer in JSON where a stream of events was asked for.
    pub(crate) fn no_stream(head: Head, body: &Body) -> Self {
        let message = "not with a stream of events: it may know no streams; call `send` instead, or \
                       `follow` the run by `wait`";
        let mut error = Self::new(Kind::Decode, message).with_head(head);
        error.0.body = Some(body.secrets.blot_out(&text(body)));
        error
    }

    /// A delta for an item that no list has a place for.
    pub(crate) fn too_far(index: i128, length: usize, missing: usize) -> Self {
        Self::new(
            Kind::Decode,
            format!(
                "a delta adds to item {index} of a list of {length}: no more than {missing} items \
                 may be missing in a stream"
            ),
        )
    }

    /// A server that points from one place to the next.
    pub(crate) fn circle(reason: impl Into<String>) -> Self {
        Self::new(Kind::Redirect, reason)
    }

    /// An `error` event, in one of its two shapes.
    pub(crate) fn stream(data: &str, secrets: &Secrets) -> Self {
        let mut api = ApiError::read(data);
        let text = secrets.blot_out(&text(data.as_bytes()));
        let message = match api.message.take() {
            Some(message) if !message.is_empty() => secrets.blot_out(&message),
            _ => Clip(&text, TEXT_LIMIT).to_string(),
        };
        let mut error = Self::new(Kind::Event, message);
        error.0.body = Some(text);
        error.0.api = api;
        error
    }

    /// A stream that ended between two events, before its run was at rest.
    pub(crate) fn ended_early() -> Self {
        Self::new(Kind::Ended, "the stream ended before the run did")
    }

    /// A stream that ended in the middle of an event.
    pub(crate) fn cut() -> Self {
        Self::new(Kind::Cut, "the stream ended in the middle of an event")
    }

    /// A stream whose connection broke.
    pub(crate) fn broken(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let message = format!("the stream broke: {}", root(&error));
        Self::new(Kind::Cut, message).with_source(error)
    }

    /// A stream in which nothing came for too long.
    pub(crate) fn silent(limit: Duration) -> Self {
        Self::new(Kind::Silent, format!("the stream was silent for {limit:?}"))
    }

    /// A run that took too long, all in all.
    pub(crate) fn deadline(what: impl Into<String>) -> Self {
        Self::new(Kind::Deadline, what)
    }

    /// Something that the caller has given up.
    pub(crate) fn cancelled(what: impl Into<String>) -> Self {
        Self::new(Kind::Cancelled, what)
    }

    /// A tool that ends the course of a run.
    #[cfg(feature = "tools")]
    pub(crate) fn tool(what: impl Into<String>) -> Self {
        Self::new(Kind::Tool, what)
    }

    /// A tool that failed, where the caller wants that to be the end.
    #[cfg(feature = "tools")]
    pub(crate) fn tool_failed(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(Kind::Tool, error.to_string()).with_source(error)
    }

    /// An answer of the model that is not what was asked for.
    #[cfg(feature = "tools")]
    pub(crate) fn answer(answer: &str, error: serde_json::Error) -> Self {
        let place = match json_path::path_of(&error, answer.as_bytes()) {
            path if path.is_empty() => String::new(),
            path => format!(" at `{path}`"),
        };
        let what = if error.is_data() {
            "not of the type that was asked for"
        } else {
            "not JSON"
        };
        let reason = reason(&error);
        let message = format!("the answer of the model is {what}{place}: {reason}");
        let mut result = Self::new(Kind::Decode, message).with_short_source(error);
        result.0.body = Some(text(answer.as_bytes()));
        result
    }

    /// A run without the answer that it should have.
    #[cfg(feature = "tools")]
    pub(crate) fn no_answer(reason: impl Into<String>) -> Self {
        Self::new(Kind::Decode, reason)
    }

    /// A list that does not come to an end.
    pub(crate) fn paging(reason: impl Into<String>) -> Self {
        Self::new(Kind::Paging, reason)
    }

    /// Takes out what was sent and must not be repeated.
    pub(crate) fn without(mut self, secrets: &Secrets) -> Self {
        let message = secrets.blot_out(&self.0.message);
        // The cause says it again.
        if message != self.0.message {
            self.0.message = message;
            self.0.source = None;
        }
        self.0.body = self.0.body.map(|body| secrets.blot_out(&body));
        self
    }

    /// Says what else went wrong on the way.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.message = format!("{}; {}", self.0.message, other.0.message);
        self
    }

    /// Says where it happened.
    pub(crate) fn at(mut self, operation: impl Into<Cow<'static, str>>, attempts: u32) -> Self {
        self.0.operation = Some(operation.into());
        self.0.attempts = attempts;
        self
    }

    /// Says which run it is about, as far as that is not known yet.
    pub(crate) fn in_run(mut self, thread_id: Option<&str>, run_id: Option<&str>) -> Self {
        let RunPlace {
            thread_id: known_thread,
            run_id: known_run,
            ..
        } = &mut self.0.run;
        *known_thread = known_thread.take().or_else(|| thread_id.map(str::to_owned));
        *known_run = known_run.take().or_else(|| run_id.map(str::to_owned));
        self
    }

    /// Says whether the run could be cancelled.
    pub(crate) fn run_cancelled(mut self, is_cancelled: bool) -> Self {
        self.0.run.cancelled = Some(is_cancelled);
        self
    }

    /// The kind of failure, for logs.
    pub(crate) fn kind(&self) -> &'static str {
        match self.0.kind {
            Kind::Argument => "argument",
            Kind::Configuration => "configuration",
            Kind::Credentials => "credentials",
            Kind::Connect => "connection",
            Kind::Timeout => "timeout",
            Kind::Status => "status",
            Kind::Redirect => "redirect",
            Kind::Decode => "decode",
            Kind::Paging => "paging",
            Kind::Event => "event",
            Kind::Ended => "ended",
            Kind::Cut => "cut",
            Kind::Silent => "silent",
            Kind::Deadline => "deadline",
            Kind::Cancelled => "cancelled",
            Kind::Tool => "tool",
        }
    }

    /// Keeps what came of an answer.
    pub(crate) fn with_head(mut self, head: Head) -> Self {
        self.0.status = Some(head.status);
        self.0.headers = head.headers;
        self
    }

    /// Keeps the cause, unless it quotes all of a very long value.
    fn with_short_source(self, error: serde_json::Error) -> Self {
        if error.to_string().len() > TEXT_LIMIT {
            return self;
        }
        self.with_source(error)
    }

    fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What to do about it, where that is known.
    fn advice(&self) -> Option<&'static str> {
        match self.0.run.cancelled {
            Some(true) => return Some("the run has been cancelled"),
            Some(false) => {
                return Some("the run could not be cancelled, and may go on at the server");
            }
            None => {}
        }
        let advice = match (self.0.kind, self.0.status.map(|status| status.as_u16())) {
            (Kind::Connect, _) => "check the base URL and the network",
            (Kind::Timeout, _) => "set a longer time-out if it needs more",
            (Kind::Ended | Kind::Cut | Kind::Silent, _) => {
                "the run may go on at the server: follow it by `get_run` and its id"
            }
            (Kind::Deadline, _) if self.run_id().is_some() => {
                "the run may go on at the server: cancel it, or allow more time"
            }
            (Kind::Deadline, _) => "allow more time",
            (Kind::Status, Some(400)) if self.is_active_run() => {
                "wait until that run has ended, or cancel it"
            }
            (Kind::Status, Some(401)) => "check the key or token",
            (Kind::Status, Some(403)) => {
                "check what the key is allowed to do, its organization and its project"
            }
            (Kind::Status, Some(404)) => {
                "check the id, the account that it belongs to, and the base URL"
            }
            (Kind::Status, Some(429)) if self.code() == Some("insufficient_quota") => {
                "check the plan and its billing"
            }
            (Kind::Status, Some(429)) => "call less often, or allow more retries",
            (Kind::Status, Some(500..)) => "try again later",
            _ => return None,
        };
        Some(advice)
    }

    fn is_active_run(&self) -> bool {
        self.message().contains("while a run")
            || self.message().contains("already has an active run")
    }
}

/// The id of a call, from the headers of its answer.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-request-id")?.to_str().ok()
}

/// Text that is UTF-8 where the bytes are, short enough to be kept.
fn text(bytes: &[u8]) -> String {
    const KEPT: usize = 64 * 1024;
    String::from_utf8_lossy(&bytes[..bytes.len().min(KEPT)]).into_owned()
}

/// Why something is not decoded.
fn reason(error: &serde_json::Error) -> String {
    Clip(&error.to_string(), TEXT_LIMIT).to_string()
}

/// The innermost reason; those around it say in general what it says exactly.
fn root(error: &(dyn StdError + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    Clip(&error.to_string(), TEXT_LIMIT).to_string()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation} failed: ")?;
        }
        if let Some(status) = self.0.status {
            let status = (
                status.as_u16(),
                status.canonical_reason().unwrap_or_default(),
            );
            let status = format!("{} {}", status.0, status.1);
            match (status.trim_end(), self.0.kind) {
                (status, Kind::Decode | Kind::Timeout | Kind::Connect) => {
                    write!(f, "the server answered {status}, but ")?;
                }
                // The call succeeded; what came of it later did not.
                (_, Kind::Event | Kind::Ended | Kind::Cut | Kind::Silent) => {}
                (status, _) if self.0.message.is_empty() => f.write_str(status)?,
                (status, _) => write!(f, "{status}: ")?,
            }
        }
        write!(f, "{}", Clip(&self.0.message, TEXT_LIMIT))?;
        self.notes(f)?;
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// ` (code …, request …)`
    fn notes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = " (";
        let named = [
            ("code", self.code()),
            ("param", self.param()),
            ("request", self.request_id()),
            ("run", self.run_id()),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                write!(f, "{separator}{name} {}", Clip(value, NAME_LIMIT))?;
                separator = ", ";
            }
        }
        if self.0.attempts > 1 {
            write!(f, "{separator}{} attempts", self.0.attempts)?;
            separator = ", ";
        }
        if separator == ", " {
            f.write_char(')')
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Error {
    /// Without headers and body, which are long and may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field(
                "message",
                &format_args!("{:?}", Clip(&self.0.message, TEXT_LIMIT).to_string()),
            )
            .field("operation", &self.0.operation)
            .field("attempts", &self.0.attempts)
            .field("status", &self.0.status)
            .field("code", &self.code())
            .field("request_id", &self.request_id())
            .field("run", &self.0.run)
            .field("retry_after", &self.0.retry_after)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// A text of others on one line and of bounded length.
struct Clip<'a>(&'a str, usize);

impl fmt::Display for Clip<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.trim().chars();
        for character in characters.by_ref().take(self.1) {
            f.write_char(if character.is_control() {
                ' '
            } else {
                character
            })?;
        }
        if characters.next().is_some() {
            f.write_char('…')
        } else {
            Ok(())
        }
    }
}

/// `{"error": {message, type, code, param}}`, and what servers make of it.
#[derive(Default)]
struct ApiError {
    message: Option<String>,
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
}

impl ApiError {
    fn read(body: &str) -> Self {
        serde_json::from_str(body)
            .map(|value| Self::from_value(&value))
            .unwrap_or_default()
    }

    fn from_value(value: &Value) -> Self {
        match value {
            Value::Object(object) => match object.get("error") {
                Some(Value::Object(error)) => Self::from_object(error),
                Some(Value::String(message)) => Self {
                    message: Some(message.clone()),
                    ..Self::from_object(object)
                },
                _ => Self::from_object(object),
            },
            Value::Array(items) => items.first().map(Self::from_value).unwrap_or_default(),
            Value::String(message) => Self {
                message: Some(message.clone()),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let field = |name: &str| object.get(name).and_then(scalar);
        Self {
            message: ["message", "detail", "error_description", "title"]
                .iter()
                .find_map(|name| object.get(*name).and_then(prose)),
            kind: field("type"),
            code: field("code"),
            param: field("param"),
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text, an object with one, or FastAPI's list of `{loc, msg}`.
fn prose(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => ["message", "msg"].iter().find_map(|name| {
            let text = object.get(*name).and_then(scalar)?;
            match object.get("loc").and_then(Value::as_array) {
                Some(place) => {
                    let place: Vec<_> = place.iter().filter_map(scalar).collect();
                    Some(format!("{}: {text}", place.join(".")))
                }
                None => Some(text),
            }
        }),
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(prose).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        other => scalar(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(text: &str) -> Body {
        Body {
            bytes: text.to_owned().into(),
            secrets: Secrets::default(),
        }
    }

    fn api(status: u16, body: &str) -> Error {
        let headers = [("x-request-id".parse().unwrap(), "req_1".parse().unwrap())]
            .into_iter()
            .collect();
        let head = Head {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
        };
        Error::api(head, &body_of(body), None).at("createMessage", 1)
    }

    #[test]
    fn it_can_be_sent_and_kept() {
        fn check<T: StdError + Send + Sync + 'static>() {}
        check::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn the_documented_body_is_read() {
        let error = api(
            400,
            r#"{"error":{"message":"Unknown parameter","type":"invalid_request_error","code":"unknown","param":"role"}}"#,
        );
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
        assert_eq!(error.message(), "Unknown parameter");
        assert_eq!(error.api_type(), Some("invalid_request_error"));
        assert_eq!(error.code(), Some("unknown"));
        assert_eq!(error.param(), Some("role"));
        assert_eq!(error.request_id(), Some("req_1"));
        assert_eq!(error.operation(), Some("createMessage"));
        assert!(error.is_bad_request() && !error.is_retryable());
        assert_eq!(
            error.to_string(),
            "createMessage failed: 400 Bad Request: Unknown parameter (code unknown, param role, request req_1)"
        );
    }

    #[test]
    fn other_bodies_are_read_as_far_as_they_go() {
        for (body, message, code) in [
            (r#"{"error":"no"}"#, "no", None),
            (r#"{"error":"no","code":7}"#, "no", Some("7")),
            (r#"{"message":"no"}"#, "no", None),
            (r#"{"detail":"no"}"#, "no", None),
            (r#"{"detail":{"message":"no"}}"#, "no", None),
            (
                r#"{"detail":[{"loc":["body","limit",0],"msg":"no","type":"x"}]}"#,
                "body.limit.0: no",
                None,
            ),
            (
                r#"{"error":{"message":"no","code":429}}"#,
                "no",
                Some("429"),
            ),
            (
                r#"{"message":"no","type":"t","code":"c","param":null}"#,
                "no",
                Some("c"),
            ),
            (
                r#"{"error":{"message":null,"code":"c"}}"#,
                r#"{"error":{"message":null,"code":"c"}}"#,
                Some("c"),
            ),
            (r#"{"error":null,"message":"no"}"#, "no", None),
            (r#"[{"error":{"message":"no"}}]"#, "no", None),
            (r#""no""#, "no", None),
            ("<html>no</html>", "<html>no</html>", None),
            ("", "", None),
            ("{}", "{}", None),
            ("null", "null", None),
        ] {
            let error = api(502, body);
            assert_eq!((error.message(), error.code()), (message, code), "{body}");
            assert_eq!(error.status(), Some(StatusCode::BAD_GATEWAY));
            assert_eq!(error.request_id(), Some("req_1"));
            assert_eq!(error.body(), Some(body));
        }
    }

    #[test]
    fn it_says_what_to_do() {
        let active = api(
            400,
            r#"{"error":{"message":"Can't add messages to thread_1 while a run run_1 is active.","type":"invalid_request_error"}}"#,
        );
        assert_eq!(
            active.to_string(),
            "createMessage failed: 400 Bad Request: Can't add messages to thread_1 while a run run_1 is active. \
             (request req_1); wait until that run has ended, or cancel it"
        );
        assert!(
            api(401, "")
                .to_string()
                .ends_with("401 Unauthorized (request req_1); check the key or token")
        );
        assert!(api(404, "").to_string().contains("check the id"));
        assert!(
            api(429, r#"{"error":{"code":"insufficient_quota"}}"#)
                .to_string()
                .contains("billing")
        );
        assert!(
            Error::timeout(Duration::from_secs(600))
                .to_string()
                .contains("within 600s; set a longer")
        );
    }

    #[test]
    fn the_message_is_one_line_of_bounded_length() {
        let error = api(500, &format!("a\nb\r\n{}", "x".repeat(100_000)));
        assert!(error.to_string().len() < 1000);
        assert!(format!("{error:?}").len() < 1500);
        assert!(!error.to_string().contains('\n'));
    }

    #[test]
    fn each_status_has_its_predicate() {
        type Check = fn(&Error) -> bool;
        let checks: [(u16, Check); 9] = [
            (400, Error::is_bad_request),
            (401, Error::is_authentication),
            (403, Error::is_permission_denied),
            (404, Error::is_not_found),
            (408, Error::is_timeout),
            (409, Error::is_conflict),
            (422, Error::is_bad_request),
            (429, Error::is_rate_limited),
            (503, Error::is_server_error),
        ];
        for (status, check) in checks {
            assert!(check(&api(status, "")), "{status}");
            assert!(!check(&api(418, "")), "{status}");
        }
    }

    #[test]
    fn a_decode_error_tells_where() {
        let body = &body_of(r#"{"data":[{"id":1}]}"#);
        #[derive(serde::Deserialize, Debug)]
        #[allow(dead_code)]
        struct Item {
            id: String,
        }
        #[derive(serde::Deserialize, Debug)]
        #[allow(dead_code)]
        struct Page {
            data: Vec<Item>,
        }
        let cause = serde_json::from_slice::<Page>(body).expect_err("a number is no string");
        let head = Head {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
        };
        let error = Error::decode(head, body, cause).at("listRuns", 1);
        assert!(error.is_decode() && !error.is_retryable());
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert!(
            error
                .to_string()
                .starts_with("listRuns failed: the server answered 200 OK, but ")
        );
        assert!(
            error
                .to_string()
                .contains("at `data[0].id`: invalid type: integer `1`, expected a string"),
            "{error}"
        );
        assert_eq!(error.body(), Some(r#"{"data":[{"id":1}]}"#));
        assert!(error.source().is_some());
    }
}
