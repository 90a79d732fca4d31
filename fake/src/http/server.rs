//! The handle of a running server.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::task::JoinHandle;

use crate::http::fake_service::FakeService;

/// A running server. It stops when it is dropped or by [`stop`](Self::stop).
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::Fake;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let server = Fake::builder().start().await?;
/// // What the client of any language needs:
/// println!("OPENAI_BASE_URL={}", server.url());
/// println!("OPENAI_API_KEY={}", server.api_key());
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// With [`checked`](crate::FakeBuilder::checked), dropping the server panics if it has sent
/// anything that violates `openapi.yaml`.
pub struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) service: FakeService,
    pub(crate) task: Option<JoinHandle<()>>,
}

impl Server {
    /// Returns the base URL for clients, such as `http://127.0.0.1:4010/v1`.
    ///
    /// The operations are also served without `/v1`. With [`foundry`](crate::FakeBuilder::foundry) it
    /// is the endpoint of a project, `http://127.0.0.1:4010/api/projects/fake`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.service.prefix())
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns an API key that the server accepts.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.service.api_key()
    }

    /// Returns the responses and events that violate `openapi.yaml`.
    ///
    /// The list is empty unless the server is [`checked`](crate::FakeBuilder::checked).
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.service.violations()
    }

    /// Returns all threads as JSON, each with its `messages` and its `runs`, the oldest first.
    ///
    /// They are read from the store without a request, so that no fault affects them.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants_fake::Fake;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let server = Fake::builder().start().await?;
    /// assert!(server.threads().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn threads(&self) -> Vec<Value> {
        self.service.threads()
    }

    /// Stops the server: closes the listener, ends streams and completes pending requests.
    ///
    /// Connections that take longer than 5 seconds are dropped.
    pub async fn stop(mut self) {
        self.service.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // The task does not panic and is not cancelled.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.service.stop.send_replace(true);
        let violations = self.violations();
        if !violations.is_empty() && !std::thread::panicking() {
            panic!(
                "the fake server violated openapi.yaml:\n{}",
                violations.join("\n")
            );
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}
