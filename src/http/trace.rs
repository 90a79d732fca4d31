//! The span around a call.

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
    inner.ready().await?.call(call).instrument(span).await
}
