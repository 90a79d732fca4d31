//! Time limits and retries, of a client and of a call.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use openai_assistants::{Clock, RetryPolicy, Sleep};

use super::{create_thread, seconds};
use crate::support::{
    ManualClock, STALL, ScriptedServer, create_run, event_stream, response, until, yield_often,
};

const TOTAL: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_total_time_out_covers_all_attempts() {
    let script = [response(503, "", "busy"), STALL.to_string()];
    let server = ScriptedServer::start(script).await;
    let clock = ManualClock::default();
    let call = create_thread(&server.builder(&clock).build().unwrap());
    let call = tokio::spawn(call.total_timeout(TOTAL).send());
    until(|| server.requests().len() == 2).await;
    clock.expire_timeouts_of(TOTAL);
    let error = call.await.unwrap().expect_err("the time-out passes");
    assert!(error.is_timeout() && error.is_retryable());
    assert!(error.may_have_been_processed());
    assert_eq!(
        error.to_string(),
        "createThread failed: no success within the `total_timeout` of 30s: the last attempt failed: busy (2 attempts); \
         increase the time-out if the call needs more time; \
         the call may have been processed: check that before you send it again"
    );
    assert_eq!(clock.timeouts(), seconds(&[600.0, 30.0, 600.0]));
}

/// A clock whose waits do not end. The total time-out passes in the first wait.
#[derive(Clone, Default)]
struct WaitingClock(Arc<AtomicBool>);

impl Clock for WaitingClock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn sleep(&self, _: Duration) -> Sleep {
        self.0.store(true, Ordering::Relaxed);
        Box::pin(pending())
    }

    fn timeout(&self, limit: Duration) -> Sleep {
        let is_waiting = self.0.clone();
        Box::pin(async move {
            while limit != TOTAL || !is_waiting.load(Ordering::Relaxed) {
                yield_often().await;
            }
        })
    }
}

#[tokio::test]
async fn a_call_that_ends_between_two_attempts_was_not_processed() {
    for (status, is_processed) in [(503, false), (502, true)] {
        let server = ScriptedServer::start([response(status, "", "")]).await;
        let builder = server.builder(&ManualClock::default());
        let policy = RetryPolicy::default().retry_unknown(true);
        let builder = builder.clock(WaitingClock::default()).retry(policy);
        let client = builder.total_timeout(TOTAL).build().unwrap();
        let error = create_thread(&client).send().await;
        let error = error.expect_err("the time-out passes");
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.may_have_been_processed(), is_processed, "{status}");
    }
}

#[tokio::test]
async fn the_limit_of_an_idle_stream_is_not_that_of_the_call() {
    let server = ScriptedServer::start([event_stream(&STALL.to_string())]).await;
    for (of_client, of_call, limit) in
        [(None, None, 120), (Some(9), None, 9), (Some(9), Some(4), 4)]
    {
        let clock = ManualClock::default();
        let mut builder = server.builder(&clock).timeout(Duration::from_secs(60));
        if let Some(limit) = of_client {
            builder = builder.stream_idle_timeout(Duration::from_secs(limit));
        }
        let mut call = create_run(&builder.build().unwrap());
        if let Some(limit) = of_call {
            call = call.stream_idle_timeout(Duration::from_secs(limit));
        }
        let mut stream = call.stream().await.unwrap();
        let next = tokio::spawn(async move { stream.try_next().await });
        until(|| clock.timeouts().last() == Some(&Duration::from_secs(limit))).await;
        clock.expire_timeouts();
        let error = next.await.unwrap().expect_err("the stream is idle");
        let text = format!("the stream sent nothing within the `stream_idle_timeout` of {limit}s");
        assert!(error.to_string().contains(&text), "{error}");
    }
}

#[tokio::test]
async fn a_call_has_a_retry_policy_of_its_own() {
    let server = ScriptedServer::start([response(503, "", "")]).await;
    let client = server.client();
    for (policy, attempts) in [
        (RetryPolicy::never(), 1),
        (RetryPolicy::default().max_retries(4), 5),
    ] {
        let call = create_thread(&client).retry(policy);
        let error = call.send().await.expect_err("the server is down");
        assert_eq!(error.attempts(), attempts);
    }
}
