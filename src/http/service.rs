//! The HTTP messages that the layers of the caller see, and the service that they call.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt};

use crate::http::operation_info::OperationInfo;

/// A request that a layer or a service of the caller receives.
///
/// It has the credentials and all headers of the call, and the absolute URL. Its extensions have
/// the [`CallInfo`].
///
/// # Examples
///
/// ```
/// use openai_assistants::HttpRequest;
///
/// /// The body is in memory, unless another layer has replaced it.
/// fn length(request: &HttpRequest) -> usize {
///     request.body().as_bytes().map_or(0, <[u8]>::len)
/// }
/// ```
pub type HttpRequest = http::Request<reqwest::Body>;

/// A response that a layer of the caller receives.
///
/// Its body is unread, also that of a stream.
///
/// # Examples
///
/// ```
/// use openai_assistants::HttpResponse;
///
/// fn is_stream(response: &HttpResponse) -> bool {
///     let media_type = response.headers().get("content-type");
///     media_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
/// }
/// ```
pub type HttpResponse = http::Response<reqwest::Body>;

/// The service that a layer of the caller calls: the next layer, and in the end reqwest.
///
/// [`ClientBuilder::layer`](crate::ClientBuilder::layer) has an example.
pub type HttpService = BoxCloneSyncService<HttpRequest, HttpResponse, BoxError>;

/// The call that a request belongs to, in the extensions of an [`HttpRequest`].
///
/// # Examples
///
/// ```
/// use openai_assistants::{CallInfo, HttpRequest};
///
/// fn label(request: &HttpRequest) -> String {
///     match request.extensions().get::<CallInfo>() {
///         Some(call) => format!("{} #{}", call.operation().id, call.attempt()),
///         None => request.uri().path().to_owned(),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CallInfo {
    pub(super) operation: &'static OperationInfo,
    pub(super) attempt: u32,
    pub(super) connect_timeout: Duration,
}

impl CallInfo {
    /// Returns the operation.
    ///
    /// That of a raw call has the ID `request`, and that of a look-up by `.once()` the ID `lookUp`.
    /// These two have no path.
    #[must_use]
    pub fn operation(&self) -> &'static OperationInfo {
        self.operation
    }

    /// Returns the number of the attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }
}

/// Erases the types of a service of the caller.
pub(crate) fn boxed<S, B>(service: S) -> HttpService
where
    S: Service<HttpRequest, Response = http::Response<B>> + Clone + Send + Sync + 'static,
    S: Service<HttpRequest, Error: Into<BoxError>, Future: Send + 'static>,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let service = service.map_response(|response: S::Response| {
        response.map(|body| reqwest::Body::wrap(SyncBody(Mutex::new(Box::pin(body)))))
    });
    HttpService::new(service.map_err(Into::into))
}

/// A body that is `Sync`, as reqwest requires and those of axum are not. The mutex is never locked.
struct SyncBody<B>(Mutex<Pin<Box<B>>>);

impl<B: Body> Body for SyncBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let body = self.get_mut().0.get_mut();
        let body = body.unwrap_or_else(PoisonError::into_inner);
        body.as_mut().poll_frame(context)
    }
}
