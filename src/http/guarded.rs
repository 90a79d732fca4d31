//! Runs a future of the caller: with a time-out, and protected from panics.

use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::http::clock::Clock;
use crate::http::deadline::Deadline;

/// Why a future of the caller has no output.
#[derive(Debug)]
pub(crate) enum Interruption {
    /// It panicked.
    Panicked,
    /// It was dropped after this time-out.
    TimedOut(Duration),
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked => f.write_str("it panicked"),
            Self::TimedOut(limit) => write!(f, "it timed out after {limit:?}"),
        }
    }
}

impl StdError for Interruption {}

/// Runs a future. Catches its panics, and drops it when its time-out passes.
pub(crate) async fn guarded<T>(
    future: impl Future<Output = T>,
    timeout: Option<Duration>,
    clock: &Arc<dyn Clock>,
) -> Result<T, Interruption> {
    let output = AssertUnwindSafe(future).catch_unwind();
    let output = match timeout {
        Some(limit) => {
            let output = Deadline::new(clock, limit).before(pin!(output)).await;
            output.ok_or(Interruption::TimedOut(limit))?
        }
        None => output.await,
    };
    output.map_err(|_| Interruption::Panicked)
}
