//! A tower layer that records exchanges.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, HttpBody};
use axum::http::{Request, Response, header};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use tower_layer::Layer;
use tower_service::Service;

use crate::record::line::{Line, Secrets};

/// A [`tower`](https://docs.rs/tower) layer that writes each exchange as a line of JSON.
///
/// It records a client (`ClientBuilder::layer` of `openai-assistants`) or a server.
///
/// A line has `method`, `path`, `request_headers`, `request`, `status`, `content_type`,
/// `response_headers` and `response`; bodies are text. It is written when the body of the response
/// ends or is dropped, with what was read of it. [`Replay`](crate::Replay) answers from such
/// lines.
///
/// Values of headers and query parameters are written as `***`, also where a header, the path or a
/// body repeats them. Exceptions are those that are known to hold no secrets, such as `content-type`
/// and `limit`, unless they are [marked sensitive](axum::http::HeaderValue::is_sensitive). Other
/// content of bodies is written as it is. Lines that cannot be written are lost.
///
/// # Examples
///
/// ```
/// use axum::body::Body;
/// use axum::http::Request;
/// use openai_assistants_fake::{Fake, Recorder};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let fake = Fake::builder().service()?;
/// let mut recorded = Recorder::new(std::io::stdout()).layer(fake);
/// let response = recorded.call(Request::get("/v1/assistants").body(Body::empty())?).await?;
/// drop(response); // prints a line
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<dyn Write + Send>>);

impl Recorder {
    /// Creates a recorder that writes to a file or another writer.
    pub fn new(lines: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(lines)))
    }

    fn write(&self, line: &Line) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(line) = serde_json::to_string(line) {
            let _ = writeln!(lines, "{line}").and_then(|()| lines.flush());
        }
    }
}

impl<S> Layer<S> for Recorder {
    type Service = Recorded<S>;

    fn layer(&self, inner: S) -> Recorded<S> {
        Recorded {
            inner,
            recorder: self.clone(),
        }
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// A service whose exchanges a [`Recorder`] writes.
#[derive(Clone, Debug)]
pub struct Recorded<S> {
    inner: S,
    recorder: Recorder,
}

impl<S, B, R> Service<Request<B>> for Recorded<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + From<Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that is ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let recorder = self.recorder.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(Into::into)?.to_bytes();
            let mut secrets = Secrets::of_request(&head);
            let line = Line::of_request(&head, &body, &secrets);
            let request = Request::from_parts(head, B::from(body));
            let response = inner.call(request).await.map_err(Into::into)?;
            secrets.add_headers(response.headers());
            let response_headers = secrets.redact_headers(response.headers());
            let content_type = response_headers.get(header::CONTENT_TYPE.as_str());
            let mut unfinished = Unfinished {
                recorder,
                line: Line {
                    status: response.status().as_u16(),
                    content_type: content_type.cloned().unwrap_or_default(),
                    response_headers,
                    ..line
                },
                secrets,
                response: Vec::new(),
            };
            Ok(response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    if let Some(data) = frame.data_ref() {
                        unfinished.response.extend_from_slice(data);
                    }
                    frame
                }))
            }))
        })
    }
}

/// An exchange whose response is being read. It is written when it is dropped with the body.
struct Unfinished {
    recorder: Recorder,
    line: Line,
    secrets: Secrets,
    response: Vec<u8>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.line.response = self.secrets.redact(&self.response);
        self.recorder.write(&self.line);
    }
}
