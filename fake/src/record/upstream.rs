//! A tower service that forwards requests to another server.

use std::task::{Context, Poll};

use axum::BoxError;
use axum::body::Body;
use axum::http::{Request, Response};
use futures_util::future::BoxFuture;
use http_body_util::BodyExt;
use tower_service::Service;

/// Headers of the connection to the client, and the codings that it understands: a recording is
/// text.
const OF_CONNECTION: [&str; 5] = [
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "transfer-encoding",
];

/// A [`tower`](https://docs.rs/tower) service that forwards requests to another server.
///
/// A leading `/v1` of a path stands for the base URL of that server.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::{Recorder, Upstream};
/// use tower_layer::Layer;
///
/// let upstream = Upstream::new("http://127.0.0.1:8000/v1")?;
/// let recorded = Recorder::new(std::io::stdout()).layer(upstream);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Upstream {
    base_url: String,
    client: reqwest::Client,
}

impl Upstream {
    /// Creates a service for a server.
    ///
    /// # Errors
    /// The base URL is not a URL, or there is no TLS.
    pub fn new(base_url: &str) -> Result<Self, BoxError> {
        reqwest::Url::parse(base_url)?;
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            client: client.build()?,
        })
    }
}

impl Service<Request<Body>> for Upstream {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let target = head
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        let target = target.strip_prefix("/v1").unwrap_or(target);
        let url = format!("{}{target}", self.base_url);
        for name in OF_CONNECTION {
            head.headers.remove(name);
        }
        let request = self.client.request(head.method, url).headers(head.headers);
        Box::pin(async move {
            let body = body.collect().await?.to_bytes();
            let response = request.body(body).send().await?;
            let mut response = Response::from(response).map(Body::new);
            response.headers_mut().remove("connection");
            response.headers_mut().remove("transfer-encoding");
            Ok(response)
        })
    }
}
