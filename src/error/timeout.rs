//! Errors of time limits, with the names of their settings.

use std::time::Duration;

use crate::error::core::Error;
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;

impl Error {
    /// No response within the time-out.
    pub(crate) fn timeout(limit: Duration) -> Self {
        let message = format!("no response within the `timeout` of {limit:?}");
        Self::new(ErrorKind::Timeout, message).classed(Failure::Unknown)
    }

    /// No token within the time-out. Nothing was sent, or the server refused it.
    pub(crate) fn token_timeout(limit: Duration) -> Self {
        let message =
            format!("the token provider returned no token within the `timeout` of {limit:?}");
        Self::new(ErrorKind::Timeout, message).classed(Failure::NotSent)
    }

    /// No success within the time-out of all attempts; `last` is why the last one failed.
    pub(crate) fn total_timeout(limit: Duration, last: Option<&str>, is_unsettled: bool) -> Self {
        let last = last.map_or_else(String::new, |last| {
            format!(": the last attempt failed: {last}")
        });
        let failure = match is_unsettled {
            true => Failure::Unknown,
            false => Failure::Refused,
        };
        Self::new(
            ErrorKind::Timeout,
            format!("no success within the `total_timeout` of {limit:?}{last}"),
        )
        .classed(failure)
    }

    /// A response whose body was not complete within the time-out.
    pub(crate) fn body_timeout(limit: Duration) -> Self {
        let message =
            format!("the response body was not complete within the `timeout` of {limit:?}");
        Self::new(ErrorKind::Timeout, message).classed(Failure::Processed)
    }

    /// A stream that sent nothing within the time-out.
    pub(crate) fn stream_idle(limit: Duration) -> Self {
        let message =
            format!("the stream sent nothing within the `stream_idle_timeout` of {limit:?}");
        Self::new(ErrorKind::StreamIdle, message)
    }

    /// A download whose server sends nothing more.
    #[cfg(feature = "files")]
    pub(crate) fn download_idle(limit: Duration) -> Self {
        let message =
            format!("the server sent nothing within the `stream_idle_timeout` of {limit:?}");
        Self::new(ErrorKind::Timeout, message).classed(Failure::Processed)
    }
}
