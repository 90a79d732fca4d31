//! The HTTP clients of a client: one for each connect time-out.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Version;

use crate::error::core::Result;

/// How many HTTP clients are kept. A call that sets an unusual connect time-out builds another.
const MAX_CLIENTS: usize = 4;

type Build = Box<dyn Fn(Duration) -> Result<reqwest::Client> + Send + Sync>;

/// HTTP clients with the same settings, apart from the connect time-out.
pub(crate) struct Pool {
    build: Build,
    /// The proxy that the environment sets, for errors.
    pub(super) proxy: Option<String>,
    clients: Mutex<Vec<(Duration, reqwest::Client)>>,
    /// How often the clients were replaced.
    generation: AtomicU64,
    /// Whether the last response came by HTTP/1.
    is_http1: AtomicBool,
}

impl Pool {
    pub(crate) fn new(
        build: impl Fn(Duration) -> Result<reqwest::Client> + Send + Sync + 'static,
        proxy: Option<String>,
    ) -> Self {
        Self {
            build: Box::new(build),
            proxy,
            clients: Mutex::default(),
            generation: AtomicU64::new(0),
            is_http1: AtomicBool::new(false),
        }
    }

    /// Returns the HTTP client with this connect time-out. Builds it on first use.
    pub(crate) fn client(&self, connect_timeout: Duration) -> Result<reqwest::Client> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let found = clients
            .iter()
            .position(|(limit, _)| *limit == connect_timeout);
        let client = match found {
            Some(index) => clients.remove(index).1,
            None => (self.build)(connect_timeout)?,
        };
        if clients.len() == MAX_CLIENTS {
            clients.remove(0);
        }
        // The one used last is the last to go.
        clients.push((connect_timeout, client.clone()));
        Ok(client)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Records the version of a response.
    pub(super) fn observe(&self, version: Version) {
        let is_http1 = version != Version::HTTP_2;
        // Calls at the same time would wait for each other's writes.
        if self.is_http1.load(Ordering::Relaxed) != is_http1 {
            self.is_http1.store(is_http1, Ordering::Relaxed);
        }
    }

    /// Leaves the connections on which an attempt timed out, unless that has been done since. An
    /// HTTP/1 connection closes with its attempt, but one of HTTP/2 would be used again although
    /// nothing may come through it. Calls in flight keep theirs.
    fn retire(&self, generation: u64) {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = self.generation.load(Ordering::Relaxed) == generation;
        if is_current && !self.is_http1.load(Ordering::Relaxed) {
            self.generation.store(generation + 1, Ordering::Relaxed);
            clients.clear();
        }
    }
}

/// The connection that an attempt uses, as far as it is known.
pub(crate) struct Connection {
    pub(super) pool: Arc<Pool>,
    pub(super) generation: u64,
}

impl Connection {
    /// Leaves the connection, on which nothing came in time.
    pub(crate) fn retire(&self) {
        self.pool.retire(self.generation);
    }
}
