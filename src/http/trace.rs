//! The span around a call.

use std::pin::pin;

use tower::{Service, ServiceExt};
use tracing::Instrument;

use crate::error::core::{Error, Result};
use crate::http::call::Call;

/// Sends a call within its span.
pub(super) async fn trace<S, T>(mut inner: S, call: Call) -> Result<T>
where
    S: Service<Call, Response = T, Error = Error>,
{
    let span = call.span().clone();
    let received = pin!(inner.ready().await?.call(call));
    received.instrument(span).await
}
