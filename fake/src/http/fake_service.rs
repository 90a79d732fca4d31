//! The server as a tower service, without a socket.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::Map;
use serde_json::{Value, json};
use tokio::sync::watch;
use tower_service::Service;

use crate::http::app::App;
use crate::http::service::{Lost, router};
use crate::spec::document::Dialect;

/// The key of clients if the server accepts any key.
const ANY_KEY: &str = "fake-key";

/// The fake server as a [`tower`](https://docs.rs/tower) service, without a socket.
///
/// Clones share their state. A response that is [lost](crate::Fault::lost) is an error of the kind
/// [`ConnectionReset`](io::ErrorKind::ConnectionReset), and
/// [`close_idle`](crate::Fault::close_idle) has no effect. Streams end when the last clone is
/// dropped.
///
/// # Examples
///
/// ```
/// use axum::body::Body;
/// use axum::http::Request;
/// use openai_assistants_fake::Fake;
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut service = Fake::builder().service()?;
/// let request = Request::get(format!("{}/assistants", service.url()))
///     .header("authorization", format!("Bearer {}", service.api_key()))
///     .header("openai-beta", "assistants=v2")
///     .body(Body::empty())?;
/// assert_eq!(service.call(request).await?.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct FakeService {
    pub(crate) app: Arc<App>,
    router: Router,
    /// Ends streams when it sends `true`, and when the last clone is dropped.
    pub(crate) stop: watch::Sender<bool>,
}

impl FakeService {
    pub(crate) fn new(app: App, stop: watch::Sender<bool>) -> Self {
        let app = Arc::new(app);
        let router = router(&app);
        Self { app, router, stop }
    }

    /// Returns an API key that the server accepts.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.app.settings.api_key.as_deref().unwrap_or(ANY_KEY)
    }

    /// Returns the base URL for clients that call this service: `http://localhost/v1`.
    ///
    /// With [`foundry`](crate::FakeBuilder::foundry) it is `http://localhost/api/projects/fake`. The
    /// host may be any.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://localhost{}", self.prefix())
    }

    /// The prefix of the paths in base URLs.
    pub(crate) fn prefix(&self) -> &'static str {
        match self.app.settings.dialect {
            Dialect::OpenAi => "/v1",
            Dialect::Foundry => "/api/projects/fake",
        }
    }

    /// Returns the responses and events that violate `openapi.yaml`.
    ///
    /// The list is empty unless the server is [`checked`](crate::FakeBuilder::checked).
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.app
            .check
            .as_ref()
            .map_or_else(Vec::new, |check| check.violations())
    }

    /// Returns all threads as JSON, each with its `messages` and its `runs`, the oldest first.
    ///
    /// They are read from the store without a request, so that no fault affects them.
    #[must_use]
    pub fn threads(&self) -> Vec<Value> {
        let store = self.app.state.store();
        let threads = store.threads.iter().map(|thread| {
            let mut object = thread.object();
            object["messages"] = thread
                .messages
                .iter()
                .map(|message| json!(message))
                .collect();
            object["runs"] = thread.runs.iter().map(|run| json!(run)).collect();
            object
        });
        threads.collect()
    }
}

type Received = Result<Response<Body>, Infallible>;

impl<B> Service<Request<B>> for FakeService
where
    B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response<Body>;
    type Error = io::Error;
    type Future = Map<RouteFuture<Infallible>, fn(Received) -> io::Result<Response<Body>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.router.call(request).map(|received| {
            let Ok(response) = received;
            match response.extensions().get::<Lost>() {
                Some(Lost) => Err(io::ErrorKind::ConnectionReset.into()),
                None => Ok(response),
            }
        })
    }
}

impl std::fmt::Debug for FakeService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeService").finish_non_exhaustive()
    }
}
