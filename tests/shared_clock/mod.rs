//! The clock of a fake server, for a client that shares it.

use std::future::pending;
use std::time::{Duration, SystemTime};

use openai_assistants::{Clock, Sleep};
use openai_assistants_fake::{Clock as _, SkippingClock};

/// Waits advance the clock of the server, and time-outs never elapse.
pub(crate) struct SharedClock(pub(crate) SkippingClock);

impl Clock for SharedClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        self.0.sleep(duration)
    }

    fn timeout(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }
}
