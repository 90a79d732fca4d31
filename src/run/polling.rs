//! The interval between two polls.

use std::time::Duration;

use http::HeaderMap;

/// The default interval.
const INTERVAL: Duration = Duration::from_secs(1);
/// The longest interval accepted from a server.
const MAX_INTERVAL: Duration = Duration::from_secs(60);
const POLL_AFTER: &str = "openai-poll-after-ms";

/// Returns the delay of the next poll: set by the caller, or else by the server.
pub(crate) fn delay(interval: Option<Duration>, headers: &HeaderMap) -> Duration {
    interval.or_else(|| poll_after(headers)).unwrap_or(INTERVAL)
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
