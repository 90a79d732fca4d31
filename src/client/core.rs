//! The client: a connection pool and the settings that all calls share.

use std::fmt;
use std::sync::Arc;

use crate::http::config::Config;

/// A client for a server that implements the Assistants API.
///
/// Each operation of the API is a method. Cloning is cheap, and clones share their connections.
/// The `Debug` output contains no secrets.
///
/// # Examples
///
/// ```no_run
/// use openai_assistants::Client;
///
/// let client = Client::from_env()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    config: Arc<Config>,
}

impl Client {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config }
    }

    pub(crate) fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Without counting another reference, which concurrent calls would contend for.
    pub(crate) fn into_config(self) -> Arc<Config> {
        self.config
    }

    /// Returns the base URL without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.config.base_url()
    }
}

impl AsRef<Self> for Client {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.base_url())
            .field("credentials", &self.config.credentials)
            .finish_non_exhaustive()
    }
}
