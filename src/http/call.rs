//! A call on its way through the stack.

use std::ops::Deref;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use reqwest::Url;
use tracing::Span;

use crate::error::core::{Error, Result};
use crate::error::redaction::Secrets;
use crate::http::pool::Connection;
use crate::http::request::Request;
use crate::http::request_body::RequestBody;
use crate::http::span;
use crate::http::time_limits::{CONNECT_TIMEOUT, STREAM_IDLE_TIMEOUT, TIMEOUT};
use crate::json::secret::Secret;

/// Query parameters whose values are not secret. The value of any other may be.
const PUBLIC: [&str; 9] = [
    "after",
    "api-version",
    "before",
    "filter",
    "include[]",
    "limit",
    "order",
    "purpose",
    "run_id",
];

/// A request on its way through the stack, with what has happened so far. Clones share both.
#[derive(Clone)]
pub(crate) struct Call {
    shared: Arc<Shared>,
    /// Where a redirect leads.
    pub(super) target: Option<Box<Url>>,
}

struct Shared {
    request: Request,
    progress: Mutex<Progress>,
    span: Span,
}

/// What has happened to a call so far.
#[derive(Default)]
pub(super) struct Progress {
    pub(super) attempts: u32,
    /// The tokens that were sent, the current one last.
    pub(super) tokens: Vec<(HeaderName, HeaderValue)>,
    /// Whether a rejected token was renewed, or could not be.
    pub(super) has_renewed: bool,
    pub(super) renewal_error: Option<Error>,
    /// The generation of the HTTP client that sends the current attempt. None until it is sent.
    pub(super) sent_by: Option<u64>,
    /// Whether the server may have processed an attempt.
    pub(super) is_unsettled: bool,
    /// Why the last attempt failed.
    pub(super) last_failure: Option<String>,
}

impl Deref for Call {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.shared.request
    }
}

impl Call {
    /// Starts the call of a request. Fails if a header of the call is invalid.
    pub(crate) fn new(mut request: Request) -> Result<Self> {
        let checked = check_headers(&request);
        checked.map_err(|error| error.in_operation(request.name(), 0))?;
        complete_query(&mut request);
        Ok(Self {
            shared: Arc::new(Shared {
                span: span::of_call(&request),
                request,
                progress: Mutex::default(),
            }),
            target: None,
        })
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.progress().attempts
    }

    /// The attempts of all requests with the same purpose.
    pub(crate) fn total_attempts(&self) -> u32 {
        let total = self.total_attempts.as_ref();
        total.map_or_else(|| self.attempts(), |total| total.load(Ordering::Relaxed))
    }

    pub(super) fn count_attempt(&self) {
        self.progress().attempts += 1;
        if let Some(total) = &self.total_attempts {
            total.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        let progress = self.shared.progress.lock();
        progress.unwrap_or_else(PoisonError::into_inner)
    }

    /// The span of the call. It ends with the last clone of the call.
    pub(crate) fn span(&self) -> &Span {
        &self.shared.span
    }

    /// The connection of the current attempt, once it is sent.
    pub(crate) fn connection(&self) -> Option<Connection> {
        let generation = self.progress().sent_by?;
        let pool = self.config.pool.clone();
        Some(Connection { pool, generation })
    }

    /// Leaves the connection of the current attempt, which timed out.
    pub(crate) fn retire_connection(&self) {
        if let Some(connection) = self.connection() {
            connection.retire();
        }
    }

    /// The URL of the next request.
    pub(super) fn url(&self) -> &Url {
        self.target.as_deref().unwrap_or(&self.url)
    }

    /// The time-out for establishing a connection.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.limit(|limits| limits.connect)
            .unwrap_or(CONNECT_TIMEOUT)
    }

    /// The time-out of each attempt.
    pub(super) fn timeout(&self) -> Duration {
        let limit = self.limit(|limits| limits.attempt);
        let default = || self.body.as_ref().map_or(TIMEOUT, RequestBody::timeout);
        limit.unwrap_or_else(default)
    }

    /// The time-out of all attempts together.
    pub(super) fn total_timeout(&self) -> Option<Duration> {
        self.limit(|limits| limits.total)
    }

    /// How long the stream may be idle.
    pub(crate) fn stream_idle_timeout(&self) -> Duration {
        let limit = self.limit(|limits| limits.stream_idle);
        limit.unwrap_or(STREAM_IDLE_TIMEOUT)
    }

    /// The secrets that the requests of this call have contained.
    pub(crate) fn secrets(&self) -> Secrets {
        let progress = self.progress();
        let tokens = progress.tokens.iter().map(|(_, value)| value);
        let headers = self.headers().map(|(_, value)| value).chain(tokens);
        let headers = headers
            .filter(|value| value.is_sensitive())
            .filter_map(|value| value.to_str().ok());
        let pairs = self.config.query.iter().chain(self.options.query_pairs());
        let parameters = pairs.filter(|(name, _)| !PUBLIC.contains(&name.as_str()));
        let parameters = parameters.map(|(_, value)| value.as_str());
        let of_body = self.options.body_secrets.iter().map(Secret::expose);
        Secrets::new(headers.chain(parameters).chain(of_body))
    }

    /// Adds the operation and what has happened so far to the error of the call.
    pub(crate) fn annotate(&self, error: Error) -> Error {
        span::record_error(self.span(), &error);
        let is_unsettled = self.progress().is_unsettled;
        let error = error.in_operation(self.name(), self.attempts());
        error
            .unsettled(is_unsettled)
            .idempotent(self.is_idempotent())
    }
}

fn check_headers(request: &Request) -> Result<()> {
    for (name, value) in request.options.checked_headers()? {
        let checked = request.config.check_header(name, value);
        checked.map_err(|reason| Error::invalid_argument("header", reason))?;
    }
    Ok(())
}

/// Completes the query. Parameters of the call take precedence over those of the operation, and
/// these over those of the client.
fn complete_query(request: &mut Request) {
    let Request {
        config,
        options,
        url,
        ..
    } = request;
    let of_call = options.query_pairs();
    if of_call.is_empty() && config.query.is_empty() {
        return;
    }
    let of_operation: Vec<_> = url.query_pairs().into_owned().collect();
    let of_operation = without(&of_operation, of_call);
    let of_client = without(&config.query, of_call)
        .filter(|(name, _)| of_operation.clone().all(|(other, _)| other != name));
    let pairs = of_operation.clone().chain(of_client).chain(of_call);
    url.query_pairs_mut().clear().extend_pairs(pairs);
}

type Pair = (String, String);

/// The pairs whose name is not in `others`.
fn without<'a>(pairs: &'a [Pair], others: &'a [Pair]) -> impl Iterator<Item = &'a Pair> + Clone {
    pairs
        .iter()
        .filter(|(name, _)| others.iter().all(|(other, _)| other != name))
}
