//! The time limit of a call, over all its attempts.

use std::pin::pin;

use tower::{Service, ServiceExt};

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::deadline::Deadline;

/// Ends a call whose total time-out passes.
pub(super) async fn total_timeout<S, T>(mut inner: S, call: Call) -> Result<T>
where
    S: Service<Call, Response = T, Error = Error>,
{
    let received = pin!(inner.ready().await?.call(call.clone()));
    let Some(limit) = call.total_timeout() else {
        return received.await;
    };
    let mut deadline = Deadline::new(&call.config.clock, limit);
    deadline.before(received).await.unwrap_or_else(|| {
        call.retire_connection();
        let progress = call.progress();
        let last = progress.last_failure.as_deref();
        Err(Error::total_timeout(limit, last, progress.is_unsettled))
    })
}
