//! When to poll again, and which failures polling tolerates.

use std::time::Duration;

use http::HeaderMap;

use crate::error::core::Error;
use crate::error::kind::ErrorKind;

/// The default interval.
const INTERVAL: Duration = Duration::from_secs(1);
/// The longest interval accepted from a server.
const MAX_INTERVAL: Duration = Duration::from_secs(60);
const POLL_AFTER: &str = "openai-poll-after-ms";

/// The interval between two polls.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Set by the caller.
    interval: Option<Duration>,
    /// Set by the latest response.
    hint: Option<Duration>,
}

impl Pace {
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        Self {
            interval,
            hint: None,
        }
    }

    /// Records what the server requests.
    pub(crate) fn update(&mut self, headers: &HeaderMap) {
        self.hint = poll_after(headers);
    }

    /// Returns the delay of the next poll: set by the caller, or else by the server.
    pub(crate) fn delay(&self) -> Duration {
        self.interval.or(self.hint).unwrap_or(INTERVAL)
    }

    /// Returns the delay after a failure, or `None` if it is not transient.
    ///
    /// Transient are the failures that are retried, and those of the token provider.
    pub(crate) fn delay_after(&self, error: &Error) -> Option<Duration> {
        let is_transient = error.is_retryable() || error.kind() == ErrorKind::Credentials;
        is_transient.then(|| self.delay().max(error.retry_after().unwrap_or_default()))
    }
}

fn poll_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(POLL_AFTER)?.to_str().ok()?.trim();
    // 0 would poll without a pause.
    let milliseconds = value
        .parse()
        .ok()
        .filter(|milliseconds| *milliseconds > 0)?;
    Some(Duration::from_millis(milliseconds).min(MAX_INTERVAL))
}
