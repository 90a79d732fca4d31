//! HTTP/2: refused streams are retried by the policy alone, and a silent connection is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::Reason;
use h2::server::SendResponse;
use openai_assistants::{Client, RetryPolicy};
use tokio::net::TcpListener;

use super::{THREAD, create_thread};
use crate::support::{ManualClock, until, yield_often};

/// What the server does with a request.
enum Reply {
    Thread,
    Refuse,
    Nothing,
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
                        unanswered.extend(send(response, reply(connection, number)));
                    }
                });
            }
        });
        server
    }

    fn client(&self, clock: &ManualClock, policy: RetryPolicy) -> Client {
        Client::builder()
            .base_url(&self.origin)
            .api_key("k")
            .clock(clock.clone())
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
    match reply {
        Reply::Thread => {
            let mut body = response
                .send_response(http::Response::new(()), false)
                .unwrap();
            body.send_data(THREAD.into(), true).unwrap();
        }
        Reply::Refuse => response.send_reset(Reason::REFUSED_STREAM),
        Reply::Nothing => return Some(response),
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
