//! The clock of a client, which tests replace so that waits take no time.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

/// A future that completes when a wait of a [`Clock`] is over.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The source of time for back-off, time-outs and deadlines.
///
/// The default is [`SystemClock`]. Set another with
/// [`ClientBuilder::clock`](crate::ClientBuilder::clock).
///
/// # Examples
///
/// A clock whose waits end immediately:
///
/// ```
/// use std::future::{pending, ready};
/// use std::time::{Duration, SystemTime};
/// use openai_assistants::{Client, Clock, Sleep};
///
/// struct InstantClock;
///
/// impl Clock for InstantClock {
///     fn now(&self) -> SystemTime {
///         SystemTime::UNIX_EPOCH
///     }
///     fn sleep(&self, _: Duration) -> Sleep {
///         Box::pin(ready(()))
///     }
///     fn timeout(&self, _: Duration) -> Sleep {
///         Box::pin(pending())
///     }
/// }
///
/// let client = Client::builder().api_key("sk-test").clock(InstantClock).build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the current time, for `Retry-After` headers with a date.
    fn now(&self) -> SystemTime;

    /// Waits between two attempts or two polls.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Completes when a time-out passes.
    ///
    /// The default calls [`sleep`](Self::sleep). Override it to treat time-outs and waits
    /// differently.
    fn timeout(&self, limit: Duration) -> Sleep {
        self.sleep(limit)
    }
}

/// The default [`Clock`]: system time and tokio timers.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
/// use openai_assistants::{Clock, SystemClock};
///
/// assert!(SystemClock.now() > SystemTime::UNIX_EPOCH);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

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
        reason = "the one place that reads the system's clock"
    )]
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
