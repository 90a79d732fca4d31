//! What the requests to one server share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use openai_assistants::Clock;
use serde_json::Value;
use tokio::sync::watch;

use crate::check::Check;
use crate::clock::unix;
use crate::exchange::Exchange;
use crate::failure::Failure;
use crate::faults::Faults;
use crate::ids::Ids;
use crate::length::length;
use crate::model::Model;
use crate::store::Store;

pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) ids: Ids,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) model: Box<dyn Model>,
    pub(crate) faults: Faults,
    pub(crate) check: Option<Arc<Check>>,
    pub(crate) log: Option<Log>,
    /// Becomes true when the server is to stop.
    pub(crate) stop: watch::Receiver<bool>,
    /// Nobody keeps it while waiting for something.
    pub(crate) state: Mutex<Store>,
}

/// What wants to know of every request.
pub(crate) type Log = Box<dyn Fn(&Exchange) + Send + Sync>;

pub(crate) struct Settings {
    pub(crate) api_key: Option<String>,
    pub(crate) needs_beta_header: bool,
    pub(crate) is_stub: bool,
    /// What passes between two things that happen to a run.
    pub(crate) pace: Duration,
    /// What a run has until it expires.
    pub(crate) lifetime: Duration,
    pub(crate) poll_after: Duration,
    pub(crate) max_objects: usize,
    /// How long the JSON of all objects may be.
    pub(crate) max_bytes: usize,
    pub(crate) max_body: usize,
    pub(crate) max_connections: usize,
}

impl App {
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, if it has room for so many objects more, of a request with this body.
    pub(crate) fn store_with_room(
        &self,
        objects: usize,
        body: &Value,
    ) -> Result<MutexGuard<'_, Store>, Failure> {
        let bytes = length(body);
        let store = self.store();
        let Settings {
            max_objects,
            max_bytes,
            ..
        } = self.settings;
        if objects > max_objects.saturating_sub(store.count.objects()) {
            Err(Failure::full(max_objects, "objects"))
        } else if bytes > max_bytes.saturating_sub(store.count.bytes()) {
            Err(Failure::full(max_bytes, "bytes of objects"))
        } else {
            Ok(store)
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    pub(crate) fn seconds(&self) -> u64 {
        unix(self.now())
    }

    /// Lets happen what is due on a thread. Says how long it is until something is due
    /// again.
    pub(crate) fn advance(&self, thread_id: &str) -> Option<Duration> {
        let now = self.now();
        let mut store = self.store();
        let thread = store.threads.get_mut(thread_id)?;
        thread.advance(now);
        let run = thread.runs.get(thread.active.as_ref()?)?;
        Some(run.due()?.duration_since(now).unwrap_or_default())
    }

    /// Waits until the server is to stop.
    pub(crate) async fn stopped(&self) {
        // It is an error if the server is gone already.
        let _ = self.stop.clone().wait_for(|stop| *stop).await;
    }
}
