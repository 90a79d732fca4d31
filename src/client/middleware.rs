//! Layers of the caller in front of reqwest, and services in its place.

use std::sync::Arc;

use bytes::Bytes;
use http_body::Body;
use tower::{BoxError, Layer, Service};

use crate::client::builder::ClientBuilder;
use crate::http::service::{HttpRequest, HttpService, boxed};

/// Middleware.
impl ClientBuilder {
    /// Adds a [`tower`](https://docs.rs/tower) layer between this crate and reqwest.
    ///
    /// It receives every request that is sent: each attempt of a call, and each redirect that is
    /// followed. The request is complete and has its credentials; [`CallInfo`](crate::CallInfo) in its
    /// extensions states the operation and the attempt. The layer that was added first receives the
    /// request first. `build` applies the layers once, and clones of the client share them. The
    /// time-out of the attempt runs while a layer lets a request wait.
    ///
    /// If a layer fails, the failure is classified like any other: errors of this crate and of reqwest
    /// keep their meaning. After any other error the server may have processed the request, so only
    /// idempotent calls are retried.
    ///
    /// # Examples
    ///
    /// A layer that logs every response:
    ///
    /// ```
    /// use openai_assistants::{Client, HttpRequest, HttpService};
    /// use tower::{ServiceExt, layer::layer_fn, service_fn};
    ///
    /// let log = layer_fn(|inner: HttpService| {
    ///     service_fn(move |request: HttpRequest| {
    ///         let inner = inner.clone();
    ///         async move {
    ///             let target = format!("{} {}", request.method(), request.uri().path());
    ///             let response = inner.oneshot(request).await?;
    ///             println!("{target}: {}", response.status());
    ///             Ok::<_, tower::BoxError>(response)
    ///         }
    ///     })
    /// });
    /// let client = Client::builder()
    ///     .base_url("http://localhost/v1")
    ///     .api_key("sk-test")
    ///     .layer(log)
    ///     .build()?;
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    ///
    /// So do the layers of `tower` and `tower-http`, such as
    /// `tower::limit::ConcurrencyLimitLayer::new(8)`.
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<HttpService> + Send + Sync + 'static,
        L::Service:
            Service<HttpRequest, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        L::Service: Service<HttpRequest, Error: Into<BoxError>, Future: Send + 'static>,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let layer = move |inner| boxed(layer.layer(inner));
        self.http.layers.push(Arc::new(layer));
        self
    }

    /// Sends requests to a [`tower`](https://docs.rs/tower) service in place of reqwest.
    ///
    /// It may be a server in the same process, a recording that is replayed, or another HTTP client.
    /// It receives what the last [`layer`](Self::layer) would pass to reqwest, and its errors are
    /// classified in the same way. The service is cloned for each request.
    ///
    /// Certificates, proxies, the connect time-out and connection pools are settings of reqwest, and
    /// have no effect. The base URL needs no server and no TLS feature. It replaces
    /// [`http_client`](Self::http_client) and [`http_client_builder`](Self::http_client_builder), as
    /// these replace it: the last one counts.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::{Client, HttpRequest};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> openai_assistants::Result<()> {
    /// let server = tower::service_fn(|request: HttpRequest| async move {
    ///     assert_eq!(request.uri(), "http://localhost/v1/threads/thread_1");
    ///     let thread = r#"{ "id": "thread_1", "object": "thread", "created_at": 0 }"#;
    ///     Ok::<_, std::io::Error>(http::Response::new(thread.to_owned()))
    /// });
    /// let client = Client::builder()
    ///     .base_url("http://localhost/v1")
    ///     .api_key("sk-test")
    ///     .http_service(server)
    ///     .build()?;
    /// let thread = client.get_thread().thread_id("thread_1").send().await?;
    /// assert_eq!(thread.id, "thread_1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_service<S, B>(mut self, service: S) -> Self
    where
        S: Service<HttpRequest, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S: Service<HttpRequest, Error: Into<BoxError>, Future: Send + 'static>,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        self.http.service = Some(boxed(service));
        self
    }
}
