//! Waiting until a thread has no active run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openai_assistants::Credentials;

use crate::support::{ManualClock, STALL, ScriptedServer, response, until};

fn runs(statuses: &[&str]) -> String {
    let runs: Vec<String> = statuses
        .iter()
        .enumerate()
        .map(|(number, status)| {
            format!(
                r#"{{"id":"run_{number}","thread_id":"thread_1","assistant_id":"asst_1","created_at":0,"model":"m","status":"{status}"}}"#
            )
        })
        .collect();
    let body = format!(r#"{{"data":[{}],"has_more":true}}"#, runs.join(","));
    response(200, "", &body)
}

#[tokio::test]
async fn a_thread_is_idle_when_all_its_runs_are_terminal() {
    let server = ScriptedServer::start([
        runs(&["completed", "in_progress"]),
        runs(&["requires_action", "completed"]),
        runs(&["pondering"]),
        runs(&["completed", "failed", "expired", "cancelled", "incomplete"]),
    ])
    .await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    client.until_idle("thread_1").wait().await.unwrap();
    assert_eq!(
        server.request_lines(),
        ["GET /v1/threads/thread_1/runs?order=desc"; 4]
    );
    assert_eq!(clock.sleeps(), [Duration::from_secs(1); 3]);
}

#[tokio::test]
async fn a_thread_without_runs_is_idle() {
    let server = ScriptedServer::start([runs(&[])]).await;
    server.client().until_idle("thread_1").wait().await.unwrap();
    assert_eq!(server.request_lines().len(), 1);
}

#[tokio::test]
async fn the_deadline_error_returns_the_id_of_the_active_run() {
    let server = ScriptedServer::start([runs(&["completed", "requires_action"])]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let work = tokio::spawn(client.until_idle("thread_1").wait());
    until(|| server.requests().len() > 2).await;
    clock.expire_timeouts();
    let error = work.await.unwrap().expect_err("the deadline passes");
    assert!(error.is_timeout());
    assert_eq!(
        (error.thread_id(), error.run_id()),
        (Some("thread_1"), Some("run_1"))
    );
}

#[tokio::test]
async fn the_wait_can_be_cancelled() {
    let server = ScriptedServer::start([runs(&["queued"])]).await;
    let client = server.client();
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let wait = client
        .until_idle("thread_1")
        .cancel_on(async { drop(cancelled.await) });
    let work = tokio::spawn(wait.wait());
    until(|| server.requests().len() > 2).await;
    cancel.send(()).unwrap();
    let error = work.await.unwrap().expect_err("the caller cancels");
    assert!(error.is_cancelled());
    // It is the run of another caller.
    assert!(!error.to_string().contains("cancel it"), "{error}");
}

#[tokio::test]
async fn a_transient_failure_does_not_end_the_wait() {
    let busy = response(429, "retry-after: 300\r\n", "");
    let down = || response(503, "retry-after-ms: 1\r\n", "");
    let server = ScriptedServer::start([
        runs(&["in_progress"]),
        busy,
        down(),
        down(),
        down(),
        runs(&["completed"]),
    ])
    .await;
    let clock = ManualClock::default();
    let count = AtomicUsize::new(0);
    let credentials = Credentials::from_fn(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            match number {
                1 => Err("the vault is closed"),
                _ => Ok("token"),
            }
        }
    });
    let client = server.builder(&clock).credentials(credentials).build();
    client.unwrap().until_idle("thread_1").wait().await.unwrap();
    let millisecond = Duration::from_millis(1);
    let second = Duration::from_secs(1);
    let expected = [
        second,
        second,
        300 * second,
        millisecond,
        millisecond,
        second,
    ];
    assert_eq!(clock.sleeps(), expected);
}

#[tokio::test]
async fn other_failures_end_the_wait() {
    let server = ScriptedServer::start([response(404, "", "")]).await;
    let error = server.client().until_idle("thread_1").wait().await;
    let error = error.expect_err("there is no such thread");
    assert!(error.is_not_found() && error.thread_id() == Some("thread_1"));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_last_poll_precedes_the_error_of_the_deadline() {
    for (status, is_idle) in [("completed", true), ("cancelling", false)] {
        let responses = [runs(&["queued"]), STALL.to_string(), runs(&[status])];
        let server = ScriptedServer::start(responses).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let limit = Duration::from_secs(90);
        let wait = client.until_idle("thread_1").deadline(limit);
        let work = tokio::spawn(wait.wait());
        until(|| server.requests().len() == 2).await;
        clock.expire_timeouts_of(limit);
        match work.await.unwrap() {
            Ok(()) => assert!(is_idle),
            Err(error) => {
                assert!(!is_idle && error.is_timeout());
                assert!(error.to_string().contains("still `cancelling` after 90s"));
                assert_eq!(error.run_id(), Some("run_0"));
            }
        }
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn the_error_of_the_deadline_reports_the_last_failure() {
    let responses = [
        runs(&["queued"]),
        response(503, "retry-after-ms: 1\r\n", "busy"),
    ];
    let server = ScriptedServer::start(responses).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let limit = Duration::from_secs(90);
    let work = tokio::spawn(client.until_idle("thread_1").deadline(limit).wait());
    until(|| server.requests().len() > 9).await;
    clock.expire_timeouts_of(limit);
    let text = work
        .await
        .unwrap()
        .expect_err("the deadline passes")
        .to_string();
    assert!(text.contains("run_0 is still `queued`"), "{text}");
    assert!(
        text.contains("the last poll failed (busy) after 90s"),
        "{text}"
    );
}
