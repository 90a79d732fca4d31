//! HTTP/2: refused streams are retried by the policy alone, a silent connection is left, and streams that are not
//! read do not block other calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use openai_assistants::{Client, Clock, Method, RetryPolicy, SystemClock};
use tokio::net::TcpListener;

use super::{THREAD, create_thread};
use crate::support::{ManualClock, create_run, until, yield_often};

/// What the server does with a request.
enum Reply {
    Thread,
    /// More data than fit into the window of a stream, and no end.
    Flood,
    /// The head of a response, and no body.
    Open,
    /// Half of a thread, and a reset without an error.
    Cut,
    /// A body that is shorter than its length, and a reset without an error.
    Short(&'static str),
    /// The head of a body, which is not sent.
    Head,
    Refuse,
    Nothing,
    /// Nothing more on this connection, not even to a PING.
    Silence,
}

/// A server of HTTP/2. It counts connections and requests.
struct Server {
    origin: String,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// `reply` gets the number of the connection, and that of the request on it.
    async fn start(reply: fn(usize, usize) -> Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            origin: format!("http://{}", listener.local_addr().unwrap()),
            connections: Arc::default(),
            requests: Arc::default(),
        };
        let (connections, requests) = (server.connections.clone(), server.requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::Relaxed) + 1;
                let requests = requests.clone();
                tokio::spawn(async move {
                    let mut http = h2::server::handshake(stream).await.unwrap();
                    let mut unanswered = Vec::new();
                    for number in 1.. {
                        let Some(Ok((_, response))) = http.accept().await else {
                            break;
                        };
                        requests.fetch_add(1, Ordering::Relaxed);
                        match reply(connection, number) {
                            Reply::Silence => std::future::pending().await,
                            reply => unanswered.extend(send(response, reply)),
                        }
                    }
                });
            }
        });
        server
    }

    fn client(&self, clock: &ManualClock, policy: RetryPolicy) -> Client {
        self.client_with(clock.clone(), policy)
    }

    fn client_with(&self, clock: impl Clock, policy: RetryPolicy) -> Client {
        Client::builder()
            .base_url(&self.origin)
            .api_key("k")
            .clock(clock)
            .retry(policy)
            .http_client_builder(|http| http.http2_prior_knowledge())
            .build()
            .unwrap()
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// Sends a reply. Returns the response if there is none.
fn send(mut response: SendResponse<Bytes>, reply: Reply) -> Option<SendResponse<Bytes>> {
    let mut body = || {
        response
            .send_response(http::Response::new(()), false)
            .unwrap()
    };
    match reply {
        Reply::Thread => body().send_data(THREAD.into(), true).unwrap(),
        Reply::Flood => {
            let data = vec![b'\n'; 3 * 1024 * 1024];
            body().send_data(data.into(), false).unwrap();
            return Some(response);
        }
        Reply::Open => {
            body();
            return Some(response);
        }
        Reply::Cut => {
            let mut body = body();
            body.send_data("{\"id\":".into(), false).unwrap();
            tokio::spawn(async move {
                // A reset discards what was not written.
                yield_often().await;
                // To hyper the body then is complete.
                body.send_reset(Reason::NO_ERROR);
            });
        }
        Reply::Short(content) => {
            let head = http::Response::builder().header("content-length", "99");
            let mut body = response
                .send_response(head.body(()).unwrap(), false)
                .unwrap();
            if !content.is_empty() {
                body.send_data(content.into(), false).unwrap();
            }
            tokio::spawn(async move {
                yield_often().await;
                body.send_reset(Reason::NO_ERROR);
            });
        }
        Reply::Head => {
            let head = http::Response::builder().header("content-length", "99");
            response
                .send_response(head.body(()).unwrap(), true)
                .unwrap();
        }
        Reply::Refuse => response.send_reset(Reason::REFUSED_STREAM),
        Reply::Nothing | Reply::Silence => return Some(response),
    }
    None
}

#[tokio::test]
async fn a_refused_stream_was_not_sent_and_is_retried_by_the_policy_alone() {
    let clock = ManualClock::default();
    let server = Server::start(|_, _| Reply::Refuse).await;
    for (policy, requests) in [(RetryPolicy::never(), 1), (RetryPolicy::default(), 3)] {
        let before = server.requests();
        let call = create_thread(&server.client(&clock, policy));
        let error = call.send().await.expect_err("every stream is refused");
        assert!(!error.may_have_been_processed() && error.is_retryable());
        assert_eq!(error.attempts() as usize, requests);
        assert_eq!(server.requests() - before, requests);
    }
}

#[tokio::test]
async fn a_silent_connection_is_left_once_by_all_calls() {
    let server = Server::start(|connection, number| match (connection, number) {
        (1, 2..) => Reply::Nothing,
        _ => Reply::Thread,
    })
    .await;
    let clock = ManualClock::default();
    let client = server.client(&clock, RetryPolicy::default());
    let call = || client.get_thread().thread_id("thread_1").send_response();
    call().await.unwrap();
    let calls: Vec<_> = (0..8).map(|_| tokio::spawn(call())).collect();
    until(|| server.requests() == 9).await;
    assert_eq!(server.connections(), 1);
    yield_often().await;
    clock.expire_timeouts();
    for call in calls {
        let response = call.await.unwrap().expect("the second attempt succeeds");
        assert_eq!(response.attempts(), 2);
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_never_answers_is_left() {
    let server = Server::start(|connection, _| match connection {
        1 => Reply::Nothing,
        _ => Reply::Thread,
    })
    .await;
    let clock = ManualClock::default();
    let client = server.client(&clock, RetryPolicy::default());
    let call = tokio::spawn(client.get_thread().thread_id("thread_1").send());
    until(|| server.requests() == 1).await;
    yield_often().await;
    clock.expire_timeouts();
    call.await.unwrap().expect("the second attempt succeeds");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn an_idle_stream_or_download_leaves_the_connection() {
    let server = Server::start(|connection, _| match connection {
        1 | 2 => Reply::Open,
        _ => Reply::Thread,
    })
    .await;
    let clock = ManualClock::default();
    let client = server.client(&clock, RetryPolicy::never());
    let create = create_run(&client).thread_id("thread_1");
    let mut stream = create.stream().await.unwrap();
    let stream = tokio::spawn(async move { stream.try_next().await.map(drop) });
    yield_often().await;
    clock.expire_timeouts();
    assert!(stream.await.unwrap().unwrap_err().is_interrupted());

    let get = client.request(Method::GET, "/files/file_1/content");
    let mut download = get.download().await.unwrap();
    assert_eq!(server.connections(), 2);
    let download = tokio::spawn(async move { download.try_next().await.map(drop) });
    yield_often().await;
    clock.expire_timeouts();
    assert!(download.await.unwrap().unwrap_err().is_timeout());

    let get = client.get_thread().thread_id("thread_1");
    get.send().await.expect("a new connection works");
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_total_time_out_leaves_the_connection_too() {
    let server = Server::start(|connection, number| match (connection, number) {
        (1, 2..) => Reply::Nothing,
        _ => Reply::Thread,
    })
    .await;
    let clock = ManualClock::default();
    let client = server.client(&clock, RetryPolicy::never());
    let call = || client.get_thread().thread_id("thread_1");
    call().send().await.expect("the connection works");
    let limited = call().total_timeout(std::time::Duration::from_secs(10));
    let limited = tokio::spawn(limited.send());
    until(|| server.requests() == 2).await;
    yield_often().await;
    clock.expire_timeouts();
    let error = limited.await.unwrap().expect_err("there is no response");
    assert!(error.is_timeout());
    call().send().await.expect("a new connection works");
    assert_eq!(server.connections(), 2);
}

/// Time that is paused advances when nothing else is left to do.
#[tokio::test(start_paused = true)]
async fn a_connection_that_answers_no_ping_is_closed() {
    let server = Server::start(|connection, number| match (connection, number) {
        (1, 2) => Reply::Silence,
        _ => Reply::Thread,
    })
    .await;
    let client = server.client_with(SystemClock, RetryPolicy::default());
    let call = || client.get_thread().thread_id("thread_1").send_response();
    call().await.unwrap();
    let started = tokio::time::Instant::now();
    let response = call().await.expect("the second attempt succeeds");
    assert_eq!((response.attempts(), server.connections()), (2, 2));
    // PING after 10 s, no answer for 5 s, back-off of less than a second.
    let elapsed = started.elapsed().as_secs();
    assert!((15..=16).contains(&elapsed), "{elapsed}");
}

#[tokio::test]
async fn streams_that_are_not_read_leave_room_for_other_calls() {
    let server = Server::start(|_, number| match number {
        1..=3 => Reply::Flood,
        _ => Reply::Thread,
    })
    .await;
    let client = server.client(&ManualClock::default(), RetryPolicy::never());
    let mut streams = Vec::new();
    for _ in 0..3 {
        let call = create_run(&client).thread_id("thread_1");
        streams.push(call.stream().await.unwrap());
    }
    yield_often().await;
    let get = tokio::spawn(client.get_thread().thread_id("thread_1").send());
    until(|| get.is_finished()).await;
    get.await.unwrap().expect("there is room in the connection");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_body_whose_stream_is_reset_is_interrupted() {
    let server = Server::start(|_, _| Reply::Cut).await;
    let client = server.client(&ManualClock::default(), RetryPolicy::default());
    let get = client.get_thread().thread_id("thread_1");
    let error = get.send().await.expect_err("the body is cut");
    assert!(
        error.is_connect() && error.may_have_been_processed(),
        "{error}"
    );
    assert_eq!((error.attempts(), server.requests()), (3, 3));
}

#[tokio::test]
async fn content_that_is_shorter_than_its_length_is_interrupted() {
    for reply in [|_, _| Reply::Short("first"), |_, _| Reply::Short("")] {
        let server = Server::start(reply).await;
        let client = server.client(&ManualClock::default(), RetryPolicy::default());
        let call = client.request(Method::GET, "/files/file_1/content");
        let error = call.send_bytes().await.expect_err("bytes are missing");
        assert!(
            error.is_connect() && error.may_have_been_processed(),
            "{error}"
        );
        assert!(error.to_string().contains("of 99 bytes"), "{error}");
        assert_eq!((error.attempts(), server.requests()), (3, 3));
    }
}

#[tokio::test]
async fn a_response_to_head_has_a_length_and_no_body() {
    let server = Server::start(|_, _| Reply::Head).await;
    let client = server.client(&ManualClock::default(), RetryPolicy::never());
    let call = || client.request(Method::HEAD, "/files/file_1/content");
    let response = call().send_bytes().await.unwrap();
    assert_eq!(response.headers()["content-length"], "99");
    assert!(response.body().is_empty());
    call().send::<()>().await.unwrap();
}
