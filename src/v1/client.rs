//! The client of version 1.

use std::fmt;
use std::sync::Arc;

use http::Method;

use crate::client::core;
use crate::client::raw::RawRequest;
use crate::v1::constants::BETA;

/// A client of version 1, with a method for each operation.
///
/// Created by [`Client::v1`](crate::Client::v1). It shares the connections and settings of that
/// client and is cheap to clone.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, v1};
///
/// let client = Client::builder().api_key("sk-test").build()?;
/// let client = v1::Client::from(&client);
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone)]
pub struct Client(core::Client);

impl Client {
    /// Builds a call of any method and path.
    ///
    /// It sends the header of version 1. See [`Client::request`](crate::Client::request).
    pub fn request(&self, method: Method, path: impl AsRef<str>) -> RawRequest {
        self.0.request(method, path)
    }
}

impl core::Client {
    /// Returns a client for version 1 of the API (feature `v1`).
    ///
    /// It shares the connections and settings of this client, and has the operations and types of
    /// version 1. Its header is `OpenAI-Beta: assistants=v1`, unless
    /// [`beta_header`](crate::ClientBuilder::beta_header) sets another.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder().api_key("sk-test").build()?.v1();
    /// let call = client.list_assistant_files().assistant_id("asst_1");
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    #[must_use]
    pub fn v1(&self) -> Client {
        Client::from(self)
    }
}

impl From<&core::Client> for Client {
    fn from(client: &core::Client) -> Self {
        let config = client.config().for_beta(BETA);
        Self(core::Client::new(Arc::new(config)))
    }
}

/// The client of the root module, with the header of version 1.
impl AsRef<core::Client> for Client {
    fn as_ref(&self) -> &core::Client {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("v1::Client").field(&self.0).finish()
    }
}
