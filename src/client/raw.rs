//! Raw calls: any method and path, beyond the operations of the document.

use std::fmt;

use bytes::Bytes;
use http::{HeaderValue, Method};
use reqwest::Url;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::core::Client;
#[cfg(feature = "files")]
use crate::client::download::Download;
use crate::client::operation;
use crate::error::core::{Error, Result};
#[cfg(feature = "files")]
use crate::http::form::Form;
use crate::http::operation_info::OperationInfo;
use crate::http::options::{RequestOptions, request_options};
use crate::http::path;
use crate::http::request::{CONTENT, Request};
use crate::http::request_body::RequestBody;
use crate::http::response::Response;
use crate::http::sealed::Sealed;
use crate::http::stack;
use crate::json::secret;
use crate::sse::event;
use crate::sse::run_state::RunState;
use crate::sse::stream::{EventStream, StreamEvent};

/// Without a path: raw calls are not in the document.
pub(super) const INFO: &OperationInfo = &OperationInfo {
    id: "request",
    method: "",
    path: "",
    is_idempotent: false,
};

/// A call of any method and path, for server-specific operations.
///
/// Created by [`Client::request`]. Credentials, headers, query parameters, time-outs, retries,
/// redirects and errors are those of every other call.
///
/// # Examples
///
/// A list of threads, which some servers have:
///
/// ```no_run
/// use openai_assistants::types::ThreadObject;
/// use openai_assistants::{Client, Method, Result};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Threads {
///     data: Vec<ThreadObject>,
///     last_id: Option<String>,
///     has_more: bool,
/// }
///
/// async fn threads(client: &Client, after: Option<&str>) -> Result<Threads> {
///     let mut call = client.request(Method::GET, "/threads").query("limit", "100");
///     if let Some(after) = after {
///         call = call.query("after", after);
///     }
///     call.send().await
/// }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until `send` or `stream` is called"]
pub struct RawRequest {
    client: Client,
    method: Method,
    /// Relative to the base URL; or why it is invalid.
    path: Result<String, String>,
    body: Option<Result<RequestBody, String>>,
    pub(super) options: RequestOptions,
}

impl Client {
    /// Creates a call of any method and path.
    ///
    /// The path is relative to the base URL and is sent unchanged, such as `/vector_stores`. Add
    /// values to the path with [`segment`](RawRequest::segment) and to the query with
    /// [`query`](RawRequest::query). Sending fails if the path could leave the base URL.
    ///
    /// ```no_run
    /// use openai_assistants::{Client, Method, Result};
    /// use serde_json::{Value, json};
    ///
    /// # async fn example(client: Client, store_id: &str) -> Result<()> {
    /// let file = client
    ///     .request(Method::POST, "/vector_stores")
    ///     .segment(store_id)
    ///     .segment("files")
    ///     .json(&json!({ "file_id": "file_1" }))
    ///     .send::<Value>()
    ///     .await?;
    /// println!("{}", file["id"]);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "upload")]
    pub fn request(&self, method: Method, path: impl AsRef<str>) -> RawRequest {
        let path = path.as_ref();
        RawRequest {
            client: self.clone(),
            method,
            path: check_path(self.base_url(), path.strip_prefix('/').unwrap_or(path)),
            body: None,
            options: RequestOptions::default(),
        }
    }
}

/// Returns the path if URL parsing leaves it unchanged.
fn check_path(base: &str, path: &str) -> Result<String, String> {
    if path.split('/').any(str::is_empty) {
        return Err(
            "it is empty, an absolute URL, or has an empty segment: pass a path relative to the base URL, such \
             as `/threads`, and add IDs with `segment`"
                .to_owned(),
        );
    }
    let path = format!("/{path}");
    let url = format!("{base}{path}");
    // A path that the parser changes would address something else.
    match Url::parse(&url) {
        Ok(parsed) if parsed.as_str() == url && parsed.query().is_none() && parsed.fragment().is_none() => {
            Ok(path)
        }
        _ => Err(
            "it has `..`, `?`, `#` or a character that must be encoded: add IDs with `segment` and parameters \
             with `query`"
                .to_owned(),
        ),
    }
}

impl RawRequest {
    /// Adds a segment to the path, such as an ID, percent-encoded.
    ///
    /// Sending fails if it would address another resource: if it is empty, `.` or `..`.
    pub fn segment(mut self, segment: impl AsRef<str>) -> Self {
        if let Ok(path) = &mut self.path {
            match path::segment("segment", segment.as_ref()) {
                Ok(segment) => {
                    path.push('/');
                    path.push_str(&segment);
                }
                Err(error) => self.path = Err(error.message().to_owned()),
            }
        }
        self
    }

    request_options!();

    /// Sets the body, which is serialized as JSON.
    ///
    /// For a [`stream`](Self::stream) add `"stream": true` if the server requires it. Errors do not
    /// repeat texts of the type [`Secret`](crate::Secret).
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        let (json, secrets) = secret::collect(|| serde_json::to_vec(body));
        let reason = |error| format!("`json`: it cannot be serialized as JSON: {error}");
        self.body = Some(json.map(RequestBody::from).map_err(reason));
        if !secrets.is_empty() {
            self.options.body_secrets = secrets;
        }
        self
    }

    /// Sets the body to bytes of a media type, such as `text/plain`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// use openai_assistants::Method;
    ///
    /// let call = client.request(Method::PUT, "/notes").segment("1");
    /// call.body("Oslo has 12 °C.", "text/plain").send::<()>().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn body(mut self, body: impl Into<Bytes>, content_type: impl AsRef<str>) -> Self {
        let content_type = HeaderValue::from_str(content_type.as_ref());
        let body = content_type.map(|content_type| RequestBody::Bytes {
            bytes: body.into(),
            content_type,
        });
        self.body =
            Some(body.map_err(|_| "`content_type`: it has an invalid character".to_owned()));
        self
    }

    /// Sets the body to a form with files.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// use openai_assistants::{Form, Method, Upload};
    /// use serde_json::Value;
    ///
    /// let form = Form::new().text("model", "whisper-1").file("file", Upload::path("talk.mp3"));
    /// let call = client.request(Method::POST, "/audio/transcriptions").form(form);
    /// println!("{}", call.send::<Value>().await?["text"]);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "files")]
    pub fn form(mut self, form: Form) -> Self {
        self.body = Some(Ok(RequestBody::Form(form)));
        self
    }

    /// Sends the call and deserializes the JSON of the response.
    ///
    /// An empty body, such as that of a 204, deserializes like `null`: as `()` or an `Option`.
    ///
    /// # Errors
    /// The path, a header or the body is invalid, the request failed, or the response cannot be
    /// deserialized.
    pub async fn send<T: DeserializeOwned>(self) -> Result<T> {
        self.send_response().await.map(Response::into_inner)
    }

    /// Like [`send`](Self::send), with the metadata of the response.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_response<T: DeserializeOwned>(self) -> Result<Response<T>> {
        operation::send_request(self.into_request("application/json")?).await
    }

    /// Sends the call and returns the body of the response, within the
    /// [limit](crate::SizeLimits::body).
    ///
    /// A body with a content encoding is an error: the client requests content without one.
    ///
    /// # Errors
    /// The path, a header or the body is invalid, or the request failed.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let call = client.request(openai_assistants::Method::GET, "/files/file_1/content");
    /// let response = call.send_bytes().await?;
    /// println!("{} bytes", response.into_inner().len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_bytes(self) -> Result<Response<Bytes>> {
        stack::receive_bytes(self.into_request(CONTENT)?).await
    }

    /// Sends the call and returns the response with its body unread.
    ///
    /// # Errors
    /// As [`send_bytes`](Self::send_bytes).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let call = client.request(openai_assistants::Method::GET, "/files/file_1/content");
    /// call.download().await?.to_path("report.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "files")]
    pub async fn download(self) -> Result<Download> {
        Download::open(self.into_request(CONTENT)?).await
    }

    /// Sends the call and opens the event stream of the response.
    ///
    /// The stream ends after `[DONE]` or with the connection. As on every [`EventStream`], it is an
    /// error if the connection ends while a run of the events is active.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use openai_assistants::{Client, Method, Result};
    /// use serde_json::{Value, json};
    ///
    /// # async fn example(client: Client) -> Result<()> {
    /// let call = client.request(Method::POST, "/chat/completions");
    /// let mut events = call.json(&json!({ "model": "m", "stream": true })).stream().await?;
    /// while let Some(event) = events.try_next().await? {
    ///     if event.data != "[DONE]" {
    ///         println!("{}", event.json::<Value>()?);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "sse")]
    pub async fn stream(self) -> Result<EventStream<RawEvent>> {
        EventStream::open(self.into_request("text/event-stream")?).await
    }

    pub(super) fn into_request(self, accept: &'static str) -> Result<Request> {
        self.build_request(accept)
            .map_err(|error| error.in_operation(INFO.id, 0))
    }

    fn build_request(self, accept: &'static str) -> Result<Request> {
        let path = self
            .path
            .map_err(|reason| Error::invalid_argument("path", reason))?;
        let config = self.client.config().clone();
        let path = format!("{}{path}", config.base_path());
        let mut request = Request::new(config, INFO, self.options, self.method, &path, accept);
        if let Some(body) = self.body {
            request.body = Some(body.map_err(Error::argument)?);
        }
        Ok(request)
    }
}

impl fmt::Debug for RawRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the body, which may contain personal data.
        f.debug_struct("RawRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// An event of a stream, as received.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// let call = client.request(openai_assistants::Method::GET, "/events");
/// let mut events = call.stream().await?;
/// while let Some(event) = events.try_next().await? {
///     println!("{}: {}", event.event, event.data);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawEvent {
    /// Name of the event, or empty if it has no name.
    ///
    /// The final `[DONE]` always has the name `done`.
    pub event: String,
    /// Data of the event, usually JSON.
    pub data: String,
}

impl RawEvent {
    /// Deserializes the data as JSON.
    ///
    /// # Errors
    /// The data is not JSON, or of another type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        event::deserialize(&self.event, &self.data)
    }
}

impl Sealed for RawEvent {}

impl StreamEvent for RawEvent {
    fn decode(event: &str, data: &str) -> Result<Self> {
        Ok(Self {
            event: event.to_owned(),
            data: data.to_owned(),
        })
    }

    /// Returns `None`: the reader parses the data for it.
    fn run_state(&self) -> Option<RunState<'_>> {
        None
    }
}
