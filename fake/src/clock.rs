//! Unix timestamps, and a clock for tests that never waits.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use openai_assistants::{Clock, Sleep};

/// Seconds since 1970, the format of times in the API.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A clock for tests: sleeping advances it instead of waiting.
///
/// It always starts at the same second of November 2023, and time-outs never elapse. Clones
/// share their time. Share one clock between a server and a client, so that a test of a run of ten
/// minutes does not wait.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants::types::{CreateAssistantRequest, CreateThreadAndRunRequest};
/// use openai_assistants_fake::{Fake, Script, SkippingClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = SkippingClock::default();
/// let server = Fake::builder()
///     .model(Script::new().call("get_weather", serde_json::json!({})))
///     .clock(clock.clone())
///     .start()
///     .await?;
/// let client = server.client_builder().clock(clock.clone()).build()?;
/// let assistant = CreateAssistantRequest::builder().model("gpt-4o");
/// let assistant = client.create_assistant().body(assistant).send().await?;
/// let body = CreateThreadAndRunRequest::builder().assistant_id(assistant.id);
/// let run = client.create_thread_and_run().body(body).follow().wait().await?;
///
/// clock.skip(Duration::from_secs(600)); // no outputs are submitted
/// let run = client.get_run().thread_id(run.thread_id).run_id(run.id).send().await?;
/// assert_eq!(run.status.as_str(), "expired");
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

    fn timeout(&self, _: Duration) -> Sleep {
        Box::pin(pending())
    }
}
