//! A call on its way through the stack.

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use reqwest::Url;

use crate::error::core::{Error, Result};
use crate::error::redaction::Secrets;
use crate::http::request::Request;
use crate::http::time_limits::{CONNECT_TIMEOUT, STREAM_IDLE_TIMEOUT, TIMEOUT};

/// A request on its way through the stack, with what has happened so far. Clones share both.
#[derive(Clone)]
pub(crate) struct Call {
    shared: Arc<(Request, Mutex<Progress>)>,
    /// Where a redirect leads.
    pub(super) target: Option<Url>,
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
    /// Whether the server may have processed an attempt.
    pub(super) is_unsettled: bool,
    /// Why the last attempt failed.
    pub(super) last_failure: Option<String>,
}

impl Deref for Call {
    type Target = Request;

    fn deref(&self) -> &Request {
        &self.shared.0
    }
}

impl Call {
    /// Starts the call of a request. Fails if a header of the call is invalid.
    pub(crate) fn new(mut request: Request) -> Result<Self> {
        let checked = check_headers(&request);
        checked.map_err(|error| error.in_operation(request.name(), 0))?;
        complete_query(&mut request);
        Ok(Self {
            shared: Arc::new((request, Mutex::default())),
            target: None,
        })
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.progress().attempts
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.shared.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The URL of the next request.
    pub(super) fn url(&self) -> &Url {
        self.target.as_ref().unwrap_or(&self.url)
    }

    /// The time-out for establishing a connection.
    pub(super) fn connect_timeout(&self) -> Duration {
        self.limit(|limits| limits.connect)
            .unwrap_or(CONNECT_TIMEOUT)
    }

    /// The time-out of each attempt.
    pub(super) fn timeout(&self) -> Duration {
        self.limit(|limits| limits.attempt).unwrap_or(TIMEOUT)
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
        let mut secrets = Secrets::default();
        secrets.add(self.headers().map(|(_, value)| value));
        secrets.add(self.options.body_headers());
        secrets.add(self.progress().tokens.iter().map(|(_, value)| value));
        secrets
    }

    /// Adds the operation and what has happened so far to an error.
    pub(crate) fn annotate(&self, error: Error) -> Error {
        let is_unsettled = self.progress().is_unsettled;
        let error = error.in_operation(self.name(), self.attempts());
        error.unsettled(is_unsettled)
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
