//! The client: a connection pool and the settings that all calls share.

use std::fmt;
use std::sync::Arc;

use crate::config::{ClientBuilder, Config};
use crate::error::Result;

/// A client of a server that speaks the Assistants API.
///
/// It is cheap to clone, and the clones share their connections. Each operation of
/// the API is a method; `Debug` shows no secret.
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
    /// A client with settings of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder()
    ///     .base_url("http://localhost:4010/v1")
    ///     .api_key("sk-test")
    ///     .timeout(Duration::from_secs(30))
    ///     .build()?;
    /// assert_eq!(client.base_url(), "http://localhost:4010/v1");
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client with the settings of the environment: `OPENAI_API_KEY`, and where they
    /// are set `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`. A variable
    /// with nothing in it counts as not set. Azure OpenAI has variables of its own:
    /// [`ClientBuilder::azure_openai_env`].
    ///
    /// # Errors
    /// There is no key, or one of the variables cannot be used.
    pub fn from_env() -> Result<Self> {
        Self::builder().env().build()
    }

    /// The base URL, without a slash at its end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.config.base_url.as_str().trim_end_matches('/')
    }

    /// The path of the base URL, without a slash at its end.
    pub(crate) fn base_path(&self) -> &str {
        self.config.base_url.path().trim_end_matches('/')
    }

    /// This client for version 1 of the API: the same connections and settings, other
    /// operations and types.
    ///
    /// Its header is `OpenAI-Beta: assistants=v1`, unless
    /// [`beta_header`](ClientBuilder::beta_header) says otherwise.
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder().api_key("sk-test").build()?.v1();
    /// let call = client.list_assistant_files().assistant_id("asst_1");
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    #[cfg(feature = "v1")]
    #[must_use]
    pub fn v1(&self) -> crate::v1::Client {
        crate::v1::Client::from(self)
    }

    pub(crate) fn new(config: Config) -> Self {
        Self {
            config: Arc::new(config),
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.config.http
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::ListRuns;
    use crate::types::{AssistantStreamEvent, RunObject};
    use crate::{
        ClientBuilder, Error, EventStream, Items, Method, Pages, RawEvent, RawRequest, Request,
        Response, TextDeltas,
    };

    #[test]
    fn everything_goes_where_tasks_go() {
        fn sent<T: Send + 'static>() {}
        fn shared<T: Send + Sync + 'static>() {}
        fn unpinned<T: Unpin>() {}
        fn spawned<T: Send + 'static>(_: impl FnOnce(&Client) -> T) {}

        shared::<Client>();
        shared::<ClientBuilder>();
        shared::<Error>();
        shared::<Response<RunObject>>();
        shared::<ListRuns>();
        sent::<Request>();
        sent::<Pages<ListRuns>>();
        sent::<Items<ListRuns>>();
        sent::<EventStream<AssistantStreamEvent>>();
        sent::<TextDeltas>();
        unpinned::<EventStream<AssistantStreamEvent>>();
        unpinned::<TextDeltas>();
        shared::<RawRequest>();
        sent::<EventStream<RawEvent>>();
        spawned(|client| client.request(Method::GET, "/things").send::<RunObject>());
        spawned(|client| client.request(Method::GET, "/things").stream());
        spawned(|client| client.get_run().send());
        spawned(|client| client.create_run().send_response());
        spawned(|client| client.list_runs().send());
        spawned(|client| crate::stream::open(client.create_run()));
        spawned(|client| {
            let events = crate::stream::open(client.create_run());
            async move { events.await?.try_next().await }
        });
        spawned(|client| {
            let mut items = client.list_runs().items();
            async move { items.try_next().await }
        });
    }
}
