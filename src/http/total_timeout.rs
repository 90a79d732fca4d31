//! The time limit of a call, over all its attempts.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::Either;
use tower::Service;

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::deadline::Deadline;

/// Ends a call whose total time-out passes.
pub(super) fn total_timeout<S, T>(mut inner: S, call: Call) -> impl Future<Output = Result<T>>
where
    S: Service<Call, Response = T, Error = Error>,
{
    let Some(limit) = call.total_timeout() else {
        return Either::Left(inner.call(call));
    };
    let received = inner.call(call.clone());
    // Boxed, so that the future of a call without the limit is small.
    Either::Right(Box::pin(within(limit, call, received)))
}

async fn within<T>(
    limit: Duration,
    call: Call,
    received: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut deadline = Deadline::new(&call.config.clock, limit);
    let in_time = deadline.before(pin!(received)).await;
    in_time.unwrap_or_else(|| {
        call.retire_connection();
        let progress = call.progress();
        let last = progress.last_failure.as_deref();
        Err(Error::total_timeout(limit, last, progress.is_unsettled))
    })
}
