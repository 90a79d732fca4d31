//! The time limits of a client or of a call.

use std::time::Duration;

pub(crate) const TIMEOUT: Duration = Duration::from_secs(600);
/// Of an upload whose length is unknown.
#[cfg(feature = "files")]
pub(crate) const UPLOAD_TIMEOUT: Duration = Duration::from_secs(3600);
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
pub(crate) const STREAM_IDLE_TIMEOUT: Duration = Duration::from_secs(120);

/// The limits that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeLimits {
    /// Of each attempt.
    pub(crate) attempt: Option<Duration>,
    /// Of all attempts together.
    pub(crate) total: Option<Duration>,
    /// Until a connection is established.
    pub(crate) connect: Option<Duration>,
    /// Between two chunks of a stream.
    pub(crate) stream_idle: Option<Duration>,
}
