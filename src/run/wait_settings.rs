//! The settings of a wait: its interval, its deadline and its cancellation.

use std::sync::Arc;
use std::time::Duration;

use crate::http::clock::Clock;
use crate::run::limits::{Cancellation, Limits};
use crate::run::polling::Pace;

/// Longer than the lifetime of a run: OpenAI's service expired runs after ten minutes.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// The settings of a wait.
pub(crate) struct WaitSettings {
    pub(crate) interval: Option<Duration>,
    pub(crate) deadline: Duration,
    pub(crate) cancellation: Option<Cancellation>,
}

impl Default for WaitSettings {
    fn default() -> Self {
        Self {
            interval: None,
            deadline: DEADLINE,
            cancellation: None,
        }
    }
}

impl WaitSettings {
    /// Returns the interval between polls, and the limits of the wait.
    pub(crate) fn start(self, clock: &Arc<dyn Clock>) -> (Pace, Limits) {
        let limits = Limits::new(clock, self.deadline, self.cancellation);
        (Pace::new(self.interval), limits)
    }
}

/// The setters of a type with the field `wait`.
macro_rules! wait_setters {
    () => {
        /// Sets the interval between two polls.
        ///
        /// The default is the value of the header `openai-poll-after-ms`, or one second without it.
        pub fn interval(mut self, interval: std::time::Duration) -> Self {
            self.wait.interval = Some(interval);
            self
        }

        /// Sets the deadline from the first request to the last.
        ///
        /// The default is 15 minutes.
        pub fn deadline(mut self, deadline: std::time::Duration) -> Self {
            self.wait.deadline = deadline;
            self
        }

        /// Cancels the wait when this future completes. The server continues its work.
        pub fn cancel_on<F>(mut self, cancelled: F) -> Self
        where
            F: std::future::Future<Output = ()> + Send + 'static,
        {
            self.wait.cancellation = Some(Box::pin(cancelled));
            self
        }
    };
}

pub(crate) use wait_setters;
