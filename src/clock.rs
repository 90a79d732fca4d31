//! Time, passed in rather than taken, so that a test of an hour's back-off takes
//! none.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, SystemTime};

/// A wait that a [`Clock`] has begun.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where a client takes the time from.
///
/// The default is the [`SystemClock`].
///
/// # Examples
///
/// A clock whose waits are over at once:
///
/// ```
/// use std::future::{pending, ready};
/// use std::time::{Duration, SystemTime};
/// use openai_assistants::{Client, Clock, Sleep};
///
/// struct Impatient;
///
/// impl Clock for Impatient {
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
/// let client = Client::builder().api_key("sk-test").clock(Impatient).build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time of day, to which a server's `Retry-After` date is compared.
    fn now(&self) -> SystemTime;

    /// Waits, for example between two attempts.
    fn sleep(&self, duration: Duration) -> Sleep;

    /// Ends when an attempt has taken too long. The same as [`sleep`](Self::sleep),
    /// unless waits and time-outs have to be told apart.
    fn timeout(&self, limit: Duration) -> Sleep {
        self.sleep(limit)
    }
}

/// The default: the system's clock and tokio's timers. A clock of your own can ask it.
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
        reason = "this is the clock that the others are to ask"
    )]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that the others are to ask"
    )]
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The waker of a poll that nobody waits on. It is told from all others, also from those
/// of callers that wake nobody either.
pub(crate) static NOBODY: LazyLock<Waker> = LazyLock::new(|| Waker::from(Arc::new(Nobody)));

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// A time limit that runs only while somebody waits: what is fetched ahead of its turn
/// has all of it left when its turn comes.
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    limit: Duration,
    running: Option<Sleep>,
}

impl Deadline {
    pub(crate) fn new(clock: &Arc<dyn Clock>, limit: Duration) -> Self {
        Self {
            clock: clock.clone(),
            limit,
            running: None,
        }
    }

    /// The output of a future, or nothing if the limit is reached first. What one
    /// future takes is missing to the next.
    pub(crate) async fn before<F: Future>(&mut self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|context| self.poll_before(context, |context| future.as_mut().poll(context))).await
    }

    /// One step of [`before`](Self::before). No time is taken for what is there at once.
    pub(crate) fn poll_before<T>(
        &mut self,
        context: &mut Context<'_>,
        poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<Option<T>> {
        if let Poll::Ready(output) = poll(context) {
            return Poll::Ready(Some(output));
        }
        if context.waker().will_wake(&NOBODY) {
            self.running = None;
            return Poll::Pending;
        }
        self.running
            .get_or_insert_with(|| self.clock.timeout(self.limit))
            .as_mut()
            .poll(context)
            .map(|()| None)
    }

    /// Gives all of the time to what comes next.
    pub(crate) fn restart(&mut self) {
        self.running = None;
    }

    /// Sets another limit for what comes next.
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
