//! A layer of the stack that is a function.

use std::future::Future;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use crate::error::core::{Error, Result};
use crate::http::call::Call;

/// Makes a layer of a function, which gets the rest of the stack and the call.
///
/// The rest is always ready, so the function calls it without waiting for that.
pub(super) fn from_fn<F>(function: F) -> FnLayer<F> {
    FnLayer(function)
}

/// A layer that is a function.
pub(super) struct FnLayer<F>(F);

impl<F: Clone, S> Layer<S> for FnLayer<F> {
    type Service = FnService<F, S>;

    fn layer(&self, inner: S) -> FnService<F, S> {
        FnService {
            function: self.0.clone(),
            inner,
        }
    }
}

/// The service of a function and the rest of the stack.
#[derive(Clone)]
pub(super) struct FnService<F, S> {
    function: F,
    inner: S,
}

impl<F, S, A, T> Service<Call> for FnService<F, S>
where
    F: Fn(S, Call) -> A,
    S: Clone,
    A: Future<Output = Result<T>>,
{
    type Response = T;
    type Error = Error;
    type Future = A;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> A {
        (self.function)(self.inner.clone(), call)
    }
}
