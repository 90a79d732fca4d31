//! Traits of generated request builders, and the functions that send them.

#[cfg(feature = "files")]
use bytes::Bytes;
use futures_util::future::Either;
use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "files")]
use crate::client::download::Download;
use crate::client::once;
use crate::error::core::{Error, Result};
use crate::http::operation_info::OperationInfo;
use crate::http::path;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::sealed::Sealed;
use crate::http::stack;
use crate::sse::stream::{EventStream, StreamEvent};

/// A call that can be sent: the request builder of an operation.
///
/// Only the request builders of the operations implement it.
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
    /// The body of a successful response.
    type Output: Send + 'static;

    /// Static metadata from the document.
    const INFO: &'static OperationInfo;

    /// Builds the request. Nothing is sent.
    ///
    /// # Errors
    /// An argument is missing or invalid.
    fn into_request(self) -> Result<Request>;
}

/// An operation that can also respond with a stream of events.
///
/// Its request builder has the method `stream`.
///
/// # Examples
///
/// ```
/// use openai_assistants::types::CreateRunRequest;
/// use openai_assistants::{Client, StreamingOperation};
///
/// let client = Client::builder().base_url("http://localhost/v1").api_key("sk-test").build()?;
/// let run = CreateRunRequest::builder().assistant_id("asst_1");
/// client.create_run().thread_id("thread_1").body(run).into_stream_request()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
pub trait StreamingOperation: Operation {
    /// An event of the stream.
    type Event: StreamEvent;

    /// Builds the request for a stream. Nothing is sent.
    ///
    /// # Errors
    /// An argument is missing or invalid.
    fn into_stream_request(self) -> Result<Request>;
}

/// Builds the request of an operation. Errors have the operation ID.
pub(crate) fn request<O: Operation>(operation: O) -> Result<Request> {
    operation
        .into_request()
        .map_err(|error| error.in_operation(O::INFO.id, 0))
}

/// Builds the request of an operation for a stream. Errors have the operation ID.
pub(crate) fn stream_request<O: StreamingOperation>(operation: O) -> Result<Request> {
    operation
        .into_stream_request()
        .map_err(|error| error.in_operation(O::INFO.id, 0))
}

/// Sends an operation and deserializes the response.
pub(crate) async fn send<O>(operation: O) -> Result<O::Output>
where
    O: Operation<Output: DeserializeOwned>,
{
    // In two statements, so that the future has no room for the request.
    let sent = send_request(request(operation)?);
    sent.await.map(Response::into_inner)
}

/// Sends an operation and deserializes the response, with its metadata.
pub(crate) async fn send_response<O>(operation: O) -> Result<Response<O::Output>>
where
    O: Operation<Output: DeserializeOwned>,
{
    // In two statements, as above.
    let sent = send_request(request(operation)?);
    sent.await
}

/// Sends an operation whose response is the content of a file.
#[cfg(feature = "files")]
#[allow(dead_code, reason = "a document may have no files")]
pub(crate) async fn download<O: Operation<Output = Download>>(operation: O) -> Result<Download> {
    Download::open(request(operation)?).await
}

/// Sends an operation and returns the body of the response.
#[cfg(feature = "files")]
#[allow(dead_code, reason = "a document may have no files")]
pub(crate) async fn bytes<O: Operation<Output = Download>>(operation: O) -> Result<Bytes> {
    let response = stack::receive_bytes(request(operation)?).await;
    response.map(Response::into_inner)
}

/// Sends a request and deserializes the response. The call and its span start here, not with the first poll.
///
/// It is not an async function, whose future would have room for the request.
pub(crate) fn send_request<T: DeserializeOwned>(
    request: Request,
) -> impl Future<Output = Result<Response<T>>> {
    match request.options.once {
        // Boxed: the future of every call would have to hold it.
        true => Either::Left(Box::pin(once::send(request))),
        false => Either::Right(stack::receive(request)),
    }
}

/// Sends a request and opens the stream of its response.
pub(crate) async fn open_events<E: StreamEvent>(request: Request) -> Result<EventStream<E>> {
    match request.options.once {
        true => Box::pin(once::open(request)).await,
        false => EventStream::open(request).await,
    }
}

/// Sends an operation and opens the stream of its response.
pub(crate) async fn open_stream<O: StreamingOperation>(
    operation: O,
) -> Result<EventStream<O::Event>> {
    open_events(stream_request(operation)?).await
}

/// Returns a required argument.
pub(crate) fn argument<T>(name: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        let or_with = if name == "body" {
            " or `.with(…)`"
        } else {
            ""
        };
        Error::argument(format!("`{name}` is not set: call `.{name}(…)`{or_with}"))
    })
}

/// Encodes a required argument as a path segment.
pub(crate) fn path_segment(name: &str, value: Option<String>) -> Result<String> {
    path::segment(name, &argument(name, value)?)
}

/// A request body that requests a stream.
#[derive(Serialize)]
pub(crate) struct Streamed<'a, T> {
    #[serde(flatten)]
    body: &'a T,
    stream: bool,
}

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
    fn a_stream_is_requested_in_the_body() {
        let body = |body: Value| serde_json::to_value(Streamed::new(&body)).unwrap();
        assert_eq!(
            body(json!({"model": "m"})),
            json!({"model": "m", "stream": true})
        );
        assert_eq!(body(json!({"stream": false})), json!({"stream": true}));
    }
}
