//! The operations that the measured clients implement.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

/// Time that the consumer of a list spends on each page.
const PAGE_PROCESSING_TIME: Duration = Duration::from_millis(5);

/// A measured client. Passes everything that it decodes to `black_box`.
///
/// It implements what its rows need; see [`Row::clients`](crate::row::Row::clients).
pub trait BenchClient: Clone + Send + Sync + 'static {
    /// Creates a client of the server at this base URL.
    fn new(base_url: &str) -> Self;

    /// Decodes a page of messages.
    fn decode_page(json: &[u8]);

    /// Decodes a run.
    fn decode_run(_json: &[u8]) {
        unreachable!("the client has no such row");
    }

    /// Sends a small request and decodes its response.
    fn call(&self) -> impl Future<Output = ()> + Send;

    /// Reads every event of a stream with this many deltas.
    fn read_events(&self, _deltas: usize) -> impl Future<Output = ()> + Send {
        unsupported()
    }

    /// Reads the text of a stream with this many deltas.
    fn read_text(&self, deltas: usize) -> impl Future<Output = ()> + Send {
        self.read_events(deltas)
    }

    /// Reads a stream and takes a snapshot of its message after each event.
    fn read_snapshots(&self, deltas: usize) -> impl Future<Output = ()> + Send {
        self.read_events(deltas)
    }

    /// Fetches all pages of a list and processes each one.
    fn list_all(&self) -> impl Future<Output = ()> + Send {
        unsupported()
    }

    /// Uploads a file.
    fn upload(&self, _file: &Path) -> impl Future<Output = ()> + Send {
        unsupported()
    }

    /// Downloads a file and keeps nothing.
    fn download(&self) -> impl Future<Output = ()> + Send {
        unsupported()
    }

    /// Creates a run and polls it until it is completed.
    fn follow(&self) -> impl Future<Output = ()> + Send {
        unsupported()
    }
}

async fn unsupported() {
    unreachable!("the client has no such row");
}

/// Simulates a consumer that processes a page.
#[expect(
    clippy::disallowed_methods,
    reason = "the consumer's time is part of the row"
)]
pub async fn process_page() {
    tokio::time::sleep(PAGE_PROCESSING_TIME).await;
}
