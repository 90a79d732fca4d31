//! A server that runs.

use std::net::SocketAddr;
use std::sync::Arc;

use openai_assistants::{Client, ClientBuilder};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::check::Check;

/// The key that is sent where the server takes any.
pub(crate) const ANY_KEY: &str = "fake-key";

/// A server that runs until it is dropped or told to [`stop`](Self::stop).
///
/// # Examples
///
/// ```
/// use openai_assistants::Client;
/// use openai_assistants_fake::Fake;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Fake::builder().start().await?;
/// let client = server.client();
/// // The same, or another program with these two in its environment:
/// let client = Client::builder().base_url(server.url()).api_key(server.api_key()).build()?;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// A server that was started with [`checked`](crate::FakeBuilder::checked) panics when it
/// is dropped, if it has sent something that the document does not allow.
pub struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) task: Option<JoinHandle<()>>,
    pub(crate) check: Option<Arc<Check>>,
}

impl Server {
    /// The base URL, as clients take it: `http://127.0.0.1:4010/v1`. The operations are
    /// there without `/v1` as well.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A key that the server takes.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.key
    }

    /// A client that points at this server.
    ///
    /// # Panics
    /// The key of the server cannot be sent in a header.
    #[must_use]
    pub fn client(&self) -> Client {
        let client = self.client_builder().build();
        client.expect("the URL is good, and so is a key that can be sent")
    }

    /// The same, for settings of one's own.
    pub fn client_builder(&self) -> ClientBuilder {
        Client::builder().base_url(self.url()).api_key(&self.key)
    }

    /// What was sent although the document does not allow it: nothing, unless the server
    /// was started with [`checked`](crate::FakeBuilder::checked) and has an error in it.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.check
            .as_ref()
            .map_or_else(Vec::new, |check| check.violations())
    }

    /// Stops: no connection is taken any more, streams end where they are, requests are
    /// answered. Who has sent half a request, or does not read, is left after 5 seconds.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(task) = self.task.take() {
            // It panics nowhere, and nobody cancels it.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let violations = self.violations();
        if !violations.is_empty() && !std::thread::panicking() {
            panic!(
                "the fake server sent what openapi.yaml does not allow:\n{}",
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Echo, Fake};

    #[tokio::test]
    #[should_panic(expected = "the fake server sent what openapi.yaml does not allow")]
    async fn what_the_document_does_not_allow_is_no_secret() {
        let fake = Fake::builder().model(Echo).checked();
        let server = fake.start().await.expect("there is a free port");
        let check = server.check.as_ref().expect("it is checked");
        check.event("thread.brand_new", &json!({}));
        assert_eq!(server.violations().len(), 1);
    }
}
