//! The shutdown signal of a server.

use tokio::sync::watch;

/// Signals connections and streams that the server stops.
#[derive(Clone)]
pub(crate) struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// Creates a signal. Sending `true` requests the shutdown, and so does dropping the sender.
    pub(crate) fn channel() -> (watch::Sender<bool>, Self) {
        let (sender, receiver) = watch::channel(false);
        (sender, Self(receiver))
    }

    /// Waits until the shutdown is requested.
    pub(crate) async fn requested(&self) {
        let _ = self.0.clone().wait_for(|is_requested| *is_requested).await;
    }
}
