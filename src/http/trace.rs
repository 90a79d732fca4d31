//! The span around a call.

use tower::Service;
use tracing::Instrument;
use tracing::instrument::Instrumented;

use crate::http::call::Call;

/// Sends a call within its span.
pub(super) fn trace<S: Service<Call>>(mut inner: S, call: Call) -> Instrumented<S::Future> {
    let span = call.span().clone();
    inner.call(call).instrument(span)
}
