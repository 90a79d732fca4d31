//! Which failures are retried, and after which back-off.

use std::time::Duration;

use openai_assistants::{Client, ErrorKind, Method, RetryPolicy};

use super::{THREAD, THREAD_BODY, create_thread, seconds};
use crate::support::{CLOSE, ManualClock, ScriptedServer, response};

#[tokio::test]
async fn failures_are_retried() {
    let server = ScriptedServer::start([
        response(503, "", ""),
        response(429, "retry-after: 3\r\n", ""),
        response(200, "", THREAD),
    ])
    .await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let response = create_thread(&client).send_response().await.unwrap();
    assert_eq!(response.attempts(), 3);
    assert_eq!(clock.sleeps(), seconds(&[0.5, 3.0]));
    assert_eq!(clock.timeouts(), seconds(&[600.0; 3]));
    let requests = server.requests();
    assert!(!requests[0].contains("x-stainless-retry-count"));
    assert!(requests[1].contains("x-stainless-retry-count: 1"));
    assert!(
        requests[2].contains("x-stainless-retry-count: 2") && requests[2].ends_with(THREAD_BODY)
    );
}

#[tokio::test]
async fn the_number_of_retries_is_limited() {
    let unavailable = response(503, "x-request-id: req_9\r\n", "<html>down</html>");
    let server = ScriptedServer::start([unavailable]).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the server is unavailable");
    assert!(error.is_server_error() && error.is_retryable());
    assert_eq!(
        (error.attempts(), error.request_id(), error.body()),
        (3, Some("req_9"), Some("<html>down</html>"))
    );
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_wait_above_the_maximum_is_not_retried() {
    let server = ScriptedServer::start([response(429, "retry-after-ms: 120001\r\n", "")]).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the rate limit is exceeded");
    assert_eq!(error.retry_after(), Some(Duration::from_millis(120_001)));
    let note = "429 Too Many Requests: no retry: the server requests a delay of 121 s, \
                longer than `max_retry_after` (120 s)";
    assert!(error.to_string().contains(note), "{error}");
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_call_without_further_retries_does_not_name_the_wait() {
    let server = ScriptedServer::start([response(429, "retry-after: 121\r\n", "slow")]).await;
    let call = create_thread(&server.client()).retry(RetryPolicy::never());
    let error = call.send().await.expect_err("the rate limit is exceeded");
    assert!(!error.to_string().contains("no retry"), "{error}");
}

#[tokio::test]
async fn a_retry_after_date_is_compared_to_the_clock() {
    let date = "retry-after: Sun, 06 Nov 1994 08:50:07 GMT\r\n";
    let server = ScriptedServer::start([response(503, date, ""), response(200, "", THREAD)]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    create_thread(&client).send().await.unwrap();
    assert_eq!(clock.sleeps(), seconds(&[30.0]));
}

#[tokio::test]
async fn x_should_retry_takes_precedence_over_the_status() {
    let server = ScriptedServer::start([
        response(400, "x-should-retry: true\r\n", ""),
        response(500, "x-should-retry: false\r\n", ""),
    ])
    .await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the server failed");
    assert_eq!(
        (error.attempts(), error.status().unwrap().as_u16()),
        (2, 500)
    );
}

#[tokio::test]
async fn a_refused_connection_is_retried() {
    let clock = ManualClock::default();
    let server = ScriptedServer::start([]).await;
    // Port 9 of the loopback interface has no server.
    let client = server
        .builder(&clock)
        .base_url("http://127.0.0.1:9/v1")
        .build()
        .unwrap();
    let error = create_thread(&client)
        .send()
        .await
        .expect_err("there is no server");
    assert!(error.is_connect() && error.is_retryable() && !error.is_timeout());
    assert_eq!(
        (error.status(), error.attempts(), clock.sleeps().len()),
        (None, 3, 2)
    );
    assert!(error.to_string().contains("check the base URL"), "{error}");
}

#[tokio::test]
async fn a_connection_that_closes_without_a_response_was_established() {
    let server = ScriptedServer::start([CLOSE.to_string()]).await;
    let error = create_thread(&server.client()).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert!(!error.is_connect() && error.may_have_been_processed());
    let text = error.to_string();
    assert!(
        text.contains("the server was reached") && !text.contains("base URL"),
        "{text}"
    );
}

#[tokio::test]
async fn an_incomplete_response_is_retried() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\"".to_owned();
    let script = [String::new(), cut.clone(), response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let get = |client: Client| client.get_thread().thread_id("thread_1").send();
    let thread = get(server.client()).await.unwrap();
    assert_eq!(thread.id, "thread_1");

    let server = ScriptedServer::start([cut]).await;
    let error = get(server.client())
        .await
        .expect_err("the body is incomplete");
    assert!(error.is_connect(), "{error:?}");
}

#[tokio::test]
async fn opening_a_stream_is_retried() {
    let stream = response(200, "", "data: 1\n\n");
    let server = ScriptedServer::start([response(503, "", ""), stream]).await;
    let call = server.client().request(Method::POST, "/threads");
    let mut events = call.stream().await.unwrap();
    assert_eq!(events.attempts(), 2);
    let event = events.try_next().await.unwrap().expect("there is an event");
    assert_eq!((event.event.as_str(), event.data.as_str()), ("", "1"));
    assert!(events.try_next().await.unwrap().is_none());
}
