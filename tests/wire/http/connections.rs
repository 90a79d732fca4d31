//! Connections: those that failed are not used again, and how long establishing one may take.

use openai_assistants::ErrorKind;

use super::{THREAD, create_thread};
use crate::support::{CLOSE, ManualClock, STALL, ScriptedServer, response, until, yield_often};

#[tokio::test]
async fn a_connection_that_timed_out_is_not_used_again() {
    let stall = STALL.to_string();
    let script = [response(200, "", THREAD), stall, response(200, "", THREAD)];
    let server = ScriptedServer::start(script).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let call = || client.get_thread().thread_id("thread_1").send();
    call().await.unwrap();
    let second = tokio::spawn(call());
    until(|| server.requests().len() == 2).await;
    assert_eq!(server.connections(), 1);
    yield_often().await;
    clock.expire_timeouts();
    second.await.unwrap().expect("the second attempt succeeds");
    assert_eq!(server.connections(), 2);
    until(|| server.closed_by_client() == 1).await;
}

#[tokio::test]
async fn the_words_of_a_url_do_not_decide_what_failed() {
    let server = ScriptedServer::start([CLOSE.to_string()]).await;
    let url = format!("{}/certificates/v1", server.origin);
    let builder = server.builder(&ManualClock::default()).base_url(url);
    let call = create_thread(&builder.build().unwrap());
    let error = call.send().await.expect_err("the connection is closed");
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert!(error.may_have_been_processed(), "{error}");
}

/// TLS is where a connection can be accepted without being established.
#[cfg(has_tls)]
#[tokio::test(start_paused = true)]
async fn a_call_has_a_connect_time_out_of_its_own() {
    use std::time::Duration;

    use openai_assistants::{RetryPolicy, SystemClock};

    let server = ScriptedServer::start([STALL.to_string()]).await;
    let url = server.origin.replace("http:", "https:");
    let builder = server.builder(&ManualClock::default()).base_url(url);
    // Time that is paused advances when nothing else is left to do.
    let builder = builder.clock(SystemClock).retry(RetryPolicy::never());
    let seconds = Duration::from_secs;
    for (of_client, of_call, expected) in
        [(None, None, 5), (Some(3), None, 3), (Some(3), Some(2), 2)]
    {
        let with_layer = builder.clone().layer(tower::layer::util::Identity::new());
        for builder in [builder.clone(), with_layer] {
            let client = match of_client {
                Some(limit) => builder.connect_timeout(seconds(limit)).build().unwrap(),
                None => builder.build().unwrap(),
            };
            let mut call = client.create_thread();
            if let Some(limit) = of_call {
                call = call.connect_timeout(seconds(limit));
            }
            let started = tokio::time::Instant::now();
            let error = call.send().await.expect_err("there is no handshake");
            assert_eq!(started.elapsed().as_secs(), expected);
            assert!(
                error.is_timeout() && !error.may_have_been_processed(),
                "{error}"
            );
        }
    }
}
