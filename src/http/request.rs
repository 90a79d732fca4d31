//! A request that is ready to be sent.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde::Serialize;
use serde_json::Value;

use crate::error::core::{Error, Result, RunIds};
use crate::http::config::Config;
#[cfg(feature = "files")]
use crate::http::form::Form;
use crate::http::operation_info::OperationInfo;
use crate::http::options::RequestOptions;
use crate::http::request_body::RequestBody;
use crate::http::retry_policy::RetryPolicy;
use crate::http::time_limits::TimeLimits;
#[cfg(feature = "files")]
use crate::http::upload::Upload;
use crate::json::secret::{self, Secret};

/// The media type of content that is returned as it is.
pub(crate) const CONTENT: &str = "*/*";
/// The media type of an event stream.
const EVENTS: &str = "text/event-stream";

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
#[derive(Clone)]
pub struct Request {
    pub(crate) config: Arc<Config>,
    pub(crate) info: &'static OperationInfo,
    pub(crate) options: RequestOptions,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The expected media type of the response.
    pub(crate) accept: &'static str,
    pub(crate) body: Option<RequestBody>,
    /// Counts the attempts of all requests with the same purpose, if there are several.
    pub(crate) total_attempts: Option<Arc<AtomicU32>>,
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
            total_attempts: None,
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
        let (json, secrets) = secret::collect(|| match self.options.extended(body) {
            None => serde_json::to_vec(body),
            Some(body) => body.and_then(|mut body| {
                // The method that is called determines whether the response is a stream.
                if self.accept == EVENTS {
                    body["stream"] = true.into();
                }
                serde_json::to_vec(&body)
            }),
        });
        let json = json.map_err(Error::serialize)?;
        if let Some(reason) = invalid_header(&json, &secrets) {
            return Err(Error::argument(reason));
        }
        if !secrets.is_empty() {
            self.options.body_secrets.extend(secrets);
        }
        self.body = Some(json.into());
        Ok(self)
    }

    /// Whether the request can be sent, also if it was sent before.
    pub(super) fn can_be_sent(&self) -> bool {
        self.body.as_ref().is_none_or(RequestBody::can_be_sent)
    }

    /// Sets the body: a form with a file, and the properties of an object as texts.
    #[cfg(feature = "files")]
    #[allow(dead_code, reason = "a document may have no uploads")]
    pub(crate) fn form(mut self, body: &impl Serialize, name: &str, file: Upload) -> Result<Self> {
        let (body, secrets) = secret::collect(|| {
            let extended = self.options.extended(body);
            extended.unwrap_or_else(|| serde_json::to_value(body))
        });
        let body = body.map_err(Error::serialize)?;
        if !secrets.is_empty() {
            self.options.body_secrets.extend(secrets);
        }
        let texts = body.as_object().into_iter().flatten();
        let form = texts.fold(Form::new(), |form, (name, value)| form.json(name, value));
        // Servers that process a form while they receive it need the other properties first.
        self.body = Some(RequestBody::Form(form.file(name, file)));
        Ok(self)
    }

    /// The headers of the client, then those of the call, which take precedence.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.config.headers.iter().chain(self.options.headers())
    }

    /// Returns a limit of the call, or else of the client.
    pub(crate) fn limit(&self, of: fn(&TimeLimits) -> Option<Duration>) -> Option<Duration> {
        of(&self.options.limits).or_else(|| of(&self.config.limits))
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        self.options.retry.as_ref().unwrap_or(&self.config.retry)
    }

    /// Whether the request is of an operation of the document, not a raw call.
    pub(crate) fn is_documented(&self) -> bool {
        !self.info.path.is_empty()
    }

    /// Whether sending the request twice has the same effect as sending it once.
    pub(crate) fn is_idempotent(&self) -> bool {
        self.info.is_idempotent || !self.is_documented() && self.method.is_idempotent()
    }

    /// The name in errors: the operation ID, or the method and path of a raw call.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        if self.is_documented() {
            self.info.id.into()
        } else {
            format!("{} {}", self.method, self.url.path()).into()
        }
    }

    /// Whether the body of the response is returned as it is.
    pub(super) fn expects_content(&self) -> bool {
        self.accept == CONTENT
    }

    /// The value of a path parameter, such as `{thread_id}`.
    pub(crate) fn path_parameter(&self, parameter: &str) -> Option<String> {
        path_parameter(self.info.path, self.url.path(), parameter)
    }

    /// The thread ID and run ID in the path.
    pub(crate) fn run_ids(&self) -> RunIds {
        RunIds {
            thread_id: self.path_parameter("{thread_id}"),
            run_id: self.path_parameter("{run_id}"),
        }
    }
}

/// Why a body is not sent: it has a secret header that no server could forward.
fn invalid_header(body: &[u8], secrets: &[Secret]) -> Option<String> {
    let has_control = |secret: &&Secret| secret.expose().contains(char::is_control);
    let mut invalid = secrets.iter().filter(has_control).peekable();
    invalid.peek()?;
    let body = serde_json::from_slice(body).unwrap_or_default();
    let name = invalid.find_map(|secret| header_with(&body, secret.expose()))?;
    Some(format!(
        "the header `{name}` in the body has a control character, such as a line break"
    ))
}

/// Returns the name of the header in a body with this value. Other secrets may have any text.
fn header_with<'a>(value: &'a Value, text: &str) -> Option<&'a str> {
    match value {
        Value::Object(properties) => properties.iter().find_map(|(name, value)| {
            let headers = value.as_object().filter(|_| name == "headers");
            let mut headers = headers.into_iter().flatten();
            match headers.find(|(_, value)| *value == text) {
                Some((header, _)) => Some(header.as_str()),
                None => header_with(value, text),
            }
        }),
        Value::Array(items) => items.iter().find_map(|item| header_with(item, text)),
        _ => None,
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
            let parameter = |name| path_parameter(template, path, name);
            assert_eq!(parameter("{thread_id}"), thread_id, "{path}");
            assert_eq!(parameter("{run_id}"), run_id, "{path}");
        }
    }
}
