//! The clock of a server, one for tests that never waits, and Unix timestamps.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The source of time of a server: [`FakeBuilder::clock`](crate::FakeBuilder::clock).
///
/// # Examples
///
/// ```
/// use std::future::Future;
/// use std::pin::Pin;
/// use std::time::{Duration, SystemTime};
/// use openai_assistants_fake::{Clock, Fake};
///
/// /// A clock that stands still.
/// struct StoppedClock;
///
/// impl Clock for StoppedClock {
///     fn now(&self) -> SystemTime {
///         SystemTime::UNIX_EPOCH
///     }
///     fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
///         Box::pin(std::future::pending())
///     }
/// }
///
/// let fake = Fake::builder().clock(StoppedClock);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time.
    fn now(&self) -> SystemTime;

    /// Waits between two events of a run, and for the duration of a fault.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// System time and tokio timers.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system's clock"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that waits in real time"
    )]
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// A clock for tests: sleeping advances it instead of waiting.
///
/// It always starts at the same second of November 2023. Clones share their time. A client can share
/// it too, so that a test of a run of ten minutes does not wait: the guide "Testing" of the client
/// shows how.
///
/// # Examples
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use openai_assistants_fake::{Clock, Fake, SkippingClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let clock = SkippingClock::default();
/// let server = Fake::builder().clock(clock.clone()).start().await?;
/// let start = clock.now();
///
/// clock.skip(Duration::from_secs(600)); // runs that are active expire
/// assert_eq!(clock.now(), start + Duration::from_secs(600));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SkippingClock(Arc<Mutex<SystemTime>>);

impl Default for SkippingClock {
    fn default() -> Self {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        Self(Arc::new(Mutex::new(start)))
    }
}

impl SkippingClock {
    /// Advances the clock.
    pub fn skip(&self, time: Duration) {
        let mut now = self.lock();
        // A time that `SystemTime` cannot represent leaves the clock unchanged.
        *now = now.checked_add(time).unwrap_or(*now);
    }

    fn lock(&self) -> MutexGuard<'_, SystemTime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for SkippingClock {
    fn now(&self) -> SystemTime {
        *self.lock()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.clone();
        let until = self.now().checked_add(duration);
        Box::pin(async move {
            let mut now = clock.lock();
            *now = until.unwrap_or(*now).max(*now);
        })
    }
}

/// Seconds since 1970, the format of times in the API.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
