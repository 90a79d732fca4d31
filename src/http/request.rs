//! A request before it is sent, and the options of a single call.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde::Serialize;

use crate::error::core::{Error, Result, RunIds};
use crate::http::config::Config;
use crate::http::header;
use crate::http::operation_info::OperationInfo;

/// A server that has received the key before returns the same response again.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A request that is ready to be sent.
///
/// [`Operation::into_request`](crate::Operation::into_request) builds it to check the arguments of
/// a call. The `Debug` output contains no secrets.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, Operation};
///
/// let client = Client::builder().base_url("http://localhost/v1").api_key("sk-test").build()?;
/// let request = client.get_thread().thread_id("thread_1").into_request()?;
/// assert!(!format!("{request:?}").contains("sk-test"));
/// # Ok::<(), openai_assistants::Error>(())
/// ```
pub struct Request {
    pub(crate) config: Arc<Config>,
    pub(crate) info: &'static OperationInfo,
    pub(crate) options: RequestOptions,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The expected media type of the response.
    pub(crate) accept: &'static str,
    /// JSON. Bytes, never a stream, so that every request can be retried.
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// Creates a request. `path` is percent-encoded and starts with the path of the base URL.
    pub(crate) fn new(
        config: Arc<Config>,
        info: &'static OperationInfo,
        options: RequestOptions,
        method: Method,
        path: &str,
        accept: &'static str,
    ) -> Self {
        // Parsing the whole URL would take 10 % of the time of a small call.
        let mut url = config.base_url.clone();
        url.set_path(path);
        Self {
            config,
            info,
            options,
            method,
            url,
            accept,
            body: None,
        }
    }

    /// Adds parameters of the operation to the query.
    pub(crate) fn query(mut self, pairs: &[(&str, String)]) -> Self {
        if !pairs.is_empty() {
            self.url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }

    /// Sets the body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(body).map_err(Error::serialize)?;
        self.body = Some(json.into());
        Ok(self)
    }

    /// The headers of the client, then those of the call, which take precedence.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.config.headers.iter().chain(&self.options.headers)
    }

    /// Whether the request is of an operation of the document, not a raw call.
    pub(crate) fn is_documented(&self) -> bool {
        !self.info.path.is_empty()
    }

    /// The name in errors: the operation ID, or the method and path of a raw call.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        if self.is_documented() {
            self.info.id.into()
        } else {
            format!("{} {}", self.method, self.url.path()).into()
        }
    }

    /// The thread ID and run ID in the path.
    pub(crate) fn run_ids(&self) -> RunIds {
        run_ids(self.info.path, self.url.path())
    }
}

/// Returns the IDs in a path that matches a template.
fn run_ids(template: &str, path: &str) -> RunIds {
    RunIds {
        thread_id: path_parameter(template, path, "{thread_id}"),
        run_id: path_parameter(template, path, "{run_id}"),
    }
}

/// Returns the value of a path parameter. The base URL may have a path of its own, so segments
/// are counted from the end.
fn path_parameter(template: &str, path: &str, parameter: &str) -> Option<String> {
    let mut segments = template.rsplit('/').zip(path.rsplit('/'));
    let (_, segment) = segments.find(|(name, _)| *name == parameter)?;
    let text = percent_decode_str(segment).decode_utf8_lossy();
    Some(text.into_owned())
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("info", self.info)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Settings of a single call, in addition to those of its client.
#[derive(Clone, Default)]
pub(crate) struct RequestOptions {
    headers: HeaderMap,
    query: Vec<(String, String)>,
    timeout: Option<Duration>,
    /// Values of headers that the body contains for another server. Errors must not repeat them.
    body_headers: Vec<HeaderValue>,
    /// The first invalid header.
    error: Option<String>,
}

impl RequestOptions {
    /// Adds a header.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match header::parse(name, value) {
            Ok((name, value)) => drop(self.headers.insert(name, value)),
            Err(reason) => drop(self.error.get_or_insert(reason)),
        }
    }

    /// Registers a header that the body contains.
    #[cfg(feature = "foundry")]
    pub(crate) fn body_header(&mut self, name: &str, value: &str) {
        match header::parse(name, value) {
            Ok((_, value)) => self.body_headers.push(value),
            Err(reason) => drop(self.error.get_or_insert(reason)),
        }
    }

    pub(crate) fn body_headers(&self) -> &[HeaderValue] {
        &self.body_headers
    }

    /// Returns the options for a further call, without what identifies a single call.
    pub(crate) fn for_further_call(&self) -> Self {
        let mut options = self.clone();
        options.headers.remove(IDEMPOTENCY_KEY);
        options
    }

    /// Adds a query parameter.
    pub(crate) fn query(&mut self, name: String, value: String) {
        self.query.push((name, value));
    }

    /// Sets the time-out of each attempt.
    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// Returns the headers, or an error if one of them is invalid.
    pub(crate) fn checked_headers(&self) -> Result<&HeaderMap> {
        match &self.error {
            Some(reason) => Err(Error::invalid_argument("header", reason)),
            None => Ok(&self.headers),
        }
    }

    pub(crate) fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

impl fmt::Debug for RequestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: the values may be secrets.
        f.debug_struct("RequestOptions")
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field(
                "query",
                &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The setters of a call that add to the settings of its client.
macro_rules! request_options {
    () => {
        /// Adds a header to this call.
        ///
        /// It replaces a header of the client with the same name.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.options.header(name.as_ref(), value.as_ref());
            self
        }

        /// Adds a query parameter to this call.
        ///
        /// It replaces parameters of the client with the same name.
        pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.options.query(name.into(), value.into());
            self
        }

        /// Sets the time-out of each attempt of this call.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.set_timeout(timeout);
            self
        }
    };
}

pub(crate) use request_options;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ids_are_read_from_the_end_of_the_path() {
        let id = |id: &str| Some(id.to_owned());
        for (template, path, thread_id, run_id) in [
            ("/threads/runs", "/v1/threads/runs", None, None),
            (
                "/threads/{thread_id}/runs",
                "/threads/threads/runs/threads/t%2F1/runs",
                id("t/1"),
                None,
            ),
            (
                "/threads/{thread_id}/runs/{run_id}/cancel",
                "/v1/threads/%C3%BC/runs/%ff/cancel",
                id("ü"),
                id("\u{fffd}"),
            ),
        ] {
            let expected = RunIds { thread_id, run_id };
            assert_eq!(run_ids(template, path), expected, "{path}");
        }
    }
}
