//! A client whose HTTP service returns the response that a target sets.

use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use openai_assistants::{Client, Clock, HttpRequest, RetryPolicy, SizeLimits, Sleep};

/// The API key of the client.
pub const KEY: &str = "sk/hush+hush=hush";

/// A response. Its body arrives in these chunks.
#[derive(Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub chunks: Vec<Bytes>,
}

impl Reply {
    /// A response with the status 200 and a body of one chunk.
    pub fn ok(body: &[u8]) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            chunks: vec![Bytes::copy_from_slice(body)],
        }
    }
}

/// The next response. A target calls the client from one thread.
static REPLY: Mutex<Option<Reply>> = Mutex::new(None);

static CLIENT: LazyLock<Client> = LazyLock::new(|| build(SizeLimits::default()));
static LIMITED: LazyLock<Client> = LazyLock::new(|| {
    build(
        SizeLimits::default()
            .body(MAX_BODY)
            .event(MAX_EVENT)
            .missing_items(MAX_MISSING),
    )
});

/// The limits of [`limited_client`].
pub const MAX_BODY: usize = 2_000;
pub const MAX_EVENT: usize = 500;
pub const MAX_MISSING: usize = 20;

fn build(limits: SizeLimits) -> Client {
    let builder = Client::builder()
        .base_url("http://localhost/v1")
        .api_key(KEY)
        .clock(StoppedClock)
        .retry(RetryPolicy::never())
        .size_limits(limits)
        .http_service(tower::service_fn(|_: HttpRequest| ready(respond())));
    builder.build().expect("the settings are valid")
}

/// Returns a client whose next call receives this response.
pub fn client(reply: Reply) -> Client {
    *REPLY.lock().unwrap_or_else(PoisonError::into_inner) = Some(reply);
    CLIENT.clone()
}

/// Returns a client with small limits whose next call receives this response.
pub fn limited_client(reply: Reply) -> Client {
    client(reply);
    LIMITED.clone()
}

/// Runs a future to its end. One that waits for ever exceeds the time-out of the fuzzer.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

fn respond() -> Result<http::Response<UnsyncBoxBody<Bytes, Infallible>>, Infallible> {
    let reply = REPLY.lock().unwrap_or_else(PoisonError::into_inner).take();
    let reply = reply.unwrap_or_default();
    let frames = reply.chunks.into_iter();
    let frames = frames.map(|chunk| Ok(http_body::Frame::data(chunk)));
    let body = StreamBody::new(stream::iter(frames)).boxed_unsync();
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or_default();
    response.headers_mut().extend(
        reply
            .headers
            .into_iter()
            .map(|(name, value)| (Some(name), value)),
    );
    Ok(response)
}

/// A clock on which no time-out elapses.
struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(ready(()))
    }

    fn timeout(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }
}
