//! The checked settings of a client, as plain data.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::Url;

use crate::http::budget::RetryBudget;
use crate::http::clock::Clock;
use crate::http::credentials::Credentials;
use crate::http::header;
use crate::http::pool::Pool;
use crate::http::retry_policy::RetryPolicy;
use crate::http::service::HttpService;
use crate::http::size_limits::SizeLimits;
use crate::http::time_limits::TimeLimits;

/// A source of random numbers from 0 to 1.
pub(crate) type Random = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Settings that have been checked.
#[derive(Clone)]
pub(crate) struct Config {
    pub(crate) pool: Arc<Pool>,
    /// The layers of the caller in front of reqwest, or the service in its place.
    pub(crate) service: Option<HttpService>,
    /// Whether the caller built the HTTP client, which may then follow redirects on its own.
    pub(crate) is_external: bool,
    pub(crate) base_url: Url,
    pub(crate) credentials: Credentials,
    /// Including the header of a fixed key.
    pub(crate) headers: HeaderMap,
    /// Whether the beta header is the one of the document.
    #[cfg(feature = "v1")]
    pub(crate) has_default_beta: bool,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) limits: TimeLimits,
    pub(crate) sizes: SizeLimits,
    pub(crate) retry: RetryPolicy,
    /// Shared with clients of other versions of the API.
    pub(crate) budget: Option<Arc<RetryBudget>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Random,
    /// Whether spans contain messages, and the arguments and results of tools.
    pub(crate) records_content: bool,
}

impl Config {
    /// Returns these settings for another version of the API. A beta header that the caller
    /// chose stays.
    #[cfg(feature = "v1")]
    pub(crate) fn for_beta(&self, beta: &'static str) -> Self {
        let mut config = self.clone();
        if config.has_default_beta {
            let beta = HeaderValue::from_static(beta);
            config.headers.insert(header::BETA, beta);
        }
        config
    }

    /// The base URL without a trailing slash.
    pub(crate) fn base_url(&self) -> &str {
        self.base_url.as_str().trim_end_matches('/')
    }

    /// The path of the base URL without a trailing slash.
    pub(crate) fn base_path(&self) -> &str {
        self.base_url.path().trim_end_matches('/')
    }

    /// Rejects a secret header that the caller's HTTP client could forward to another origin.
    pub(crate) fn check_header(
        &self,
        name: &HeaderName,
        value: &HeaderValue,
    ) -> Result<(), String> {
        if self.is_external && value.is_sensitive() && !header::is_removed_on_redirect(name) {
            return Err(format!(
                "the header `{name}` may hold a secret, and your `http_client` may forward it to another server \
                 when it follows a redirect: configure the HTTP client with `http_client_builder` instead"
            ));
        }
        Ok(())
    }
}
