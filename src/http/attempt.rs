//! An attempt: its time-out, its body and its error.

use std::future::Future;
use std::mem;
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use tower::Service;
use tracing::Instrument;

use crate::error::core::{Error, Result};
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;
use crate::error::response::ResponseHead;
use crate::http::body::{is_cut, read_all, read_start, split_head};
use crate::http::call::Call;
use crate::http::clock::Clock;
use crate::http::deadline::Deadline;
use crate::http::{retry_policy, span};

/// How much of an error body is read, and for how long.
const MAX_ERROR_BODY: usize = 64 * 1024;
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// What an attempt returns of a success: the body, or the response with its body unread.
pub(crate) trait Receive: Send + Sized + 'static {
    fn receive(
        response: reqwest::Response,
        head: &ResponseHead,
        deadline: Deadline<impl AsRef<dyn Clock> + Send>,
        max_body: usize,
    ) -> impl Future<Output = Result<Self>> + Send;
}

/// The time-out covers the body, and a body that breaks off fails the attempt.
impl Receive for Bytes {
    #[expect(
        clippy::manual_async_fn,
        reason = "the future of an async function has room for the arguments twice"
    )]
    fn receive(
        mut response: reqwest::Response,
        head: &ResponseHead,
        mut deadline: Deadline<impl AsRef<dyn Clock> + Send>,
        max_body: usize,
    ) -> impl Future<Output = Result<Self>> + Send {
        async move {
            let version = response.version();
            let read = pin!(read_all(&mut response, max_body));
            match deadline.before(read).await {
                Some(Ok(Some(bytes))) if is_cut(version, head, &bytes) => Err(Error::body_cut()),
                Some(Ok(Some(bytes))) => Ok(bytes),
                Some(Ok(None)) => Err(Error::body_too_large(max_body)),
                Some(Err(error)) => Err(Error::body_broken(error)),
                None => Err(Error::body_timeout(deadline.limit())),
            }
        }
    }
}

impl Receive for reqwest::Response {
    async fn receive(
        response: Self,
        _: &ResponseHead,
        _: Deadline<impl AsRef<dyn Clock> + Send>,
        _: usize,
    ) -> Result<Self> {
        Ok(response)
    }
}

/// Makes one attempt. While it lasts, and if it is dropped, the call counts as unsettled.
pub(super) async fn attempt<S, R>(inner: S, call: Call) -> Result<(ResponseHead, R)>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
    R: Receive,
{
    call.count_attempt();
    let (attempts, was_unsettled) = {
        let mut progress = call.progress();
        progress.sent_by = None;
        let was_unsettled = mem::replace(&mut progress.is_unsettled, true);
        (progress.attempts, was_unsettled)
    };
    let span = span::of_attempt(&call, attempts);
    let received = send_and_receive(inner, &call);
    let received = received.instrument(span.clone()).await;
    let received = received.map_err(|error| error.redacted(&call.secrets()));
    span::record_attempt(&span, &received, || call.secrets());
    if let Err(error) = &received {
        let is_unsettled = was_unsettled || error.may_have_been_processed();
        call.progress().is_unsettled = is_unsettled;
        if error.kind() == ErrorKind::Timeout && error.failure() != Failure::NotSent {
            call.retire_connection();
        }
        call.progress().sent_by = None; // The back-off waits for no connection.
    }
    received
}

async fn send_and_receive<S, R>(mut inner: S, call: &Call) -> Result<(ResponseHead, R)>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
    R: Receive,
{
    // The time-out depends on the length of an upload.
    if let Some(body) = &call.body {
        body.measure().await;
    }
    let limit = call.timeout();
    let mut deadline = Deadline::new(&call.config.clock, limit);
    // In a block, so that its memory is used again for the body.
    let sent = {
        let sent = pin!(inner.call(call.clone()));
        deadline.before(sent).await
    };
    let response = sent.unwrap_or_else(|| match call.progress().sent_by {
        Some(_) => Err(Error::timeout(limit)),
        None => Err(Error::token_timeout(limit)),
    })?;
    let (head, response) = split_head(response);
    if !head.status.is_success() {
        // Boxed, so that the future of a success is small.
        return Err(Box::pin(status_error(call, head, response)).await);
    }
    match R::receive(response, &head, deadline, call.config.sizes.body).await {
        Ok(received) => Ok((head, received)),
        Err(error) => Err(error.with_head(head)),
    }
}

/// Reads the body of an error response, as much of it as arrives in time. That is beyond the
/// deadline: otherwise the status would be lost with it.
async fn status_error(call: &Call, head: ResponseHead, mut response: reqwest::Response) -> Error {
    let clock = &call.config.clock;
    let deadline = Deadline::new(clock, call.timeout().min(ERROR_BODY_TIMEOUT));
    let body = read_start(&mut response, MAX_ERROR_BODY, deadline).await;
    let retry_after = retry_policy::retry_after(&head.headers, clock.now());
    let mut error = Error::status_error(head, &body, retry_after);
    if let Some(reason) = call.progress().renewal_error.take() {
        error.add_note(reason.message());
    }
    error
}
