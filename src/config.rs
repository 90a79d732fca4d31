//! The settings of a client, and their check.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use crate::auth::Credentials;
use crate::client::Client;
use crate::clock::{Clock, SystemClock};
use crate::error::{Error, Result};
use crate::retry::RetryPolicy;
use crate::tls;

const OPENAI: &str = "https://api.openai.com/v1";
const TIMEOUT: Duration = Duration::from_secs(600);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const BETA: &str = "openai-beta";
const API_VERSION: &str = "api-version";
const AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// Headers whose values are no secrets; any other may hold one.
const PUBLIC: [&str; 9] = [
    BETA,
    "openai-organization",
    "openai-project",
    "user-agent",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "x-client-request-id",
    "x-request-id",
];
/// Headers that reqwest takes off when it follows a redirect to another place.
const TAKEN_OFF: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// A source of random numbers from 0 to 1.
type Random = Arc<dyn Fn() -> f64 + Send + Sync>;
type SetUp = Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

/// Which server the settings are for, and where it is.
#[derive(Clone)]
enum Server {
    OpenAi,
    AzureOpenAi { endpoint: Option<String> },
    Foundry { endpoint: String },
}

impl Server {
    /// What to do if nothing lets the caller in.
    fn no_access(&self) -> &'static str {
        match self {
            Self::OpenAi => {
                "there is no API key: set the environment variable OPENAI_API_KEY and use `Client::from_env`, \
                 or call `api_key` or `credentials` on the builder"
            }
            Self::AzureOpenAi { .. } => {
                "there is no API key: set the environment variable AZURE_OPENAI_API_KEY and call \
                 `azure_openai_env`, or call `api_key` or `credentials` on the builder"
            }
            Self::Foundry { .. } => {
                "there is no token: call `credentials` on the builder, with a source of Entra tokens for the \
                 scope https://ai.azure.com/.default"
            }
        }
    }
}

/// What lets the caller in.
#[derive(Clone)]
enum Access {
    /// A key, which goes where the server looks for keys.
    Key(String),
    Credentials(Credentials),
}

impl Access {
    fn to(self, server: &Server) -> Credentials {
        match (self, server) {
            (Self::Key(key), Server::AzureOpenAi { .. }) => Credentials::header("api-key", key),
            (Self::Key(key), _) => Credentials::bearer(key),
            (Self::Credentials(credentials), _) => credentials,
        }
    }
}

/// What is taken from the environment where it is not set otherwise. It is used as late
/// as by `build`, since it depends on the server which variables count.
#[derive(Clone, Default)]
struct Environment(Vec<(&'static str, String)>);

impl Environment {
    const NAMES: [&str; 7] = [
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "OPENAI_ORG_ID",
        "OPENAI_PROJECT_ID",
        "AZURE_OPENAI_API_KEY",
        "AZURE_OPENAI_ENDPOINT",
        "OPENAI_API_VERSION",
    ];

    /// Takes what is not there yet.
    fn read(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for name in Self::NAMES {
            if self.get(name).is_none()
                && let Some(value) = variable(name).filter(|value| !value.trim().is_empty())
            {
                self.0.push((name, value));
            }
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Where the HTTP client comes from.
#[derive(Clone)]
enum Http {
    Own(SetUp),
    ReadyMade(reqwest::Client),
}

/// Settings that have been checked.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) http: reqwest::Client,
    /// Whether it may follow redirects by itself.
    is_ready_made: bool,
    pub(crate) base_url: Url,
    pub(crate) credentials: Credentials,
    /// With the one of a fixed key.
    pub(crate) headers: HeaderMap,
    /// Whether the beta header among them is the one of the document.
    #[cfg(feature = "v1")]
    has_own_beta: bool,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) timeout: Duration,
    pub(crate) retry: RetryPolicy,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
}

impl Config {
    /// The same for another version of the API. A beta header that the caller has chosen
    /// stays.
    #[cfg(feature = "v1")]
    pub(crate) fn for_beta(&self, beta: &'static str) -> Self {
        let mut config = self.clone();
        if config.has_own_beta {
            config.headers.insert(BETA, HeaderValue::from_static(beta));
        }
        config
    }

    /// Refuses a secret that the HTTP client might take along to another place.
    pub(crate) fn admit(&self, name: &HeaderName, value: &HeaderValue) -> Result<(), String> {
        if self.is_ready_made && value.is_sensitive() && !TAKEN_OFF.contains(name) {
            return Err(format!(
                "the header `{name}` may hold a secret, and a ready-made `http_client` may take it along to \
                 another server when it follows a redirect: set the HTTP client up with `http_client_builder`"
            ));
        }
        Ok(())
    }
}

/// Sets up a [`Client`]. Mistakes are reported by [`build`](Self::build).
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
#[must_use = "a client is made by `build`"]
pub struct ClientBuilder {
    server: Server,
    access: Option<Access>,
    /// In place of where the server is by itself.
    base_url: Option<String>,
    /// Whether the beta header of the document is sent, unless another is set.
    sends_beta: bool,
    environment: Environment,
    headers: HeaderMap,
    query: Vec<(String, String)>,
    timeout: Duration,
    connect_timeout: Duration,
    retry: RetryPolicy,
    http: Http,
    clock: Arc<dyn Clock>,
    random: Random,
    /// The first setting that cannot be used.
    mistake: Option<String>,
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
            timeout: TIMEOUT,
            connect_timeout: CONNECT_TIMEOUT,
            retry: RetryPolicy::default(),
            http: Http::Own(Arc::new(|http| http)),
            clock: Arc::new(SystemClock),
            random: Arc::new(random),
            mistake: None,
        }
    }
}

impl ClientBuilder {
    /// The key. It is sent as `Authorization: Bearer`, or to [Azure
    /// OpenAI](Self::azure_openai) as `api-key`.
    pub fn api_key(mut self, key: impl AsRef<str>) -> Self {
        self.access = Some(Access::Key(key.as_ref().to_owned()));
        self
    }

    /// What the client shows to be let in, in place of a key.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.access = Some(Access::Credentials(credentials));
        self
    }

    /// Calls a server of the shape of Azure OpenAI: under `{endpoint}/openai`, with
    /// `api-version` in every query.
    ///
    /// The [`api_key`](Self::api_key) is sent in the header `api-key`. Entra tokens come
    /// from [`credentials`](Self::credentials), for the scope
    /// `https://cognitiveservices.azure.com/.default`; [`Credentials`] shows how. In
    /// requests, `model` is the name of the deployment. A
    /// [`base_url`](Self::base_url) that is set afterwards, such as that of a gateway,
    /// takes the place of the endpoint and is used as it is.
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// # if cfg!(any(feature = "rustls", feature = "rustls-aws-lc", feature = "native-tls")) {
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

    /// Like [`azure_openai`](Self::azure_openai), with what is not set from the
    /// environment: `AZURE_OPENAI_ENDPOINT`, `OPENAI_API_VERSION` and
    /// `AZURE_OPENAI_API_KEY`.
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

    /// The same with a stand-in for the environment, as in [`env_from`](Self::env_from).
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

    /// Calls Foundry Agents (classic) in a project, with `api-version` in every query and
    /// without a beta header.
    ///
    /// The project endpoint ends in `/api/projects/{project}`. Foundry takes Entra tokens
    /// for the scope `https://ai.azure.com/.default`, as `Authorization: Bearer`. They
    /// expire, so let [`credentials`](Self::credentials) ask for them; [`Credentials`]
    /// shows how. Nothing of it is taken from the environment.
    ///
    /// ```
    /// use openai_assistants::{Client, Credentials};
    ///
    /// # if cfg!(any(feature = "rustls", feature = "rustls-aws-lc", feature = "native-tls")) {
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
        let endpoint = project_endpoint.into();
        self.server = Server::Foundry { endpoint };
        self.base_url = None;
        self.query(API_VERSION, api_version.as_ref().trim())
    }

    /// Where the API is, up to the part in front of `/assistants` and `/threads`. The
    /// default is `https://api.openai.com/v1`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// The organization that calls count for (`OpenAI-Organization`).
    pub fn organization(self, id: impl AsRef<str>) -> Self {
        self.header("openai-organization", id)
    }

    /// The project that calls count for (`OpenAI-Project`).
    pub fn project(self, id: impl AsRef<str>) -> Self {
        self.header("openai-project", id)
    }

    /// The `OpenAI-Beta` header: another value, or none. Unless set it is
    /// `assistants=v2`, as the document has it, and none for [Foundry](Self::foundry).
    pub fn beta_header(mut self, value: Option<&str>) -> Self {
        self.headers.remove(BETA);
        self.sends_beta = false;
        match value {
            Some(value) => self.header(BETA, value),
            None => self,
        }
    }

    /// A header that is sent with every call, in place of an earlier one of that name.
    /// Its value counts as a secret unless the name is known for something else.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.header_from(name.as_ref(), value.as_ref(), |reason| reason)
    }

    fn header_from(
        mut self,
        name: &str,
        value: &str,
        mistake: impl FnOnce(String) -> String,
    ) -> Self {
        match header(name, value) {
            Ok((name, value)) => drop(self.headers.insert(name, value)),
            Err(reason) => drop(self.mistake.get_or_insert_with(|| mistake(reason))),
        }
        self
    }

    /// A query parameter that is sent with every call, such as `api-version`, in place
    /// of an earlier one of that name.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.query.retain(|(other, _)| *other != name);
        self.query.push((name, value.into()));
        self
    }

    /// How long an attempt may take, from the token to the last byte of the answer:
    /// 600 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long a connection may take to be made: 5 s unless set. It has no effect on
    /// a ready-made [`http_client`](Self::http_client).
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// When failed attempts are made again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Sets up the HTTP client further: its proxies, limits and the like.
    ///
    /// The builder that the function gets has the user agent, the connect time-out and
    /// TLS set, which it may replace; certificates of your own go into a configuration
    /// that is handed to `tls_backend_preconfigured`. The redirect policy is set
    /// afterwards: this crate follows redirects itself, and only where the credentials
    /// may go.
    ///
    /// ```
    /// use openai_assistants::Client;
    ///
    /// let client = Client::builder()
    ///     .api_key("sk-test")
    ///     .http_client_builder(|http| http.no_proxy().pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn http_client_builder(
        mut self,
        set_up: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.http = Http::Own(Arc::new(set_up));
        self
    }

    /// A ready-made HTTP client, such as one that is shared with the rest of a program.
    ///
    /// It may follow redirects by itself, which cannot be seen or changed from outside.
    /// reqwest then takes `Authorization` off before it goes to another server, but not
    /// headers such as `api-key`. So with a ready-made client, credentials and headers
    /// under other names are refused, except for headers that are known to hold no
    /// secret; [`http_client_builder`](Self::http_client_builder) takes them all. An
    /// answer from another server is an error in any case. Build the client with
    /// `redirect(Policy::none())`, so that redirects within the server are followed
    /// without changing the method. The user agent is this crate's, unless
    /// [`header`](Self::header) sets another.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Http::ReadyMade(client);
        self
    }

    /// Where the client takes the time from.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where the client takes the randomness of its delays from: a number from 0 to 1.
    pub fn jitter(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Takes what is not set from the environment: for OpenAI and what is compatible what
    /// [`Client::from_env`] tells, for Azure OpenAI what
    /// [`azure_openai_env`](Self::azure_openai_env) tells. A key for the one is not sent
    /// to the other.
    pub fn env(self) -> Self {
        // What is not Unicode is kept, to be refused by name rather than overlooked.
        self.env_from(|name| {
            std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    /// Takes what is not set from a stand-in for the environment.
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

    /// Fills in what the server makes different, and what the environment says of it.
    fn completed(mut self) -> Self {
        let environment = std::mem::take(&mut self.environment);
        let variable = |name| environment.get(name);
        self.sends_beta &=
            !matches!(self.server, Server::Foundry { .. }) && !self.headers.contains_key(BETA);
        if self.sends_beta {
            let beta = HeaderValue::from_static(crate::generated::BETA);
            self.headers.insert(BETA, beta);
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
                        self = self.header_from(header, value.trim(), |reason| {
                            format!("the environment variable {name} cannot be used: {reason}")
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
            Server::Foundry { .. } => None,
        };
        let key = key.map(|key| Access::Key(key.trim().to_owned()));
        self.access = self.access.or(key);
        self
    }

    fn api_version(&self) -> Option<&str> {
        let found = self.query.iter().find(|(name, _)| name == API_VERSION);
        let version = found.map(|(_, version)| version.as_str());
        version.filter(|version| !version.is_empty())
    }

    /// The base URL, or what is wrong with where the server is said to be.
    fn place(&self) -> Result<Url, String> {
        if let Some(url) = &self.base_url {
            return base_url("base URL", url, OPENAI);
        }
        match &self.server {
            Server::OpenAi => base_url("base URL", OPENAI, OPENAI),
            Server::AzureOpenAi { endpoint: None } => Err(
                "there is no endpoint: set the environment variable AZURE_OPENAI_ENDPOINT, or hand it over \
                 with `azure_openai`"
                    .to_owned(),
            ),
            Server::AzureOpenAi {
                endpoint: Some(endpoint),
            } => azure_openai_url(endpoint),
            Server::Foundry { endpoint } => base_url(
                "project endpoint",
                endpoint,
                "https://example.services.ai.azure.com/api/projects/demo",
            ),
        }
    }

    /// Fails if the server wants to be told the version of its API, and is not.
    fn check_api_version(&self) -> Result<(), &'static str> {
        let is_set = self.api_version().is_some();
        match &self.server {
            Server::AzureOpenAi { .. } if !is_set => Err(
                "there is no API version: hand one such as `2024-05-01-preview` over with `azure_openai`, \
                 or set the environment variable OPENAI_API_VERSION and call `azure_openai_env`",
            ),
            Server::Foundry { .. } if !is_set => {
                Err("there is no API version: hand one such as `v1` over with `foundry`")
            }
            _ => Ok(()),
        }
    }

    /// Makes the client.
    ///
    /// # Errors
    /// There are no credentials or there is no API version, or a setting cannot be used:
    /// a base URL that is not one, a header or key that cannot be sent, `https` without a
    /// TLS library.
    pub fn build(self) -> Result<Client> {
        let mut this = self.completed();
        if let Some(mistake) = this.mistake.take() {
            return Err(Error::configuration(mistake));
        }
        let base_url = this.place().map_err(Error::configuration)?;
        this.check_api_version().map_err(Error::configuration)?;
        let credentials = match this.access {
            Some(access) => access.to(&this.server),
            None => return Err(Error::configuration(this.server.no_access())),
        };
        if let Some((name, value)) = credentials.fixed()? {
            let header = this.headers.entry(name);
            header.or_insert_with(|| value.clone());
        }
        let is_ready_made = matches!(this.http, Http::ReadyMade(_));
        let http = match this.http {
            Http::Own(set_up) => http_client(&base_url, this.connect_timeout, &set_up)?,
            Http::ReadyMade(client) => {
                let agent = this.headers.entry(USER_AGENT);
                agent.or_insert(HeaderValue::from_static(AGENT));
                client
            }
        };
        let config = Config {
            http,
            is_ready_made,
            base_url,
            credentials,
            headers: this.headers,
            #[cfg(feature = "v1")]
            has_own_beta: this.sends_beta,
            query: this.query,
            timeout: this.timeout,
            retry: this.retry,
            clock: this.clock,
            random: this.random,
        };
        for (name, value) in &config.headers {
            config.admit(name, value).map_err(Error::configuration)?;
        }
        Ok(Client::new(config))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values of headers and parameters may be secrets.
        let query: Vec<_> = self.query.iter().map(|(name, _)| name).collect();
        f.debug_struct("ClientBuilder")
            .field(
                "credentials",
                &self.access.clone().map(|access| access.to(&self.server)),
            )
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("query", &query)
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// A header, or why it cannot be sent.
pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is not the name of a header", name.escape_debug()))?;
    // The value may be a secret.
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        format!("the value of the header `{header}` has a character that a header cannot carry")
    })?;
    value.set_sensitive(!PUBLIC.contains(&header.as_str()));
    Ok((header, value))
}

/// The base URL of Azure OpenAI at this endpoint.
fn azure_openai_url(endpoint: &str) -> Result<Url, String> {
    const EXAMPLE: &str = "https://example.openai.azure.com";
    let mut url = base_url("endpoint", endpoint, EXAMPLE)?;
    let path = url.path().trim_end_matches('/');
    match path.rsplit('/').position(|segment| segment == "openai") {
        None => {
            let path = format!("{path}/openai");
            url.set_path(&path);
            Ok(url)
        }
        Some(0) => Ok(url),
        Some(_) => Err(format!(
            "the endpoint `{}` goes on behind `/openai`: give it without that, such as {EXAMPLE}",
            url.as_str().trim_end_matches('/')
        )),
    }
}

/// A URL, or what is wrong with it.
fn base_url(what: &str, text: &str, example: &str) -> Result<Url, String> {
    // Not if it may hold a secret.
    let shown = if text.contains(['@', '?']) {
        String::new()
    } else {
        format!(" `{}`", text.escape_debug())
    };
    let mistake = |reason: &str| {
        Err(format!(
            "the {what}{shown} {reason}: give one such as {example}"
        ))
    };
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(_) if text.trim().is_empty() => return mistake("is empty"),
        Err(error) => return mistake(&format!("cannot be read ({error})")),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return mistake("is neither http nor https");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return mistake("names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return mistake("has a user name or password, which belong into the credentials");
    }
    if url.query().is_some() {
        return mistake("has a query, which belongs into `query`");
    }
    if url.fragment().is_some() {
        return mistake("has a fragment");
    }
    Ok(url)
}

fn http_client(
    base_url: &Url,
    connect_timeout: Duration,
    set_up: &SetUp,
) -> Result<reqwest::Client> {
    let is_tls = base_url.scheme() == "https";
    if is_tls && !tls::IS_SUPPORTED {
        return Err(Error::configuration(
            "this build has no TLS library for an https base URL: enable the feature `rustls`, `rustls-aws-lc` \
             or `native-tls`, or hand over an `http_client` that has one",
        ));
    }
    let builder = reqwest::Client::builder()
        .user_agent(AGENT)
        .connect_timeout(connect_timeout);
    set_up(tls::configure(builder, is_tls)?)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| Error::configuration(format!("the HTTP client cannot be set up: {error}")))
}

/// Good enough to spread retries: the hasher of a map is keyed at random.
fn random() -> f64 {
    f64::from(u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or_default())
        / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(builder: ClientBuilder) -> String {
        let error = builder.build().expect_err("it cannot be built");
        assert!(error.is_invalid_argument());
        error.to_string()
    }

    fn with_key() -> ClientBuilder {
        local().api_key("sk-secret")
    }

    /// A builder for a server that needs no TLS, which not every build has.
    fn local() -> ClientBuilder {
        Client::builder().base_url("http://localhost/v1")
    }

    #[test]
    fn a_missing_key_says_where_to_put_one() {
        let message = mistake(local());
        assert!(
            message.contains("OPENAI_API_KEY") && message.contains("`api_key`"),
            "{message}"
        );
        assert!(local().credentials(Credentials::none()).build().is_ok());
    }

    #[test]
    fn a_base_url_is_checked() {
        for (url, reason) in [
            ("", "is empty"),
            ("localhost/v1", "cannot be read"),
            ("/v1", "cannot be read"),
            ("ftp://host/v1", "neither http nor https"),
            ("localhost:8080/v1", "neither http nor https"),
            ("mailto:me@host", "neither http nor https"),
            ("http://", "cannot be read"),
            ("http://me:pw@host/v1", "user name or password"),
            ("http://host/v1?api-version=1", "belongs into `query`"),
            ("http://host/v1#top", "has a fragment"),
        ] {
            let message = mistake(with_key().base_url(url));
            assert!(message.contains(reason), "{url}: {message}");
            assert!(!message.contains("pw"), "{message}");
        }
    }

    #[test]
    fn slashes_at_the_end_of_a_base_url_are_dropped() {
        for url in [
            "http://host/v1",
            "http://host/v1/",
            "http://host/v1///",
            " http://host/v1 ",
        ] {
            assert_eq!(
                with_key().base_url(url).build().unwrap().base_url(),
                "http://host/v1"
            );
        }
        assert_eq!(
            with_key()
                .base_url("http://host")
                .build()
                .unwrap()
                .base_url(),
            "http://host"
        );
    }

    #[cfg(any(feature = "rustls", feature = "rustls-aws-lc", feature = "native-tls"))]
    #[test]
    fn the_default_is_openai() {
        let client = Client::builder().api_key("sk-secret").build().unwrap();
        assert_eq!(client.base_url(), OPENAI);
    }

    #[test]
    fn headers_are_checked() {
        assert!(mistake(with_key().header("a b", "c")).contains("`a b` is not the name"));
        let message = mistake(with_key().header("x-token", "hush\n"));
        assert!(
            message.contains("`x-token`") && !message.contains("hush"),
            "{message}"
        );
        assert!(mistake(with_key().organization("a\nb")).contains("openai-organization"));
    }

    #[test]
    fn a_key_is_checked_without_being_shown() {
        let message = mistake(local().api_key("sk-secret\n"));
        assert!(!message.contains("secret"), "{message}");
        assert!(mistake(local().api_key(" ")).contains("empty"));
    }

    #[test]
    fn the_environment_fills_in_what_is_not_set() {
        let variables = |name: &str| match name {
            "OPENAI_API_KEY" => Some("sk-env".to_owned()),
            "OPENAI_BASE_URL" => Some("http://env/v1/".to_owned()),
            "OPENAI_ORG_ID" => Some("org_env".to_owned()),
            "OPENAI_PROJECT_ID" => Some("  ".to_owned()),
            _ => None,
        };
        let client = Client::builder().env_from(variables).build().unwrap();
        assert_eq!(client.base_url(), "http://env/v1");
        assert_eq!(client.config().headers["openai-organization"], "org_env");
        assert!(!client.config().headers.contains_key("openai-project"));

        let client = with_key()
            .base_url("http://own")
            .organization("org_own")
            .env_from(variables)
            .build()
            .unwrap();
        assert_eq!(client.base_url(), "http://own");
        assert_eq!(client.config().headers["openai-organization"], "org_own");
    }

    #[test]
    fn a_variable_that_cannot_be_used_is_named() {
        for variable in ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID"] {
            let message =
                mistake(with_key().env_from(|name| (name == variable).then(|| "a\nb".to_owned())));
            assert!(message.contains(variable), "{message}");
        }
    }

    #[test]
    fn a_local_server_needs_no_certificates() {
        // In a process of its own, the environment can be set without harm to others.
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "config::tests::slashes_at_the_end_of_a_base_url_are_dropped",
            ])
            .envs([("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")])
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");
    }

    #[test]
    fn values_are_secrets_unless_they_are_known_not_to_be() {
        let builder = with_key().header("x-token", "t").organization("o");
        let client = builder.header("user-agent", "mine").build().unwrap();
        let secrets: Vec<_> = client
            .config()
            .headers
            .iter()
            .filter(|(_, value)| value.is_sensitive())
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(secrets, ["x-token", "authorization"]);
    }

    const ENDPOINT: &str = "http://resource.example.com";
    const PROJECT: &str = "http://resource.example.com/api/projects/demo";

    /// The header that lets the client in.
    fn shown(builder: ClientBuilder) -> (String, String) {
        let client = builder.build().expect("the settings are good");
        let (name, value) = client.config().credentials.fixed().unwrap().unwrap();
        (name.to_string(), value.to_str().unwrap().to_owned())
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn an_azure_endpoint_may_be_written_in_more_than_one_way() {
        for (endpoint, url) in [
            ("http://host", "http://host/openai"),
            ("http://host/", "http://host/openai"),
            (" http://host// ", "http://host/openai"),
            ("http://host/openai", "http://host/openai"),
            ("http://host/openai/", "http://host/openai"),
            ("http://host/gateway", "http://host/gateway/openai"),
            ("http://openai", "http://openai/openai"),
        ] {
            let builder = Client::builder().azure_openai(endpoint, "v").api_key("k");
            assert_eq!(builder.build().unwrap().base_url(), url, "{endpoint}");
        }
    }

    #[test]
    fn what_a_preset_cannot_do_without_is_asked_for() {
        let azure = |endpoint, version| Client::builder().azure_openai(endpoint, version);
        let foundry = |endpoint, version| Client::builder().foundry(endpoint, version);
        let deployment = "http://host/openai/deployments/gpt-4o/chat/completions";
        for (builder, reasons) in [
            (
                azure(" ", "v"),
                [
                    "the endpoint",
                    "is empty: give one such as https://example.openai",
                ],
            ),
            (
                azure("host", "v"),
                ["the endpoint `host`", "cannot be read"],
            ),
            (
                azure(deployment, "v"),
                ["goes on behind `/openai`", "such as https://"],
            ),
            (
                azure("http://host/openai?api-version=v", "v"),
                ["has a query", "`query`"],
            ),
            (
                azure(ENDPOINT, " "),
                ["no API version", "OPENAI_API_VERSION"],
            ),
            (
                foundry("", "v1"),
                ["the project endpoint", "/api/projects/"],
            ),
            (foundry(PROJECT, ""), ["no API version", "`foundry`"]),
        ] {
            let message = mistake(builder.api_key("sk-secret"));
            assert!(
                reasons.iter().all(|reason| message.contains(reason)),
                "{message}"
            );
        }
        assert!(mistake(azure(ENDPOINT, "v")).contains("AZURE_OPENAI_API_KEY"));
        assert!(mistake(foundry(PROJECT, "v1")).contains("https://ai.azure.com/.default"));
    }

    #[test]
    fn a_key_goes_into_the_header_of_the_server_in_whichever_order_it_is_told() {
        let azure = |builder: ClientBuilder| builder.azure_openai(ENDPOINT, "v");
        let foundry = |builder: ClientBuilder| builder.foundry(PROJECT, "v1");
        let key = |builder: ClientBuilder| builder.api_key("k");
        let new = Client::builder;
        for builder in [
            key(azure(new())),
            azure(key(new())),
            azure(foundry(key(new()))),
        ] {
            assert_eq!(shown(builder), pair("api-key", "k"));
        }
        for builder in [
            key(foundry(new())),
            foundry(key(new())),
            foundry(azure(key(new()))),
        ] {
            assert_eq!(shown(builder), pair("authorization", "Bearer k"));
        }
        let token = azure(new()).credentials(Credentials::bearer("t"));
        assert_eq!(shown(token), pair("authorization", "Bearer t"));
    }

    #[test]
    fn only_foundry_goes_without_the_beta_header_and_what_is_set_counts() {
        let beta = |builder: ClientBuilder| {
            builder
                .api_key("k")
                .build()
                .unwrap()
                .config()
                .headers
                .get(BETA)
                .cloned()
        };
        let new = Client::builder;
        assert_eq!(
            beta(new().azure_openai(ENDPOINT, "v")).unwrap(),
            "assistants=v2"
        );
        assert_eq!(beta(new().foundry(PROJECT, "v1")), None);
        let there_and_back = new().foundry(PROJECT, "v1").azure_openai(ENDPOINT, "v");
        assert_eq!(beta(there_and_back).unwrap(), "assistants=v2");
        let set = new().beta_header(Some("mine")).foundry(PROJECT, "v1");
        assert_eq!(beta(set).unwrap(), "mine");
        assert_eq!(
            beta(new().beta_header(None).azure_openai(ENDPOINT, "v")),
            None
        );
    }

    #[test]
    fn a_base_url_that_is_set_after_a_preset_is_used_as_it_is() {
        let builder = Client::builder().api_key("k");
        let gateway = "http://gateway/azure";
        let later = builder
            .clone()
            .azure_openai(ENDPOINT, "v")
            .base_url(gateway);
        assert_eq!(later.build().unwrap().base_url(), gateway);
        let earlier = builder.base_url(gateway).azure_openai(ENDPOINT, "v");
        assert_eq!(
            earlier.build().unwrap().base_url(),
            format!("{ENDPOINT}/openai")
        );
    }

    #[test]
    fn each_server_has_its_variables() {
        let variables = |name: &str| {
            let value = match name {
                "OPENAI_API_KEY" => "sk-openai",
                "OPENAI_BASE_URL" => "http://openai.example.com/v1",
                "OPENAI_ORG_ID" => "org_1",
                "AZURE_OPENAI_API_KEY" => "azure-key",
                "AZURE_OPENAI_ENDPOINT" => ENDPOINT,
                "OPENAI_API_VERSION" => " 2024-05-01-preview ",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let new = Client::builder;
        let query = |builder: ClientBuilder| builder.build().unwrap().config().query.clone();
        let version = |version: &str| [pair(API_VERSION, version)];

        let openai = new().env_from(variables);
        assert_eq!(
            shown(openai.clone()),
            pair("authorization", "Bearer sk-openai")
        );
        assert!(query(openai).is_empty());

        let azure = new().azure_openai_env_from(variables);
        assert_eq!(shown(azure.clone()), pair("api-key", "azure-key"));
        assert_eq!(query(azure.clone()), version("2024-05-01-preview"));
        let client = azure.build().unwrap();
        assert_eq!(client.base_url(), format!("{ENDPOINT}/openai"));
        assert!(!client.config().headers.contains_key("openai-organization"));

        for own in [
            new().azure_openai("http://own", "own").env_from(variables),
            new().env_from(variables).azure_openai("http://own", "own"),
            new()
                .azure_openai("http://own", "own")
                .azure_openai_env_from(variables),
        ] {
            assert_eq!(shown(own.clone()), pair("api-key", "azure-key"));
            assert_eq!(query(own.clone()), version("own"));
            assert_eq!(own.build().unwrap().base_url(), "http://own/openai");
        }

        let foundry = new().env_from(variables).foundry(PROJECT, "v1");
        assert!(mistake(foundry).contains("there is no token"));
        let unset = |name: &'static str| {
            mistake(
                new()
                    .azure_openai_env_from(move |other| variables(other).filter(|_| other != name)),
            )
        };
        for name in [
            "AZURE_OPENAI_API_KEY",
            "AZURE_OPENAI_ENDPOINT",
            "OPENAI_API_VERSION",
        ] {
            assert!(unset(name).contains(name), "{}", unset(name));
        }
    }

    #[test]
    fn blank_variables_count_as_unset() {
        let message = mistake(local().env_from(|_| Some("  ".to_owned())));
        assert!(message.contains("OPENAI_API_KEY"), "{message}");
    }

    #[test]
    fn the_beta_header_can_be_changed_and_dropped() {
        let beta =
            |builder: ClientBuilder| builder.build().unwrap().config().headers.get(BETA).cloned();
        assert_eq!(beta(with_key()).unwrap(), "assistants=v2");
        assert_eq!(
            beta(with_key().beta_header(Some("assistants=v1"))).unwrap(),
            "assistants=v1"
        );
        assert_eq!(beta(with_key().beta_header(None)), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let builder = with_key().header("x-token", "hush").query("key", "hush");
        let text = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        assert!(!text.contains("secret") && !text.contains("hush"), "{text}");
        assert!(
            text.contains("x-token") && text.contains("http://localhost/v1"),
            "{text}"
        );
    }

    #[test]
    fn random_numbers_are_in_range_and_differ() {
        let numbers: Vec<f64> = (0..20).map(|_| random()).collect();
        assert!(numbers.iter().all(|number| (0.0..=1.0).contains(number)));
        assert!(numbers.windows(2).any(|pair| pair[0] != pair[1]));
    }
}
