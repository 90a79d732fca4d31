//! What a generated operation builder has to know, and how it is sent.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::codec;
use crate::error::{Error, Head, Result, RunPlace, request_id};
use crate::transport::{self, Answer};

/// What a path segment carries as it is: the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A server that has seen the key before repeats its answer.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What only this crate implements, so that methods can be added.
pub trait Sealed {}

/// A call that can be sent: the builder of an operation, with its arguments.
///
/// The builders of the operations implement this, and nothing else.
///
/// # Examples
///
/// ```
/// use openai_assistants::Operation;
///
/// fn name<O: Operation>(_: &O) -> &'static str {
///     O::INFO.id
/// }
/// ```
pub trait Operation: Sealed + Sized + Send + 'static {
    /// What the server answers with.
    type Output: DeserializeOwned + Send + 'static;

    /// What the document says of it.
    const INFO: &'static OperationInfo;

    /// Puts the request together. Nothing is sent.
    ///
    /// # Errors
    /// An argument is missing or cannot be used.
    fn into_request(self) -> Result<Request>;
}

/// An operation that can answer with a stream of events as well.
pub trait StreamingOperation: Operation {
    /// One event of the stream.
    type Event: crate::stream::StreamEvent;

    /// Puts the request for the stream together. Nothing is sent.
    ///
    /// # Errors
    /// An argument is missing or cannot be used.
    fn into_stream_request(self) -> Result<Request>;
}

/// Where an operation stands in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// Its name, such as `createRun`.
    pub id: &'static str,
    /// Its method, such as `POST`.
    pub method: &'static str,
    /// Its path with the parameters in braces, such as `/threads/{thread_id}/runs`.
    pub path: &'static str,
}

/// A request that is ready to be sent. `Debug` shows no secret.
pub struct Request {
    pub(crate) client: Client,
    pub(crate) info: &'static OperationInfo,
    pub(crate) options: RequestOptions,
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// The type of the answer that it asks for.
    pub(crate) accept: &'static str,
    /// JSON. Bytes, never a stream, so that every request can be sent again.
    pub(crate) body: Option<Bytes>,
}

impl Request {
    /// A request for a path, which is encoded and begins with the one of the base URL.
    pub(crate) fn new(
        client: Client,
        info: &'static OperationInfo,
        options: RequestOptions,
        method: Method,
        path: &str,
        accept: &'static str,
    ) -> Self {
        // To parse all of the URL would be a tenth of a small call.
        let mut url = client.config().base_url.clone();
        url.set_path(path);
        Self {
            client,
            info,
            options,
            method,
            url,
            accept,
            body: None,
        }
    }

    /// Adds arguments to the query.
    pub(crate) fn query(mut self, pairs: &[(&str, String)]) -> Self {
        if !pairs.is_empty() {
            self.url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }

    /// Sets the body.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(body).map_err(Error::from_build)?;
        self.body = Some(json.into());
        Ok(self)
    }

    /// The headers of the client, then those of the call, which win.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let configured = &self.client.config().headers;
        configured.iter().chain(&self.options.headers)
    }

    /// Whether the document has its operation, so that it is known what it answers with.
    pub(crate) fn is_of_document(&self) -> bool {
        !self.info.path.is_empty()
    }

    /// What errors call it: the name of its operation, or else its method and path.
    pub(crate) fn name(&self) -> Cow<'static, str> {
        if self.is_of_document() {
            self.info.id.into()
        } else {
            format!("{} {}", self.method, self.url.path()).into()
        }
    }

    /// The thread and the run that its path names.
    pub(crate) fn place(&self) -> RunPlace {
        RunPlace::new(
            self.path_argument("thread_id"),
            self.path_argument("run_id"),
        )
    }

    /// The argument that takes the place of a parameter of the path. The base URL may
    /// have a path of its own, so segments are counted from the end.
    fn path_argument(&self, parameter: &str) -> Option<String> {
        let template = self.info.path.rsplit('/');
        let segments = self.url.path().rsplit('/');
        let (_, segment) = template.zip(segments).find(|(name, _)| {
            let name = name
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'));
            name == Some(parameter)
        })?;
        let text = percent_decode_str(segment).decode_utf8_lossy();
        Some(text.into_owned())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("info", self.info)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// What a single call adds to the settings of its client.
#[derive(Clone, Default)]
pub(crate) struct RequestOptions {
    headers: HeaderMap,
    query: Vec<(String, String)>,
    timeout: Option<Duration>,
    /// Of headers that the body carries for another server: errors must not repeat them.
    in_body: Vec<HeaderValue>,
    /// The first header that cannot be sent.
    mistake: Option<String>,
}

impl RequestOptions {
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match crate::config::header(name, value) {
            Ok((name, value)) => drop(self.headers.insert(name, value)),
            Err(reason) => drop(self.mistake.get_or_insert(reason)),
        }
    }

    /// Tells of a header that the body carries.
    #[cfg(feature = "foundry")]
    pub(crate) fn header_in_body(&mut self, name: &str, value: &str) {
        match crate::config::header(name, value) {
            Ok((_, value)) => self.in_body.push(value),
            Err(reason) => drop(self.mistake.get_or_insert(reason)),
        }
    }

    pub(crate) fn values_in_body(&self) -> &[HeaderValue] {
        &self.in_body
    }

    /// The same for another call. What identifies one call is not repeated.
    pub(crate) fn for_another_call(&self) -> Self {
        let mut options = self.clone();
        options.headers.remove(IDEMPOTENCY_KEY);
        options
    }

    pub(crate) fn query(&mut self, name: String, value: String) {
        self.query.push((name, value));
    }

    pub(crate) fn timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// The headers of the call, if all of them can be sent.
    pub(crate) fn checked_headers(&self) -> Result<&HeaderMap> {
        match &self.mistake {
            Some(reason) => Err(Error::invalid_argument("header", reason)),
            None => Ok(&self.headers),
        }
    }

    pub(crate) fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }

    pub(crate) fn time_limit(&self) -> Option<Duration> {
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

/// The methods of a handwritten call that add to the settings of its client.
macro_rules! options {
    () => {
        /// Adds a header to this call, in place of a configured one of that name.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.options.header(name.as_ref(), value.as_ref());
            self
        }

        /// Adds a query parameter to this call, in place of configured ones of that name.
        pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.options.query(name.into(), value.into());
            self
        }

        /// Limits how long each attempt of this call may take.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.timeout(timeout);
            self
        }
    };
}

pub(crate) use options;

/// An answer with what came along with it. It dereferences to the answer itself.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// let thread = client.create_thread().send_response().await?;
/// println!("{} is request {:?}", thread.id, thread.request_id());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    status: StatusCode,
    headers: HeaderMap,
    attempts: u32,
}

impl<T> Response<T> {
    /// The answer by itself.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The id that the server gave to the call.
    pub fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    /// How many times the request was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl<T> Deref for Response<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers may carry cookies.
        f.debug_struct("Response")
            .field("value", &self.value)
            .field("status", &self.status)
            .field("request_id", &self.request_id())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// Sends an operation and decodes its answer.
pub(crate) async fn send<O: Operation>(operation: O) -> Result<O::Output> {
    let answer = receive(&mut request(operation)?).await;
    answer.map(Response::into_inner)
}

/// Sends an operation, decodes its answer, and keeps what came along.
pub(crate) async fn send_response<O: Operation>(operation: O) -> Result<Response<O::Output>> {
    receive(&mut request(operation)?).await
}

/// The request of an operation; its errors say which operation it is.
pub(crate) fn request<O: Operation>(operation: O) -> Result<Request> {
    operation
        .into_request()
        .map_err(|error| error.at(O::INFO.id, 0))
}

/// Sends a request and decodes its answer.
pub(crate) async fn send_request<T: DeserializeOwned>(mut request: Request) -> Result<Response<T>> {
    receive(&mut request).await
}

/// Each future that takes a request by value would copy it on the way.
async fn receive<T: DeserializeOwned>(request: &mut Request) -> Result<Response<T>> {
    let answer = transport::send(request).await?;
    decode(request, answer)
}

fn decode<T: DeserializeOwned>(request: &Request, answer: Answer) -> Result<Response<T>> {
    let Answer {
        head: Head { status, headers },
        body,
        attempts,
    } = answer;
    // 204 and the like.
    let json = if body.is_empty() {
        Cow::Borrowed("null")
    } else {
        codec::text(&body)
    };
    match serde_json::from_str(&json) {
        Ok(value) => Ok(Response {
            value,
            status,
            headers,
            attempts,
        }),
        Err(error) => {
            let error = Error::decode(Head { status, headers }, &body, error);
            Err(error.at(request.name(), attempts))
        }
    }
}

/// An argument that the call cannot do without.
pub(crate) fn argument<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::invalid_argument(name, format_args!("it is not set: call `.{name}(…)`"))
    })
}

/// An id as a segment of a path. What would address another resource is refused.
pub(crate) fn path_segment(name: &str, value: Option<String>) -> Result<String> {
    let value = argument(name, value)?;
    match value.as_str() {
        "." | ".." => Err(Error::invalid_argument(
            name,
            format_args!("`{value}` would address another resource"),
        )),
        _ if value.trim().is_empty() => Err(Error::invalid_argument(
            name,
            "it is empty, which would address another resource",
        )),
        _ => Ok(encode_segment(&value)),
    }
}

/// A text as it stands between two slashes of a path.
pub(crate) fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A request body that asks for a stream.
#[cfg_attr(
    not(assistants_schema = "AssistantStreamEvent"),
    allow(dead_code, reason = "nothing streams")
)]
#[derive(Serialize)]
pub(crate) struct Streamed<'a, T> {
    #[serde(flatten)]
    body: &'a T,
    stream: bool,
}

#[cfg_attr(
    not(assistants_schema = "AssistantStreamEvent"),
    allow(dead_code, reason = "nothing streams")
)]
impl<'a, T> Streamed<'a, T> {
    pub(crate) fn new(body: &'a T) -> Self {
        Self { body, stream: true }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn ids_stand_in_the_path() {
        let place = |path: &'static str, url: &str| {
            let client = Client::builder()
                .base_url("http://localhost")
                .api_key("any");
            let client = client.build().expect("the settings are good");
            let info = Box::leak(Box::new(OperationInfo {
                id: "any",
                method: "GET",
                path,
            }));
            let options = RequestOptions::default();
            let request = Request::new(client, info, options, Method::GET, url, "any");
            request.query(&[("a", "b".to_owned())]).place()
        };
        let id = |id: &str| Some(id.to_owned());
        for (path, url, thread_id, run_id) in [
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
            assert_eq!(place(path, url), RunPlace::new(thread_id, run_id), "{url}");
        }
    }

    #[test]
    fn a_path_goes_on_where_the_base_url_ends() {
        for base in [
            "http://host",
            "http://host/",
            "http://host:81/v1//",
            "http://host//a%20b;c/ü",
        ] {
            let client = Client::builder().base_url(base).api_key("any");
            let client = client.build().expect("the settings are good");
            let call = client.get_thread().thread_id("t/ü?#");
            let request = call.into_request().expect("the arguments are good");
            let url = format!("{}/threads/t%2F%C3%BC%3F%23", client.base_url());
            assert_eq!(request.url.as_str(), url);
            assert_eq!(Url::parse(&url), Ok(request.url));
        }
    }

    #[test]
    fn ids_are_encoded() {
        for (id, segment) in [
            ("thread_abc-1.2~", "thread_abc-1.2~"),
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("../x", "..%2Fx"),
            ("%2e%2e", "%252e%252e"),
            ("ü", "%C3%BC"),
            ("...", "..."),
        ] {
            assert_eq!(path_segment("id", Some(id.to_owned())).unwrap(), segment);
        }
    }

    #[test]
    fn ids_that_address_something_else_are_refused() {
        for id in ["", " ", "\t\n", ".", ".."] {
            let error = path_segment("thread_id", Some(id.to_owned())).expect_err("it is refused");
            assert!(error.is_invalid_argument());
            assert!(error.to_string().contains("`thread_id`"), "{error}");
        }
    }

    #[test]
    fn a_stream_is_asked_for_in_the_body() {
        let body = |body: Value| serde_json::to_value(Streamed::new(&body)).unwrap();
        assert_eq!(
            body(json!({"model": "m"})),
            json!({"model": "m", "stream": true})
        );
        assert_eq!(body(json!({"stream": false})), json!({"stream": true}));
    }

    #[test]
    fn options_show_names_only() {
        let mut options = RequestOptions::default();
        options.header("x-token", "hush");
        options.query("sig".to_owned(), "hush".to_owned());
        let text = format!("{options:?}");
        assert!(
            text.contains("x-token") && text.contains("sig") && !text.contains("hush"),
            "{text}"
        );
    }
}
