//! A tower service that answers from a recording.

use std::io;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use serde_json::Value;
use tower_service::Service;

use crate::record::line::{Line, Secrets};

/// Headers that describe the recorded connection, or a length that redaction may have changed.
const OF_CONNECTION: [&str; 3] = ["connection", "content-length", "transfer-encoding"];

/// A [`tower`](https://docs.rs/tower) service that answers from the lines of a
/// [`Recorder`](crate::Recorder).
///
/// Each line answers one request: the first that is left with the same method, path with query,
/// and body, all without secrets. A request without one is an error of the kind [`NotFound`](io::ErrorKind::NotFound).
/// Clones share the lines. It is the `http_service` of a client of `openai-assistants`.
///
/// # Examples
///
/// ```
/// use axum::body::Body;
/// use axum::http::Request;
/// use openai_assistants_fake::Replay;
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let line = r#"{"method":"GET","path":"/v1/threads/t1","status":200,"response":"{\"id\":\"t1\"}"}"#;
/// let mut replay: Replay = line.parse()?;
/// let request = || Request::get("/v1/threads/t1").body(Body::empty());
/// assert_eq!(replay.call(request()?).await?.status(), 200);
/// assert!(replay.call(request()?).await.is_err()); // there is no second line
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Replay(Arc<Mutex<Vec<Line>>>);

impl FromStr for Replay {
    type Err = serde_json::Error;

    fn from_str(lines: &str) -> Result<Self, serde_json::Error> {
        let lines = lines.lines().filter(|line| !line.trim().is_empty());
        let lines = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self(Arc::new(Mutex::new(lines))))
    }
}

impl Replay {
    fn answer(&self, request: &Line, secrets: &Secrets) -> io::Result<Response<Body>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A line may contain what is a secret of this request only.
        let is_next = |line: &Line| {
            line.method == request.method
                && secrets.redact_target(&line.path) == request.path
                && is_same(&secrets.redact(line.request.as_bytes()), &request.request)
        };
        let Line { method, path, .. } = request;
        match lines.iter().position(is_next) {
            Some(index) => Ok(response(lines.remove(index))),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("the recording has no further {method} {path} with this body"),
            )),
        }
    }
}

/// Whether two bodies are the same JSON, or else the same text.
fn is_same(left: &str, right: &str) -> bool {
    let json = |body| serde_json::from_str::<Value>(body).ok();
    left == right || json(left).is_some_and(|left| Some(left) == json(right))
}

fn response(line: Line) -> Response<Body> {
    let mut headers = HeaderMap::new();
    let content_type = ("content-type".to_owned(), line.content_type);
    let first = Some(content_type).filter(|(_, value)| !value.is_empty());
    for (name, value) in first.into_iter().chain(line.response_headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_str(&name), HeaderValue::from_str(&value))
            && !OF_CONNECTION.contains(&name.as_str())
        {
            headers.insert(name, value);
        }
    }
    let mut response = Response::new(Body::from(line.response));
    *response.status_mut() = StatusCode::from_u16(line.status).unwrap_or_default();
    *response.headers_mut() = headers;
    response
}

impl<B> Service<Request<B>> for Replay
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Response<Body>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let replay = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
            let secrets = Secrets::of_request(&head);
            replay.answer(&Line::of_request(&head, &body, &secrets), &secrets)
        })
    }
}
