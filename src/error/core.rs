//! The error type: what it keeps, and how a program queries it.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;
use crate::error::response::request_id;
use crate::error::server_error::ServerError;

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an error, when it is passed on.
pub(super) type Source = Box<dyn StdError + Send + Sync>;

/// An error returned by this crate.
///
/// [`Display`](std::fmt::Display) is for people: which operation failed, with what status, why,
/// and what to do. Programs use [`kind`](Self::kind), the predicates and the accessors. The
/// message contains no headers of the request. Where the server repeats a secret of the request, the
/// error has `***` instead; [the guide](crate::guides::servers#authentication) states which.
/// [`Debug`](std::fmt::Debug) is the same text with the causes, so that a program prints it if `main` returns
/// the error. Its alternate form, `{:#?}`, has the fields.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// match client.get_run().thread_id("thread_1").run_id("run_1").send().await {
///     Ok(run) => println!("{run:?}"),
///     Err(error) if error.is_not_found() => println!("there is no such run"),
///     Err(error) if error.is_rate_limited() => println!("retry in {:?}", error.retry_after()),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Error(pub(super) Box<Inner>);

#[derive(Clone)]
pub(super) struct Inner {
    pub(super) kind: ErrorKind,
    /// The message of the server, or ours without one.
    pub(super) message: String,
    pub(super) operation: Option<Cow<'static, str>>,
    pub(super) attempts: u32,
    pub(super) status: Option<StatusCode>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<String>,
    pub(super) server: ServerError,
    pub(super) failure: Failure,
    /// Whether the server may have processed an earlier attempt.
    pub(super) is_unsettled: bool,
    /// Whether the call has the same effect when it is sent twice.
    pub(super) is_idempotent: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) run: RunIds,
    /// Whether the run was cancelled, where that was attempted.
    pub(super) run_cancelled: Option<bool>,
    /// Whether the run is active, and its cancellation was not requested.
    pub(super) is_run_left: bool,
    pub(super) source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The IDs of a run and of its thread, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunIds {
    pub(crate) thread_id: Option<String>,
    pub(crate) run_id: Option<String>,
}

impl RunIds {
    /// Takes over IDs that differ from the known ones. Some servers leave them empty.
    pub(crate) fn update(&mut self, thread_id: Option<&str>, run_id: Option<&str>) {
        for (known, id) in [(&mut self.thread_id, thread_id), (&mut self.run_id, run_id)] {
            let id = id.filter(|id| !id.is_empty());
            if id.is_some() && known.as_deref() != id {
                *known = id.map(str::to_owned);
            }
        }
    }
}

impl Error {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the status code of the response, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Returns the server's error code, such as `rate_limit_exceeded`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.server.code.as_deref()
    }

    /// Returns the server's error type, such as `invalid_request_error`.
    #[must_use]
    pub fn api_type(&self) -> Option<&str> {
        self.0.server.kind.as_deref()
    }

    /// Returns the request parameter that the server rejected.
    #[must_use]
    pub fn param(&self) -> Option<&str> {
        self.0.server.param.as_deref()
    }

    /// Returns the server's message, or else the reason.
    ///
    /// It does not contain the context and the advice that `Display` adds.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the request ID that the server assigned.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.0.headers)
    }

    /// Returns the delay that the server requests before the next call.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the headers of the response. Empty if there was no response.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Returns the response body as text, at most 64 KiB of it.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// Returns the operation that failed, by its ID in the OpenAPI document.
    ///
    /// For a [`Client::request`](crate::Client::request) it is the method and path, such as
    /// `GET /v1/things`.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Returns the ID of the affected run, if it is known.
    ///
    /// The run may continue on the server. Resume following it with
    /// `client.get_run()…follow().outcome()`, or cancel it.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        self.0.run.run_id.as_deref()
    }

    /// Returns the thread ID of the affected run, if it is known.
    #[must_use]
    pub fn thread_id(&self) -> Option<&str> {
        self.0.run.thread_id.as_deref()
    }

    /// Whether the server accepted the cancellation of the run after this error.
    ///
    /// Always false unless [`Follow::cancel_run`](crate::Follow::cancel_run) is set.
    #[must_use]
    pub fn is_run_cancelled(&self) -> bool {
        self.0.run_cancelled == Some(true)
    }

    /// Returns the number of attempts, or 0 if the request was rejected before the first.
    ///
    /// An attempt that fails to get a token counts. With `once`, the attempts of all its requests count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether an argument or a setting is invalid. Nothing was sent.
    #[must_use]
    pub fn is_invalid_argument(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Argument | ErrorKind::Configuration)
    }

    /// Whether the connection failed, or broke before the response was complete.
    ///
    /// Check the base URL and the network. A server that closes the connection without a response
    /// is [`ErrorKind::Disconnected`], a rejected certificate [`ErrorKind::Certificate`].
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.0.kind == ErrorKind::Connection
    }

    /// Whether a time-out or a deadline passed.
    ///
    /// That includes time-outs of the server (408, 504). The server may still process the request or the run.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Timeout | ErrorKind::StreamIdle | ErrorKind::Deadline
        ) || self.is_status(&[408, 504])
    }

    /// Whether the server sent an `error` event in a stream.
    ///
    /// [`message`](Self::message), [`code`](Self::code) and [`api_type`](Self::api_type) are those
    /// of the event.
    #[must_use]
    pub fn is_stream_error(&self) -> bool {
        self.0.kind == ErrorKind::StreamError
    }

    /// Whether a stream broke before its run was terminal or blocked.
    ///
    /// It ended early ([`is_ended_early`](Self::is_ended_early)), was cut in the middle of an event
    /// ([`is_cut`](Self::is_cut)), or was idle for too long ([`is_timeout`](Self::is_timeout)). The
    /// run may continue on the server; [`run_id`](Self::run_id) returns its ID.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::StreamEnded | ErrorKind::StreamCut | ErrorKind::StreamIdle
        )
    }

    /// Whether a stream ended between two events although its run was active.
    ///
    /// That includes an end with `[DONE]`, and a stream without events.
    #[must_use]
    pub fn is_ended_early(&self) -> bool {
        self.0.kind == ErrorKind::StreamEnded
    }

    /// Whether a stream ended in the middle of an event.
    ///
    /// That includes a connection that broke.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.kind == ErrorKind::StreamCut
    }

    /// Whether the caller cancelled.
    ///
    /// The run may continue on the server, unless [`is_run_cancelled`](Self::is_run_cancelled).
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.kind == ErrorKind::Cancelled
    }

    /// Whether the tool loop was aborted.
    ///
    /// A tool failed and the policy is to abort, or there were too many tool rounds.
    #[must_use]
    pub fn is_tool(&self) -> bool {
        self.0.kind == ErrorKind::Tool
    }

    /// Whether a run ended with another status than `completed`, or requires action.
    ///
    /// [`RunOutcome::into_completed`](crate::RunOutcome::into_completed) returns this error.
    /// [`code`](Self::code) is that of the last error of the run.
    #[must_use]
    pub fn is_run_not_completed(&self) -> bool {
        self.0.kind == ErrorKind::RunNotCompleted
    }

    /// Whether the rate limit or the quota is exceeded (429).
    ///
    /// Wait for [`retry_after`](Self::retry_after), or back off exponentially. Retrying does not help
    /// if the quota is exhausted: raise it.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.is_status(&[429])
    }

    /// Whether the server did not find the object or the route (404).
    ///
    /// Check the ID and the account that it belongs to. If every call returns 404, check the base
    /// URL.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is_status(&[404])
    }

    /// Whether authentication failed (401), or the token provider did.
    ///
    /// Check the API key or the token.
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        self.0.kind == ErrorKind::Credentials || self.is_status(&[401])
    }

    /// Whether the caller lacks the permission (403).
    ///
    /// Check the permissions of the key, the organization and the project.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.is_status(&[403])
    }

    /// Whether the request conflicts with the state of the object (409).
    ///
    /// Fetch the object before the next attempt.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_status(&[409])
    }

    /// Whether the server rejected the content of the request (400 or 422).
    ///
    /// [`message`](Self::message) and [`param`](Self::param) state why. The same request fails again
    /// unless what it depends on changes, such as a run that was still active on the thread.
    #[must_use]
    pub fn is_bad_request(&self) -> bool {
        self.is_status(&[400, 422])
    }

    /// Whether the server failed (500 and above). Retry later.
    #[must_use]
    pub fn is_server_error(&self) -> bool {
        self.0.kind == ErrorKind::Status
            && self.0.status.is_some_and(|status| status.is_server_error())
    }

    /// Whether data could not be deserialized.
    ///
    /// The data is a response body, an event or the output of the model. [`message`](Self::message) states
    /// where, [`body`](Self::body) is the text. The server returned a success status: what the call changed there
    /// remains.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.kind == ErrorKind::Decode
    }

    /// Whether the server sent a redirect that the client does not follow.
    ///
    /// Set the base URL to the final location.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        self.0.kind == ErrorKind::Redirect
    }

    /// Whether the same call may succeed later.
    ///
    /// The client has already made the attempts that its [`RetryPolicy`](crate::RetryPolicy)
    /// allows. It does not retry if the server requests a longer delay than `max_retry_after`.
    /// Before you repeat a call that creates something, check
    /// [`may_have_been_processed`](Self::may_have_been_processed).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.failure != Failure::Final
    }

    /// Whether the server may have processed the call.
    ///
    /// If so, sending it again may create a message or a run twice. That includes responses
    /// that cannot be deserialized, and streams that broke. See
    /// [the guide](crate::guides::retries) for what counts.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// # let message = openai_assistants::types::CreateMessageRequest::builder();
    /// let call = client.create_message().thread_id("thread_1").body(message);
    /// match call.send().await {
    ///     Err(error) if error.may_have_been_processed() => {
    ///         println!("look for the message with `list_messages`");
    ///     }
    ///     other => drop(other?),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn may_have_been_processed(&self) -> bool {
        let this = match self.0.failure {
            Failure::NotSent | Failure::Refused => false,
            Failure::Unknown | Failure::Processed => true,
            // A redirection that turns a POST into a GET follows the work.
            Failure::Final => self.0.status.is_some_and(|status| {
                status.is_success()
                    || matches!(status.as_u16(), 301..=303)
                    || status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
            }),
        };
        this || self.0.is_unsettled
    }

    /// Sets whether the call that failed has the same effect when it is sent twice.
    pub(crate) fn idempotent(mut self, is_idempotent: bool) -> Self {
        self.0.is_idempotent = is_idempotent;
        self
    }

    /// What is known about the attempt.
    pub(crate) fn failure(&self) -> Failure {
        self.0.failure
    }

    pub(super) fn is_status(&self, codes: &[u16]) -> bool {
        self.0.kind == ErrorKind::Status
            && self
                .0
                .status
                .is_some_and(|status| codes.contains(&status.as_u16()))
    }
}
