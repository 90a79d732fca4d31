//! A clock that stands still.

use std::future::ready;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use openai_assistants::{Clock, Sleep};

/// A clock that stands still. Sleeps end at once and are recorded. Time-outs are recorded too, and
/// pass only on request.
#[derive(Clone, Default)]
pub struct ManualClock {
    is_expired: bool,
    sleeps: Arc<Mutex<Vec<Duration>>>,
    timeouts: Arc<Mutex<Vec<Duration>>>,
    /// How many of the first time-outs have passed, and those of which length.
    passed: Arc<AtomicUsize>,
    passed_limit: Arc<Mutex<Option<Duration>>>,
}

impl ManualClock {
    /// A clock whose time-outs pass at once.
    pub fn expired() -> Self {
        Self {
            is_expired: true,
            ..Self::default()
        }
    }

    /// Lets all time-outs pass that have started.
    pub fn expire_timeouts(&self) {
        self.passed.store(self.timeouts().len(), Ordering::Relaxed);
    }

    /// Lets the first time-outs pass.
    pub fn expire_first_timeouts(&self, count: usize) {
        self.passed.store(count, Ordering::Relaxed);
    }

    /// Lets all time-outs of this length pass.
    pub fn expire_timeouts_of(&self, limit: Duration) {
        *self.passed_limit.lock().unwrap() = Some(limit);
    }

    /// The sleeps so far.
    pub fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }

    /// The time-outs so far.
    pub fn timeouts(&self) -> Vec<Duration> {
        self.timeouts.lock().unwrap().clone()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").expect("a valid date")
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.sleeps.lock().unwrap().push(duration);
        Box::pin(ready(()))
    }

    fn timeout(&self, limit: Duration) -> Sleep {
        let mut timeouts = self.timeouts.lock().unwrap();
        timeouts.push(limit);
        let (number, passed) = (timeouts.len(), self.passed.clone());
        let passed_limit = self.passed_limit.clone();
        if self.is_expired {
            return Box::pin(ready(()));
        }
        Box::pin(async move {
            while passed.load(Ordering::Relaxed) < number
                && *passed_limit.lock().unwrap() != Some(limit)
            {
                tokio::task::yield_now().await;
            }
        })
    }
}
