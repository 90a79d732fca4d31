//! Waiting until a thread has no active run.

use std::time::Duration;

use crate::support::{ManualClock, ScriptedServer, response, until};

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
}
