//! What ends a wait from outside: its deadline, or the caller.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::{Clock, Sleep};
use crate::error::Error;

/// Completes when the caller has no more use for what is waited for.
pub(crate) type Cancelled = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Watches over work that may take long, however many steps it has.
pub(crate) struct Guard {
    clock: Arc<dyn Clock>,
    limit: Duration,
    /// Runs from the first poll on.
    timer: Option<Sleep>,
    cancelled: Option<Cancelled>,
}

impl Guard {
    pub(crate) fn new(
        clock: &Arc<dyn Clock>,
        limit: Duration,
        cancelled: Option<Cancelled>,
    ) -> Self {
        Self {
            clock: clock.clone(),
            limit,
            timer: None,
            cancelled,
        }
    }

    /// The reason to end, once there is one.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        if let Some(cancelled) = &mut self.cancelled
            && cancelled.as_mut().poll(context).is_ready()
        {
            self.cancelled = None;
            return Poll::Ready(Error::cancelled("the caller has given it up"));
        }
        let timer = self
            .timer
            .get_or_insert_with(|| self.clock.timeout(self.limit));
        timer
            .as_mut()
            .poll(context)
            .map(|()| Error::deadline(format!("the run was not at rest within {:?}", self.limit)))
    }

    /// The output of some work, or the reason why it has to end without one.
    pub(crate) async fn watch<F: Future>(&mut self, work: F) -> Result<F::Output, Error> {
        let mut work = pin!(work);
        poll_fn(|context| match self.poll(context) {
            Poll::Ready(reason) => Poll::Ready(Err(reason)),
            Poll::Pending => work.as_mut().poll(context).map(Ok),
        })
        .await
    }
}
