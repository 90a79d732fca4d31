//! How a client sends requests: by which HTTP client or service, and through which layers.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use std::{env, mem};

use http::HeaderValue;
use reqwest::Url;

use crate::client::proxy;
use crate::error::clip::root_cause;
use crate::error::core::{Error, Result};
use crate::http::connect::reqwest_service;
use crate::http::pool::Pool;
use crate::http::service::HttpService;
use crate::http::tls::{self, Certificates};

/// Static, so that its clones count no references.
pub(super) const AGENT: HeaderValue = HeaderValue::from_static(concat!(
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION")
));

/// A function of the caller that configures the HTTP client further.
type Configure = Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

/// A layer of the caller.
type Wrap = Arc<dyn Fn(HttpService) -> HttpService + Send + Sync>;

#[derive(Clone)]
pub(super) struct HttpSettings {
    pub(super) certificates: Certificates,
    pub(super) no_proxy: bool,
    pub(super) client: HttpClient,
    /// Takes precedence over the HTTP client.
    pub(super) service: Option<HttpService>,
    /// The first one receives a request first.
    pub(super) layers: Vec<Wrap>,
}

/// The HTTP client to use.
#[derive(Clone)]
pub(super) enum HttpClient {
    /// Built by this crate, configured further by the caller.
    Internal(Configure),
    /// Built by the caller.
    External(reqwest::Client),
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            certificates: Certificates::default(),
            no_proxy: false,
            client: HttpClient::Internal(Arc::new(|http| http)),
            service: None,
            layers: Vec::new(),
        }
    }
}

impl HttpSettings {
    pub(super) fn is_external(&self) -> bool {
        self.service.is_none() && matches!(self.client, HttpClient::External(_))
    }

    /// Returns the HTTP clients for a server, and the service that sends requests unless that is
    /// an HTTP client without layers.
    pub(super) fn build(
        mut self,
        base_url: &Url,
        connect_timeout: Duration,
    ) -> Result<(Arc<Pool>, Option<HttpService>)> {
        let (service, layers) = (self.service.take(), mem::take(&mut self.layers));
        let has_proxy = !self.no_proxy && !self.is_external() && !is_loopback(base_url);
        let variable = |name: &str| env::var(name).ok();
        let proxy = has_proxy.then(|| proxy::of_environment(base_url, variable));
        let url = base_url.clone();
        let build = move |connect_timeout| self.http_client(&url, connect_timeout);
        let pool = Arc::new(Pool::new(build, proxy.flatten()));
        let innermost = match service {
            Some(service) => service,
            None => {
                pool.client(connect_timeout)?;
                if layers.is_empty() {
                    return Ok((pool, None));
                }
                reqwest_service(pool.clone(), connect_timeout)
            }
        };
        let layers = layers.into_iter().rev();
        let service = layers.fold(innermost, |inner, layer| layer(inner));
        Ok((pool, Some(service)))
    }

    fn http_client(&self, base_url: &Url, connect_timeout: Duration) -> Result<reqwest::Client> {
        let configure = match &self.client {
            HttpClient::External(client) => return Ok(client.clone()),
            HttpClient::Internal(configure) => configure,
        };
        let is_tls = base_url.scheme() == "https";
        if is_tls && !tls::IS_SUPPORTED {
            return Err(Error::configuration(
                "the base URL is https, but this build has no TLS: enable the feature `rustls`, `rustls-ring` or \
                 `native-tls`, or pass an `http_client` with TLS",
            ));
        }
        let is_loopback = is_loopback(base_url);
        let build = |has_roots: bool| {
            let mut builder = reqwest::Client::builder()
                .user_agent(AGENT)
                .connect_timeout(connect_timeout);
            // A silent connection is noticed, and streams that are not read leave room for others.
            #[cfg(feature = "http2")]
            {
                builder = builder
                    .http2_keep_alive_interval(Duration::from_secs(10))
                    .http2_keep_alive_timeout(Duration::from_secs(5))
                    .http2_initial_stream_window_size(2 * 1024 * 1024)
                    .http2_initial_connection_window_size(16 * 1024 * 1024);
            }
            if self.no_proxy || is_loopback {
                builder = builder.no_proxy();
            }
            configure(self.certificates.apply(builder, has_roots)?)
                .redirect(reqwest::redirect::Policy::none())
                // `never` alone copies each request, in case that it is sent again.
                .retry(reqwest::retry::never().max_retries_per_request(0))
                .build()
                .map_err(|error| format!("the HTTP client cannot be built: {}", root_cause(&error)))
        };
        let built = match is_tls {
            true => build(true),
            false if is_loopback => build(false),
            // Containers that send plain HTTP may have no certificates.
            false => build(true).or_else(|_| build(false)),
        };
        built.map_err(Error::configuration)
    }
}

/// Whether the host is this machine, which no proxy can reach.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_all_addresses_of_this_machine_are_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("[::1]", true),
            ("localhost.example", false),
            ("10.0.0.1", false),
            ("[::2]", false),
        ] {
            let url = format!("http://{host}:8080/v1").parse().unwrap();
            assert_eq!(is_loopback(&url), expected, "{host}");
        }
    }
}
