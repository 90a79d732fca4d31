//! Limits of a wait: its deadline, and cancellation by the caller.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use crate::error::core::Error;
use crate::http::clock::{Clock, Sleep};

/// How long may follow after the deadline: the last poll, or the cancellation of the run.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// Completes when the caller cancels.
pub(crate) type Cancellation = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Why work stops before it is done.
#[derive(Debug)]
pub(crate) enum StopReason {
    /// It took longer than this.
    Deadline(Duration),
    /// The caller cancelled.
    Cancelled,
}

impl StopReason {
    /// Returns the error; `state` describes the progress so far.
    pub(crate) fn error(&self, state: &str) -> Error {
        match self {
            Self::Deadline(limit) => Error::deadline(format!("{state} after {limit:?}")),
            Self::Cancelled => Error::cancelled(format!("cancelled by the caller: {state}")),
        }
    }
}

/// Limits work of any number of steps.
///
/// After the deadline a grace period starts, which is the next deadline.
pub(crate) struct Limits {
    clock: Arc<dyn Clock>,
    deadline: Duration,
    /// Whether the deadline has passed.
    is_over: bool,
    /// Runs from the first poll on.
    timer: Option<Sleep>,
    cancellation: Option<Cancellation>,
    has_started: bool,
}

impl Limits {
    pub(crate) fn new(
        clock: &Arc<dyn Clock>,
        deadline: Duration,
        cancellation: Option<Cancellation>,
    ) -> Self {
        Self {
            clock: clock.clone(),
            deadline,
            is_over: false,
            timer: None,
            cancellation,
            has_started: false,
        }
    }

    /// Whether any work was started: not if a limit applied immediately.
    pub(crate) fn has_started(&self) -> bool {
        self.has_started
    }

    /// Polls for a reason to stop.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<StopReason> {
        if let Some(cancellation) = &mut self.cancellation
            && cancellation.as_mut().poll(context).is_ready()
        {
            self.cancellation = None;
            return Poll::Ready(StopReason::Cancelled);
        }
        let limit = if self.is_over { GRACE } else { self.deadline };
        let timer = self.timer.get_or_insert_with(|| self.clock.timeout(limit));
        ready!(timer.as_mut().poll(context));
        self.timer = None;
        self.is_over = true;
        Poll::Ready(StopReason::Deadline(self.deadline))
    }

    /// Runs some work within the limits.
    pub(crate) async fn run<F: Future>(&mut self, work: F) -> Result<F::Output, StopReason> {
        let mut work = pin!(work);
        poll_fn(|context| match self.poll(context) {
            Poll::Ready(reason) => Poll::Ready(Err(reason)),
            Poll::Pending => {
                self.has_started = true;
                work.as_mut().poll(context).map(Ok)
            }
        })
        .await
    }
}
