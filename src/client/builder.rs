//! The builder of a client.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderValue};

use crate::client::constants;
use crate::client::core::Client;
use crate::client::environment::Environment;
use crate::client::http_settings::{AGENT, HttpClient, HttpSettings};
use crate::client::preset::{FOUNDRY_ENDPOINTS, FOUNDRY_VERSION, Server};
use crate::error::core::{Error, Result};
use crate::http::clock::{Clock, SystemClock};
use crate::http::config::{Config, Random};
use crate::http::credentials::Credentials;
use crate::http::header;
use crate::http::retry_policy::RetryPolicy;
use crate::http::size_limits::SizeLimits;
use crate::http::time_limits::{CONNECT_TIMEOUT, TimeLimits};

const API_VERSION: &str = "api-version";

/// How the client authenticates.
#[derive(Clone)]
enum Access {
    /// An API key. Its header depends on the server.
    Key(String),
    Credentials(Credentials),
}

impl Access {
    fn credentials(&self, server: &Server) -> Credentials {
        match self {
            Self::Key(key) => server.key_credentials(key),
            Self::Credentials(credentials) => credentials.clone(),
        }
    }
}

impl Client {
    /// Creates a builder to configure a client.
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

    /// Creates a client from environment variables.
    ///
    /// It reads `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and `OPENAI_PROJECT_ID`. An
    /// empty variable counts as not set. Azure OpenAI has variables of its own, see
    /// [`ClientBuilder::azure_openai_env`].
    ///
    /// # Errors
    /// There is no API key, or one of the variables is invalid.
    pub fn from_env() -> Result<Self> {
        Self::builder().env().build()
    }
}

/// Configures a [`Client`]. [`build`](Self::build) reports invalid settings.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants::{Client, Credentials, RetryPolicy};
///
/// let client = Client::builder()
///     .base_url("https://assistants.example.com/v1")
///     .credentials(Credentials::header("x-key", "0123456789abcdef"))
///     .timeout(Duration::from_secs(60))
///     .retry(RetryPolicy::default().max_retries(5))
///     .build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "call `build` to create the client"]
pub struct ClientBuilder {
    server: Server,
    access: Option<Access>,
    /// Takes precedence over the endpoint of the server.
    base_url: Option<String>,
    /// Whether to send the beta header of the document, unless another one is set.
    sends_beta: bool,
    environment: Environment,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    limits: TimeLimits,
    sizes: SizeLimits,
    retry: RetryPolicy,
    has_budget: bool,
    pub(super) http: HttpSettings,
    clock: Arc<dyn Clock>,
    random: Random,
    records_content: bool,
    /// The first invalid setting.
    error: Option<String>,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            server: Server::OpenAi,
            access: None,
            base_url: None,
            sends_beta: true,
            environment: Environment::default(),
            headers: HeaderMap::new(),
            query: Vec::new(),
            limits: TimeLimits::default(),
            sizes: SizeLimits::default(),
            retry: RetryPolicy::default(),
            has_budget: true,
            http: HttpSettings::default(),
            clock: Arc::new(SystemClock),
            random: Arc::new(random),
            records_content: false,
            error: None,
        }
    }
}

/// Server and credentials.
impl ClientBuilder {
    /// Sets the API key.
    ///
    /// It is sent as `Authorization: Bearer`, or to [Azure OpenAI](Self::azure_openai) as `api-key`.
    pub fn api_key(mut self, key: impl AsRef<str>) -> Self {
        self.access = Some(Access::Key(key.as_ref().to_owned()));
        self
    }

    /// Sets how the client authenticates, instead of an API key.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.access = Some(Access::Credentials(credentials));
        self
    }

    /// Sets the base URL. The default is `https://api.openai.com/v1`.
    ///
    /// It is the part of the URL in front of `/assistants` and `/threads`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Configures the client for a server with the interface of Azure OpenAI.
    ///
    /// Calls go to `{endpoint}/openai` with `api-version` in the query. The
    /// [`api_key`](Self::api_key) is sent in the header `api-key`. For Entra tokens use
    /// [`credentials`](Self::credentials) with the scope
    /// `https://cognitiveservices.azure.com/.default`; see [`Credentials`] for an example. `model`
    /// in requests is the name of the deployment. A [`base_url`](Self::base_url) that is set
    /// afterwards, such as that of a gateway, replaces the endpoint and is used unchanged.
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// # if cfg!(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls")) {
    /// let client = Client::builder()
    ///     .azure_openai("https://example.openai.azure.com", "2024-05-01-preview")
    ///     .api_key("0123456789abcdef")
    ///     .build()?;
    /// assert_eq!(client.base_url(), "https://example.openai.azure.com/openai");
    /// # }
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn azure_openai(
        mut self,
        endpoint: impl Into<String>,
        api_version: impl AsRef<str>,
    ) -> Self {
        let endpoint = Some(endpoint.into());
        self.server = Server::AzureOpenAi { endpoint };
        self.base_url = None;
        self.query(API_VERSION, api_version.as_ref().trim())
    }

    /// Like [`azure_openai`](Self::azure_openai), configured by environment variables.
    ///
    /// It reads `AZURE_OPENAI_ENDPOINT`, `OPENAI_API_VERSION` and `AZURE_OPENAI_API_KEY`. Settings of
    /// the builder take precedence. Set a `base_url` after this call.
    ///
    /// ```no_run
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder().azure_openai_env().build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn azure_openai_env(self) -> Self {
        self.for_azure_openai().env()
    }

    /// Like [`azure_openai_env`](Self::azure_openai_env), with variables from a function.
    pub fn azure_openai_env_from(self, variable: impl Fn(&str) -> Option<String>) -> Self {
        self.for_azure_openai().env_from(variable)
    }

    fn for_azure_openai(mut self) -> Self {
        if !matches!(self.server, Server::AzureOpenAi { .. }) {
            self.server = Server::AzureOpenAi { endpoint: None };
            self.base_url = None;
        }
        self
    }

    /// Configures the client for Foundry Agents (classic).
    ///
    /// Calls go to the project endpoint, which ends in `/api/projects/{project}`, with
    /// `api-version` in the query and without a beta header. Foundry takes Entra tokens for the
    /// scope `https://ai.azure.com/.default` as `Authorization: Bearer`. They expire, so provide
    /// them with [`credentials`](Self::credentials); see [`Credentials`] for an example.
    ///
    /// ```
    /// use openai_assistants::{Client, Credentials};
    ///
    /// # if cfg!(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls")) {
    /// # async fn token() -> Result<String, std::io::Error> { Ok("token".to_owned()) }
    /// let client = Client::builder()
    ///     .foundry("https://example.services.ai.azure.com/api/projects/demo", "v1")
    ///     .credentials(Credentials::from_fn(token))
    ///     .build()?;
    /// # }
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn foundry(
        mut self,
        project_endpoint: impl Into<String>,
        api_version: impl AsRef<str>,
    ) -> Self {
        let endpoint = Some(project_endpoint.into());
        self.server = Server::Foundry { endpoint };
        self.base_url = None;
        self.query(API_VERSION, api_version.as_ref().trim())
    }

    /// Like [`foundry`](Self::foundry), configured by environment variables.
    ///
    /// The project endpoint is `PROJECT_ENDPOINT`, or else `AZURE_AI_PROJECT_ENDPOINT`. The API version is
    /// `v1`, unless the builder has another one in its [`query`](Self::query). Settings of the builder take
    /// precedence. Set a `base_url` after this call.
    ///
    /// ```no_run
    /// use openai_assistants::{Client, Credentials};
    ///
    /// # async fn token() -> Result<String, std::io::Error> { Ok("token".to_owned()) }
    /// let builder = Client::builder().foundry_env();
    /// let client = builder.credentials(Credentials::from_fn(token)).build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn foundry_env(self) -> Self {
        self.for_foundry().env()
    }

    /// Like [`foundry_env`](Self::foundry_env), with variables from a function.
    pub fn foundry_env_from(self, variable: impl Fn(&str) -> Option<String>) -> Self {
        self.for_foundry().env_from(variable)
    }

    fn for_foundry(mut self) -> Self {
        if !matches!(self.server, Server::Foundry { .. }) {
            self.server = Server::Foundry { endpoint: None };
            self.base_url = None;
        }
        self
    }

    /// Reads settings that the builder lacks from environment variables.
    ///
    /// [`Client::from_env`] lists those for OpenAI and compatible servers,
    /// [`azure_openai_env`](Self::azure_openai_env) those for Azure OpenAI, and
    /// [`foundry_env`](Self::foundry_env) those for Foundry. The key of one is never sent to the other.
    pub fn env(self) -> Self {
        // A value that is not Unicode is kept, so that it is reported by name.
        self.env_from(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Like [`env`](Self::env), with variables from a function.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use openai_assistants::Client;
    ///
    /// let variables = HashMap::from([("OPENAI_API_KEY", "sk-test")]);
    /// let client = Client::builder()
    ///     .env_from(|name| variables.get(name).map(ToString::to_string))
    ///     .build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn env_from(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        self.environment.read(variable);
        self
    }
}

/// Headers and query.
impl ClientBuilder {
    /// Sets the organization that usage counts for (`OpenAI-Organization`).
    pub fn organization(self, id: impl AsRef<str>) -> Self {
        self.header("openai-organization", id)
    }

    /// Sets the project that usage counts for (`OpenAI-Project`).
    pub fn project(self, id: impl AsRef<str>) -> Self {
        self.header("openai-project", id)
    }

    /// Sets or removes the `OpenAI-Beta` header.
    ///
    /// The default is `assistants=v2`, as in the document; for [Foundry](Self::foundry) there is no
    /// beta header.
    pub fn beta_header(mut self, value: Option<&str>) -> Self {
        self.headers.remove(header::BETA);
        self.sends_beta = false;
        match value {
            Some(value) => self.header(header::BETA, value),
            None => self,
        }
    }

    /// Adds a header to every call.
    ///
    /// It replaces a header with the same name. Its value is treated as a secret, unless the header is known to hold none.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.header_or(name.as_ref(), value.as_ref(), |reason| reason)
    }

    fn header_or(mut self, name: &str, value: &str, error: impl FnOnce(String) -> String) -> Self {
        match header::parse(name, value) {
            Ok((name, value)) => drop(self.headers.insert(name, value)),
            Err(reason) => drop(self.error.get_or_insert_with(|| error(reason))),
        }
        self
    }

    /// Adds a query parameter to every call, such as `api-version`.
    ///
    /// It replaces a parameter with the same name. Its value is treated as a secret, unless the
    /// parameter is known to hold none.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.query.retain(|(other, _)| *other != name);
        self.query.push((name, value.into()));
        self
    }

    fn api_version(&self) -> Option<&str> {
        let found = self.query.iter().find(|(name, _)| name == API_VERSION);
        let version = found.map(|(_, version)| version.as_str());
        version.filter(|version| !version.is_empty())
    }
}

/// Time-outs, retries and the HTTP client.
impl ClientBuilder {
    /// Sets the time-out of each attempt.
    ///
    /// The default is 600 s. An upload has 1 s more for each MiB, or one hour if its length is unknown. A value
    /// that is set applies to uploads as it is: set that of large ones on the call.
    ///
    /// It covers the token, the request and the whole response. For a stream it ends when the stream
    /// opens; then [`stream_idle_timeout`](Self::stream_idle_timeout) applies.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.limits.attempt = Some(timeout);
        self
    }

    /// Sets the time-out of each call, over all its attempts and the waits between them.
    ///
    /// There is none by default. For a stream it ends when the stream opens. The calls that follow a
    /// run have it each; the run has a [deadline](crate::Follow::deadline).
    pub fn total_timeout(mut self, timeout: Duration) -> Self {
        self.limits.total = Some(timeout);
        self
    }

    /// Sets how long a stream may send nothing. The default is 120 s.
    ///
    /// The time runs while the caller waits for the next event.
    pub fn stream_idle_timeout(mut self, timeout: Duration) -> Self {
        self.limits.stream_idle = Some(timeout);
        self
    }

    /// Sets the time-out for establishing a connection. The default is 5 s.
    ///
    /// It has no effect on an existing [`http_client`](Self::http_client) or an
    /// [`http_service`](Self::http_service).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.limits.connect = Some(timeout);
        self
    }

    /// Sets the limits of the memory that a response can take.
    pub fn size_limits(mut self, limits: SizeLimits) -> Self {
        self.sizes = limits;
        self
    }

    /// Sets the retry policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets whether retries are limited by a budget. The default is yes.
    ///
    /// The budget keeps an outage from being multiplied by retries. It has 500 tokens, which clones of the client
    /// share. A retry takes 5, after a time-out 10, and a call that succeeds returns one. Without
    /// tokens, a failure is returned without a retry.
    pub fn retry_budget(mut self, is_limited: bool) -> Self {
        self.has_budget = is_limited;
        self
    }

    /// Configures the HTTP client further, such as its proxies and limits.
    ///
    /// The function receives a builder with the other settings applied, and may replace these. It
    /// may be called more than once. Redirects and retries are set afterwards: this crate does both
    /// itself.
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder()
    ///     .api_key("sk-test")
    ///     .http_client_builder(|http| http.pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn http_client_builder(
        mut self,
        configure: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.http.client = HttpClient::Internal(Arc::new(configure));
        self.http.service = None;
        self
    }

    /// Uses an existing HTTP client, such as one that a program shares.
    ///
    /// It may follow redirects on its own, which this crate can neither detect nor change. reqwest
    /// then removes `Authorization` before it goes to another server, but not headers such as
    /// `api-key`. Credentials and secrets under other names are therefore rejected;
    /// [`http_client_builder`](Self::http_client_builder) accepts them. A response from another
    /// server is always an error. Build the client with `redirect(Policy::none())` to follow
    /// redirects within the server without a change of the method. The user agent is that of this
    /// crate, unless [`header`](Self::header) sets one. Certificates, proxies and the connect
    /// time-out of this builder do not apply to it.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http.client = HttpClient::External(client);
        self.http.service = None;
        self
    }

    /// Trusts root certificates beside those of the system.
    ///
    /// They are PEM, one or several. Further calls add to them.
    ///
    /// ```no_run
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder()
    ///     .base_url("https://assistants.internal/v1")
    ///     .api_key("sk-test")
    ///     .add_root_certificate(std::fs::read("company-root.pem")?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_root_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.http.certificates.roots.push(pem.as_ref().to_vec());
        self
    }

    /// Trusts these root certificates, and no others.
    ///
    /// They are PEM, one or several. A server whose certificate was issued by any other authority
    /// is refused before credentials are sent.
    ///
    /// ```no_run
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder()
    ///     .api_key("sk-test")
    ///     .only_root_certificates(std::fs::read("pinned-root.pem")?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only_root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.http.certificates.roots = vec![pem.as_ref().to_vec()];
        self.http.certificates.is_only = true;
        self
    }

    /// Authenticates the client to the server by a certificate.
    ///
    /// Both parts are PEM: the certificate, followed by its chain, and the key in the format
    /// PKCS #8.
    ///
    /// ```no_run
    /// use openai_assistants::{Client, Credentials};
    ///
    /// let client = Client::builder()
    ///     .base_url("https://assistants.internal/v1")
    ///     .credentials(Credentials::none())
    ///     .identity(std::fs::read("client.pem")?, std::fs::read("client-key.pem")?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn identity(
        mut self,
        certificate_pem: impl AsRef<[u8]>,
        key_pem: impl AsRef<[u8]>,
    ) -> Self {
        let identity = (certificate_pem.as_ref().to_vec(), key_pem.as_ref().to_vec());
        self.http.certificates.identity = Some(identity);
        self
    }

    /// Ignores the proxies of the environment and the system.
    ///
    /// Those of [`http_client_builder`](Self::http_client_builder) are used. For loopback
    /// addresses this is the default.
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder()
    ///     .base_url("http://assistants.internal/v1")
    ///     .api_key("sk-test")
    ///     .no_proxy()
    ///     .build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn no_proxy(mut self) -> Self {
        self.http.no_proxy = true;
        self
    }

    /// Sets whether spans contain messages, and the arguments and results of tools.
    ///
    /// The default is no, since they may be personal data. See [the guide](crate::guides::tracing).
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder().api_key("sk-test").record_content(true).build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn record_content(mut self, yes: bool) -> Self {
        self.records_content = yes;
        self
    }

    /// Sets the clock, for tests.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the source of random numbers for the jitter of retries.
    ///
    /// The function returns a number from 0 to 1.
    pub fn jitter(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }
}

impl ClientBuilder {
    /// Builds the client.
    ///
    /// # Errors
    /// Credentials or a required API version are missing, or a setting is invalid: a base URL, a
    /// header, a key, or `https` without a TLS feature.
    pub fn build(self) -> Result<Client> {
        let mut this = self.with_defaults();
        if let Some(error) = this.error.take() {
            return Err(Error::configuration(error));
        }
        let base_url = this
            .server
            .resolve_base_url(this.base_url.as_deref())
            .map_err(Error::configuration)?;
        this.server
            .check_api_version(this.api_version())
            .map_err(Error::configuration)?;
        let credentials = match &this.access {
            Some(access) => access.credentials(&this.server),
            None => return Err(Error::configuration(this.server.missing_credentials())),
        };
        if let Some((name, value)) = credentials.fixed()? {
            let header = this.headers.entry(name);
            header.or_insert_with(|| value.clone());
        }
        let encoding = this.headers.entry(ACCEPT_ENCODING);
        encoding.or_insert(HeaderValue::from_static("identity"));
        let is_external = this.http.is_external();
        if is_external || this.http.service.is_some() {
            let agent = this.headers.entry(USER_AGENT);
            agent.or_insert(AGENT);
        }
        let connect_timeout = this.limits.connect.unwrap_or(CONNECT_TIMEOUT);
        let (pool, service) = this.http.build(&base_url, connect_timeout)?;
        let config = Config {
            pool,
            service,
            is_external,
            base_url,
            credentials,
            headers: this.headers,
            #[cfg(feature = "v1")]
            has_default_beta: this.sends_beta,
            query: this.query,
            limits: this.limits,
            sizes: this.sizes,
            retry: this.retry,
            budget: this.has_budget.then(Arc::default),
            clock: this.clock,
            random: this.random,
            records_content: this.records_content,
        };
        for (name, value) in &config.headers {
            config
                .check_header(name, value)
                .map_err(Error::configuration)?;
        }
        Ok(Client::new(Arc::new(config)))
    }

    /// Fills in what the server and the environment determine.
    fn with_defaults(mut self) -> Self {
        let environment = std::mem::take(&mut self.environment);
        let variable = |name| environment.get(name);
        self.sends_beta &=
            self.server.expects_beta_header() && !self.headers.contains_key(header::BETA);
        if self.sends_beta {
            let beta = HeaderValue::from_static(constants::BETA);
            self.headers.insert(header::BETA, beta);
        }
        let key = match &mut self.server {
            Server::OpenAi => {
                if self.base_url.is_none() {
                    self.base_url = variable("OPENAI_BASE_URL").map(str::to_owned);
                }
                for (header, name) in [
                    ("openai-organization", "OPENAI_ORG_ID"),
                    ("openai-project", "OPENAI_PROJECT_ID"),
                ] {
                    if let (false, Some(value)) =
                        (self.headers.contains_key(header), variable(name))
                    {
                        self = self.header_or(header, value.trim(), |reason| {
                            format!("the environment variable {name} is invalid: {reason}")
                        });
                    }
                }
                variable("OPENAI_API_KEY")
            }
            Server::AzureOpenAi { endpoint } => {
                if endpoint.is_none() {
                    *endpoint = variable("AZURE_OPENAI_ENDPOINT").map(str::to_owned);
                }
                if let (None, Some(version)) = (self.api_version(), variable("OPENAI_API_VERSION"))
                {
                    self = self.query(API_VERSION, version.trim());
                }
                variable("AZURE_OPENAI_API_KEY")
            }
            Server::Foundry { endpoint } => {
                if endpoint.is_none() {
                    let found = FOUNDRY_ENDPOINTS.into_iter().find_map(variable);
                    *endpoint = found.map(str::to_owned);
                }
                if self.query.iter().all(|(name, _)| name != API_VERSION) {
                    self = self.query(API_VERSION, FOUNDRY_VERSION);
                }
                None
            }
        };
        let key = key.map(|key| Access::Key(key.trim().to_owned()));
        self.access = self.access.or(key);
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values of headers and parameters may be secrets.
        let query: Vec<_> = self.query.iter().map(|(name, _)| name).collect();
        let access = self.access.as_ref();
        f.debug_struct("ClientBuilder")
            .field(
                "credentials",
                &access.map(|access| access.credentials(&self.server)),
            )
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("query", &query)
            .field("limits", &self.limits)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Returns a number from 0 to 1. The random keys of a map's hasher are good enough for jitter.
fn random() -> f64 {
    f64::from(u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or_default())
        / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_are_in_range_and_differ() {
        let numbers: Vec<f64> = (0..20).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(numbers.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
