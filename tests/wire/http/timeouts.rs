//! Time-outs of attempts and of their bodies.

use std::time::Duration;

use openai_assistants::RetryPolicy;

use super::{create_thread, seconds};
use crate::support::{ManualClock, STALL, ScriptedServer, until, yield_often};

#[tokio::test]
async fn an_attempt_that_times_out_is_retried() {
    let clock = ManualClock::expired();
    let server = ScriptedServer::start([]).await;
    let client = server
        .builder(&clock)
        .timeout(Duration::from_secs(9))
        .build()
        .unwrap();
    let call = client.get_thread().thread_id("thread_1").send();
    let error = call.await.expect_err("the time-out passed");
    assert!(error.is_timeout() && error.is_retryable());
    assert_eq!(error.attempts(), 3);
    assert!(
        error
            .to_string()
            .contains("no response within the `timeout` of 9s"),
        "{error}"
    );
}

#[tokio::test]
async fn an_error_whose_body_stalls_keeps_what_was_received() {
    let head = "HTTP/1.1 401 X\r\nx-request-id: req_1\r\ncontent-length: 99\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}not you{STALL}")]).await;
    let clock = ManualClock::default();
    let call = create_thread(&server.builder(&clock).build().unwrap());
    let call = tokio::spawn(call.send());
    until(|| clock.timeouts() == seconds(&[600.0, 5.0])).await;
    yield_often().await;
    clock.expire_timeouts();
    let error = call.await.unwrap().expect_err("the status is 401");
    assert!(error.is_authentication() && !error.is_timeout(), "{error}");
    assert_eq!(
        (error.request_id(), error.body(), error.attempts()),
        (Some("req_1"), Some("not you"), 1)
    );
}

#[tokio::test]
async fn the_time_out_of_an_error_body_is_at_most_that_of_the_call() {
    let head = "HTTP/1.1 401 X\r\ncontent-length: 9\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}{STALL}")]).await;
    let clock = ManualClock::default();
    let call = create_thread(&server.builder(&clock).build().unwrap());
    let call = tokio::spawn(call.timeout(Duration::from_secs(2)).send());
    until(|| clock.timeouts() == seconds(&[2.0, 2.0])).await;
    clock.expire_timeouts();
    assert!(call.await.unwrap().unwrap_err().is_authentication());
}

#[tokio::test]
async fn a_success_whose_body_stalls_keeps_status_and_headers() {
    let head = "HTTP/1.1 200 X\r\nx-request-id: req_1\r\ncontent-length: 99\r\n\r\n";
    let server = ScriptedServer::start([format!("{head}{{{STALL}")]).await;
    let clock = ManualClock::default();
    let builder = server.builder(&clock).retry(RetryPolicy::never());
    let call = create_thread(&builder.build().unwrap());
    let call = tokio::spawn(call.send());
    until(|| server.requests().len() == 1).await;
    yield_often().await;
    clock.expire_timeouts();
    let error = call.await.unwrap().expect_err("the body stalls");
    assert!(error.is_timeout() && error.is_retryable());
    assert_eq!(
        (error.status().unwrap().as_u16(), error.request_id()),
        (200, Some("req_1"))
    );
    assert!(
        error.to_string().contains(
            "returned 200 OK, but the response body was not complete within the `timeout` of 600s"
        ),
        "{error}"
    );
    assert_eq!(clock.timeouts(), seconds(&[600.0]));
}
