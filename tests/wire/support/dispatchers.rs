//! Keeps `tracing` from disabling a span for all tests.

use std::sync::OnceLock;

use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

/// Creates two dispatchers. While there is only one, `tracing` asks the thread that reaches a span
/// first whether anyone wants it, and that may be a test that collects nothing.
pub fn keep_dispatchers() {
    static KEPT: OnceLock<[Dispatch; 2]> = OnceLock::new();
    KEPT.get_or_init(|| [(); 2].map(|()| Dispatch::new(NoSubscriber::new())));
}
