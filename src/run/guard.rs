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

/// Why work has to end before it is done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It took longer than this.
    Deadline(Duration),
    /// The caller wants no more of it.
    Cancelled,
}

impl Stop {
    /// The error, which says how far things had come.
    pub(crate) fn error(&self, state: &str) -> Error {
        match self {
            Self::Deadline(limit) => Error::deadline(format!("{state} after {limit:?}")),
            Self::Cancelled => Error::cancelled(format!("the caller has given up: {state}")),
        }
    }
}

/// Watches over work that may take long, however many steps it has.
pub(crate) struct Guard {
    clock: Arc<dyn Clock>,
    limit: Duration,
    /// Runs from the first poll on.
    timer: Option<Sleep>,
    cancelled: Option<Cancelled>,
    has_begun: bool,
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
            has_begun: false,
        }
    }

    /// Whether any work has been done: none is where there is no time for it.
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The reason to end, once there is one.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Stop> {
        if let Some(cancelled) = &mut self.cancelled
            && cancelled.as_mut().poll(context).is_ready()
        {
            self.cancelled = None;
            return Poll::Ready(Stop::Cancelled);
        }
        let timer = self
            .timer
            .get_or_insert_with(|| self.clock.timeout(self.limit));
        let limit = self.limit;
        timer.as_mut().poll(context).map(|()| Stop::Deadline(limit))
    }

    /// The output of some work, or the reason why it has to end without one.
    pub(crate) async fn watch<F: Future>(&mut self, work: F) -> Result<F::Output, Stop> {
        let mut work = pin!(work);
        poll_fn(|context| match self.poll(context) {
            Poll::Ready(reason) => Poll::Ready(Err(reason)),
            Poll::Pending => {
                self.has_begun = true;
                work.as_mut().poll(context).map(Ok)
            }
        })
        .await
    }
}
