//! A time limit that runs only while a caller waits.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;

use crate::http::clock::{Clock, Sleep};

/// A time limit that starts with the first poll that waits.
///
/// A call borrows its clock: counting references to one would be contended by concurrent calls.
pub(crate) struct Deadline<C = Arc<dyn Clock>> {
    clock: C,
    limit: Duration,
    running: Option<Sleep>,
}

impl<C: AsRef<dyn Clock>> Deadline<C> {
    pub(crate) fn new(clock: C, limit: Duration) -> Self {
        Self {
            clock,
            limit,
            running: None,
        }
    }

    /// Returns the output of a future, or `None` if the limit passes first. Consecutive futures
    /// share the limit.
    pub(crate) fn before<F: Future + Unpin>(
        &mut self,
        mut future: F,
    ) -> impl Future<Output = Option<F::Output>> {
        poll_fn(move |context| self.poll_before(context, |context| future.poll_unpin(context)))
    }

    /// Polls once for [`before`](Self::before). The limit does not run for an output that is ready.
    pub(crate) fn poll_before<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Option<T>> {
        if let Poll::Ready(output) = poll(context) {
            return Poll::Ready(Some(output));
        }
        self.running
            .get_or_insert_with(|| self.clock.as_ref().timeout(self.limit))
            .as_mut()
            .poll(context)
            .map(|()| None)
    }

    /// Restarts the limit for the next future.
    pub(crate) fn restart(&mut self) {
        self.running = None;
    }

    /// Changes the limit for the next future.
    pub(crate) fn set_limit(&mut self, limit: Duration) {
        if self.limit != limit {
            self.limit = limit;
            self.restart();
        }
    }

    pub(crate) fn limit(&self) -> Duration {
        self.limit
    }
}
