//! Layers in front of reqwest, and services in its place.

use std::future::{Ready, ready};
use std::io;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use openai_assistants::{
    CallInfo, Client, ClientBuilder, Credentials, Error, ErrorKind, HttpRequest, HttpService,
    RetryPolicy,
};
use reqwest::redirect::Policy;
use tower::layer::layer_fn;
use tower::limit::ConcurrencyLimitLayer;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};

use super::redirects::http_client;
use super::{EMPTY_LIST, THREAD, create_thread};
use crate::support::{
    DONE, ManualClock, ScriptedServer, create_run, read_to_end, response, run, run_event,
};

/// What the layers of a test have seen.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// A layer that writes a line before and after each request.
    fn layer(
        &self,
        name: &'static str,
    ) -> impl Layer<HttpService, Service: Transparent> + Send + Sync + 'static {
        let log = self.clone();
        layer_fn(move |inner: HttpService| {
            let log = log.clone();
            service_fn(move |request: HttpRequest| {
                let (inner, log) = (inner.clone(), log.clone());
                let push = move |text: String| log.0.lock().unwrap().push(text);
                push(format!("{name}: {}", line(&request)));
                async move {
                    let response = inner.oneshot(request).await?;
                    push(format!("{name}: {}", response.status().as_u16()));
                    Ok::<_, BoxError>(response)
                }
            })
        })
    }
}

/// The service of a layer that changes no types.
trait Transparent:
    Service<
        HttpRequest,
        Response = openai_assistants::HttpResponse,
        Error = BoxError,
        Future: Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Transparent for S
where
    S: Service<HttpRequest, Response = openai_assistants::HttpResponse, Error = BoxError>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
}

/// The operation, the attempt, and the path of a request.
fn line(request: &HttpRequest) -> String {
    let call = request.extensions().get::<CallInfo>().unwrap();
    let (id, attempt) = (call.operation().id, call.attempt());
    format!("{id} {attempt} {}", request.uri().path())
}

/// A layer that fails with this error instead of sending.
fn failing<E: Into<BoxError>>(
    error: impl Fn() -> E + Send + Sync + 'static,
) -> impl Layer<HttpService, Service: Transparent> + Send + Sync + 'static {
    let error = Arc::new(error);
    layer_fn(move |_: HttpService| {
        let error = error.clone();
        service_fn(move |_: HttpRequest| ready(Err(error().into())))
    })
}

/// A builder for a service in place of reqwest.
fn builder() -> ClientBuilder {
    Client::builder()
        .base_url("http://assistants.test/v1")
        .api_key("sk-secret-key")
        .clock(ManualClock::default())
}

type Reply = Ready<io::Result<http::Response<String>>>;

/// A service that returns an object, whatever the request.
fn object(
    json: &'static str,
) -> impl Service<HttpRequest, Response = http::Response<String>, Error = io::Error, Future = Reply>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(move |_: HttpRequest| ready(Ok(http::Response::new(json.to_owned()))))
}

#[tokio::test]
async fn every_attempt_passes_the_layers_in_the_order_in_which_they_were_added() {
    let script = [response(503, "", ""), response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let log = Log::default();
    let builder = server.builder(&ManualClock::default());
    let builder = builder.layer(log.layer("first")).layer(log.layer("second"));
    let client = builder.build().unwrap();
    let response = create_thread(&client).send_response().await.unwrap();
    assert_eq!(response.attempts(), 2);
    assert_eq!(
        log.take(),
        [
            "first: createThread 1 /v1/threads",
            "second: createThread 1 /v1/threads",
            "second: 503",
            "first: 503",
            "first: createThread 2 /v1/threads",
            "second: createThread 2 /v1/threads",
            "second: 200",
            "first: 200",
        ]
    );
}

#[tokio::test]
async fn the_request_of_a_layer_is_the_one_that_is_sent() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let seen = Arc::new(Mutex::new(None));
    let shared = seen.clone();
    let layer = layer_fn(move |inner: HttpService| {
        let shared = shared.clone();
        inner.map_request(move |mut request: HttpRequest| {
            let body = request.body().as_bytes().map(<[u8]>::to_vec);
            *shared.lock().unwrap() = Some((
                request.method().clone(),
                request.uri().to_string(),
                request.headers().clone(),
                body,
            ));
            let added = http::HeaderValue::from_static("yes");
            request.headers_mut().insert("x-added", added);
            request
        })
    });
    let builder = server.builder(&ManualClock::default()).layer(layer);
    let builder = builder.credentials(Credentials::from_fn(async || {
        Ok::<_, io::Error>("sk-token".to_owned())
    }));
    create_thread(&builder.build().unwrap())
        .send()
        .await
        .unwrap();
    let (method, uri, headers, body) = seen.lock().unwrap().take().unwrap();
    assert_eq!(method, "POST");
    assert_eq!(uri, format!("{}/v1/threads", server.origin));
    assert_eq!(headers["authorization"], "Bearer sk-token");
    assert!(headers["authorization"].is_sensitive());
    assert_eq!(headers["openai-beta"], "assistants=v2");
    assert_eq!(body.as_deref(), Some(super::THREAD_BODY.as_bytes()));
    let sent = &server.requests()[0];
    assert!(sent.contains("x-added: yes\r\n"), "{sent}");
    assert!(
        sent.contains("authorization: Bearer sk-token\r\n"),
        "{sent}"
    );
    assert!(sent.ends_with(super::THREAD_BODY), "{sent}");
}

#[tokio::test]
async fn renewed_tokens_and_redirects_pass_the_layers() {
    let script = [
        response(401, "", ""),
        response(307, "location: /v2/threads\r\n", ""),
        response(200, "", THREAD),
    ];
    let server = ScriptedServer::start(script).await;
    let log = Log::default();
    let issued = AtomicUsize::new(0);
    let tokens = move || ready(Ok::<_, io::Error>(issued.fetch_add(1, Relaxed).to_string()));
    let client = server
        .builder(&ManualClock::default())
        .credentials(Credentials::from_fn(tokens))
        .layer(log.layer("layer"))
        .build()
        .unwrap();
    create_thread(&client).send().await.unwrap();
    assert_eq!(
        log.take(),
        [
            "layer: createThread 1 /v1/threads",
            "layer: 401",
            "layer: createThread 2 /v1/threads",
            "layer: 307",
            "layer: createThread 2 /v2/threads",
            "layer: 200",
        ]
    );
}

#[tokio::test]
async fn a_layer_can_choose_another_server() {
    let server = ScriptedServer::start([response(200, "", THREAD)]).await;
    let origin = server.origin.clone();
    let reroute = layer_fn(move |inner: HttpService| {
        let origin = origin.clone();
        inner.map_request(move |mut request: HttpRequest| {
            let path = request.uri().path().to_owned();
            *request.uri_mut() = format!("{origin}{path}").parse().unwrap();
            request
        })
    });
    let client = builder().layer(reroute).build().unwrap();
    create_thread(&client).send().await.unwrap();
    assert_eq!(server.request_lines(), ["POST /v1/threads"]);
}

#[tokio::test]
async fn an_http_client_with_layers_may_not_follow_redirects_to_other_servers() {
    let other = ScriptedServer::start([response(200, "", THREAD)]).await;
    let location = format!("location: {}/v1/threads\r\n", other.origin);
    let server = ScriptedServer::start([response(307, &location, "")]).await;
    let client = server
        .builder(&ManualClock::default())
        .http_client(http_client(Policy::default()))
        .layer(Log::default().layer("layer"))
        .build()
        .unwrap();
    let error = create_thread(&client).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Redirect);
    assert!(error.to_string().contains(&other.origin), "{error}");
}

#[tokio::test]
async fn a_layer_that_fails_is_a_connection_error_of_unknown_effect() {
    let log = Log::default();
    let failing = failing(|| io::Error::other("no slot for sk-secret-key"));
    let client = builder().layer(log.layer("l")).layer(failing);
    let client = client.build().unwrap();

    let error = create_thread(&client).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.may_have_been_processed() && error.is_retryable());
    assert_eq!(
        error.to_string(),
        "createThread failed: the HTTP service failed: no slot for ***; \
         check the layers and the HTTP service of the client; \
         the call may have been processed: check that before you send it again"
    );
    assert_eq!(log.take().len(), 1, "it is not retried");

    let call = client.get_thread().thread_id("thread_1");
    let error = call.send().await.unwrap_err();
    assert_eq!((error.attempts(), log.take().len()), (3, 3));
}

#[tokio::test]
async fn a_layer_that_fails_with_an_error_of_reqwest_is_classified_like_reqwest() {
    // Port 9 of the loopback interface has no server.
    let refused = http_client(Policy::default()).get("http://127.0.0.1:9/?key=sk-1");
    let refused = Arc::new(refused);
    let layer = layer_fn(move |_: HttpService| {
        let refused = refused.clone();
        service_fn(move |_: HttpRequest| {
            let call = refused.try_clone().unwrap();
            async move { call.send().await.map(http::Response::<reqwest::Body>::from) }
        })
    });
    let client = builder().layer(layer).build().unwrap();
    let error = create_thread(&client).send().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 3));
    assert!(!error.may_have_been_processed());
    let text = error.to_string();
    assert!(
        text.contains("the connection failed") && !text.contains("sk-1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_layer_that_returns_an_error_of_a_client_passes_it_on() {
    let inner = builder().http_service(service_fn(|_: HttpRequest| {
        let response = http::Response::builder().status(404);
        let body = r#"{"error":{"message":"no such thread","code":"gone"}}"#;
        ready(Ok::<_, io::Error>(response.body(body.to_owned()).unwrap()))
    }));
    let inner = inner.build().unwrap();
    let layer = layer_fn(move |_: HttpService| {
        let inner = inner.clone();
        service_fn(move |_: HttpRequest| {
            let call = inner.get_thread().thread_id("thread_1").send();
            async move { Err::<http::Response<String>, Error>(call.await.unwrap_err()) }
        })
    });
    let client = builder().layer(layer).build().unwrap();
    let error = create_thread(&client).send().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("gone"), 1));
    assert_eq!(error.status().unwrap().as_u16(), 404);
}

#[tokio::test]
async fn the_time_out_of_an_attempt_covers_the_wait_for_a_layer() {
    let clock = ManualClock::default();
    let limit = ConcurrencyLimitLayer::new(1);
    let never = service_fn(|_: HttpRequest| std::future::pending());
    let pending = never.map_response(|never: http::Response<String>| never);
    let pending = pending.map_err(|never: io::Error| never);
    let client = builder()
        .clock(clock.clone())
        .retry(RetryPolicy::never())
        .layer(limit)
        .http_service(pending)
        .build()
        .unwrap();
    // The first call occupies the only slot.
    let first = tokio::spawn(create_thread(&client).send());
    crate::support::until(|| clock.timeouts().len() == 1).await;
    let waiting = tokio::spawn(
        create_thread(&client)
            .timeout(Duration::from_secs(7))
            .send(),
    );
    crate::support::until(|| clock.timeouts().len() == 2).await;
    clock.expire_timeouts_of(Duration::from_secs(7));
    assert!(waiting.await.unwrap().unwrap_err().is_timeout());
    assert!(!first.is_finished());
    first.abort();
}

/// An event stream. Like the bodies of axum, it is not `Sync`.
fn event_stream(events: Vec<io::Result<String>>) -> UnsyncBoxBody<Bytes, io::Error> {
    let frames = events
        .into_iter()
        .map(|event| Ok(Frame::data(event?.into())));
    StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync()
}

#[tokio::test]
async fn streams_of_a_service_arrive_event_by_event() {
    let broken = || io::Error::other("the cable is cut");
    for is_broken in [false, true] {
        let server = service_fn(move |_: HttpRequest| {
            let first = run_event(&run("in_progress"));
            let last = if is_broken {
                vec![Err(broken())]
            } else {
                vec![Ok(run_event(&run("completed"))), Ok(DONE.to_owned())]
            };
            let events = std::iter::once(Ok(first)).chain(last).collect();
            let response = http::Response::builder().header("content-type", "text/event-stream");
            ready(Ok::<_, io::Error>(
                response.body(event_stream(events)).unwrap(),
            ))
        });
        let client = builder().http_service(server).build().unwrap();
        let mut stream = create_run(&client).stream().await.unwrap();
        let (names, error) = read_to_end(&mut stream).await;
        match error {
            None => assert_eq!(
                names,
                ["thread.run.in_progress", "thread.run.completed", "done"]
            ),
            Some(error) => {
                assert!(is_broken && error.is_cut(), "{error}");
                assert_eq!(names, ["thread.run.in_progress"]);
                assert!(error.to_string().contains("the cable is cut"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_needs_no_tls_and_receives_what_the_layers_pass_on() {
    let log = Log::default();
    let server = service_fn(|request: HttpRequest| {
        assert_eq!(
            request.uri(),
            "https://assistants.test/v1/assistants?limit=2"
        );
        let agent = request.headers()["user-agent"].to_str().unwrap();
        assert!(agent.starts_with("openai-assistants/"), "{agent}");
        let body = Full::new(Bytes::from_static(EMPTY_LIST.as_bytes()));
        ready(Ok::<_, std::convert::Infallible>(http::Response::new(body)))
    });
    let client = builder()
        .base_url("https://assistants.test/v1")
        .layer(log.layer("layer"))
        .http_service(server)
        .only_root_certificates("not PEM")
        .build()
        .unwrap();
    client.list_assistants().limit(2).send().await.unwrap();
    assert_eq!(
        log.take(),
        ["layer: listAssistants 1 /v1/assistants", "layer: 200"]
    );
}

#[tokio::test]
async fn redirects_of_a_service_are_followed() {
    let server = service_fn(|request: HttpRequest| {
        let response = http::Response::builder();
        let response = match request.uri().path() {
            "/v1/threads" => response.status(307).header("location", "../v2/threads"),
            path => {
                assert_eq!(path, "/v2/threads");
                response
            }
        };
        ready(Ok::<_, io::Error>(
            response.body(THREAD.to_owned()).unwrap(),
        ))
    });
    let client = builder().http_service(server).build().unwrap();
    create_thread(&client).send().await.unwrap();
}

#[tokio::test]
async fn the_last_of_http_client_and_http_service_counts() {
    let server = ScriptedServer::start([response(200, "", r#"{"id":"of_the_server"}"#)]).await;
    let service = object(r#"{"id":"of_the_service"}"#);
    let builder = server.builder(&ManualClock::default());
    let with_service = builder.clone().http_client(http_client(Policy::default()));
    let with_service = with_service.http_service(service.clone());
    // A header that an HTTP client could forward is not refused.
    let with_service = with_service.header("api-key", "sk-other-key");
    for (builder, expected) in [
        (with_service.clone(), "of_the_service"),
        (
            with_service.http_client_builder(|http| http),
            "of_the_server",
        ),
        (
            builder
                .http_service(service)
                .http_client(http_client(Policy::default())),
            "of_the_server",
        ),
    ] {
        let client = builder.build().unwrap();
        assert_eq!(create_thread(&client).send().await.unwrap().id, expected);
    }
}

#[cfg(feature = "v1")]
#[tokio::test]
async fn version_1_passes_the_layers_too() {
    let log = Log::default();
    let client = builder()
        .layer(log.layer("layer"))
        .http_service(object(THREAD));
    let client = client.build().unwrap().v1();
    client
        .get_thread()
        .thread_id("thread_1")
        .send()
        .await
        .unwrap();
    assert_eq!(
        log.take(),
        ["layer: getThread 1 /v1/threads/thread_1", "layer: 200"]
    );
}
