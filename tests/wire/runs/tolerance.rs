//! What polling tolerates, and what ends it.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openai_assistants::Credentials;

use super::support::{follow, is_cancelled, outcome};
use crate::support::{
    DONE, ManualClock, ScriptedServer, event_stream, json_response, response, run, run_event,
};

fn seconds(seconds: &[u64]) -> Vec<Duration> {
    seconds.iter().copied().map(Duration::from_secs).collect()
}

fn missing() -> String {
    response(404, "", r#"{"error":{"message":"No run found"}}"#)
}

#[tokio::test]
async fn a_run_that_was_just_created_may_be_missing_for_a_few_seconds() {
    let responses = [
        json_response(&run("queued")),
        missing(),
        missing(),
        json_response(&run("completed")),
    ];
    let server = ScriptedServer::start(responses).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    follow(&client).wait().await.unwrap();
    assert_eq!(clock.sleeps(), seconds(&[1, 1, 1]));

    for interval in [0, 1, 2, 30] {
        let server = ScriptedServer::start([json_response(&run("queued")), missing()]).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let work = follow(&client).interval(Duration::from_secs(interval));
        let error = work.wait().await.expect_err("the run is missing");
        assert!(error.is_not_found() && error.run_id() == Some("run_1"));
        let waited: Duration = clock.sleeps().iter().sum();
        assert!(waited >= Duration::from_secs(5), "{waited:?}");
        assert!(waited < Duration::from_secs(interval + 6), "{waited:?}");
    }
}

#[tokio::test]
async fn an_existing_run_that_is_missing_is_an_error() {
    let server = ScriptedServer::start([missing()]).await;
    let fetch = server.client().get_run();
    let work = fetch.thread_id("thread_1").run_id("run_1").follow();
    assert!(work.wait().await.expect_err("it is missing").is_not_found());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_first_poll_of_an_existing_run_may_fail() {
    let down = || response(503, "retry-after-ms: 1\r\n", "");
    let completed = json_response(&run("completed"));
    let server = ScriptedServer::start([down(), down(), down(), completed]).await;
    let fetch = server.client().get_run();
    let work = fetch.thread_id("thread_1").run_id("run_1").follow();
    assert_eq!(work.wait().await.unwrap().status.as_str(), "completed");
}

#[tokio::test]
async fn a_creation_that_fails_is_an_error() {
    let down = response(503, "retry-after-ms: 1\r\n", "");
    let server = ScriptedServer::start([down]).await;
    let error = follow(&server.client()).wait().await;
    assert!(error.expect_err("the server is down").is_server_error());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn the_server_may_request_a_longer_delay_than_the_interval() {
    let busy = |seconds: &str| response(429, &format!("retry-after: {seconds}\r\n"), "");
    for (interval, slept) in [(1, 300), (600, 600)] {
        let server = ScriptedServer::start([
            json_response(&run("in_progress")),
            busy("300"),
            json_response(&run("completed")),
        ])
        .await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let work = follow(&client).interval(Duration::from_secs(interval));
        work.wait().await.unwrap();
        assert_eq!(clock.sleeps(), seconds(&[interval, slept]));
    }
}

#[tokio::test]
async fn a_token_provider_may_fail_while_polling() {
    let server = ScriptedServer::start([
        json_response(&run("in_progress")),
        json_response(&run("completed")),
    ])
    .await;
    let count = AtomicUsize::new(0);
    let credentials = Credentials::from_fn(move || {
        let number = count.fetch_add(1, Ordering::Relaxed);
        async move {
            match number {
                1..=3 => Err("the vault is closed"),
                _ => Ok(format!("token-{number}")),
            }
        }
    });
    let clock = ManualClock::default();
    let client = server
        .builder(&clock)
        .credentials(credentials)
        .build()
        .unwrap();
    let run = follow(&client).cancel_run(true).wait().await.unwrap();
    assert_eq!(run.status.as_str(), "completed");
    assert!(!is_cancelled(&server));
    assert_eq!(clock.sleeps(), seconds(&[1, 1, 1, 1]));
}

#[tokio::test]
async fn the_messages_and_steps_are_fetched_again_after_a_transient_failure() {
    let list = || response(200, "", r#"{"data":[],"has_more":false}"#);
    let down = || response(503, "retry-after-ms: 1\r\n", "");
    let server = ScriptedServer::start([
        json_response(&run("completed")),
        down(),
        down(),
        down(),
        list(),
        down(),
        down(),
        down(),
        list(),
    ])
    .await;
    let outcome = follow(&server.client()).outcome().await.unwrap();
    assert_eq!(outcome.run.status.as_str(), "completed");
}

#[tokio::test]
async fn another_run_is_an_error() {
    let mut other = run("completed");
    other["id"] = "run_2".into();
    let responses = [json_response(&run("queued")), json_response(&other)];
    let server = ScriptedServer::start(responses).await;
    let error = follow(&server.client())
        .wait()
        .await
        .expect_err("it is another run");
    assert!(error.is_decode(), "{error}");
    assert!(
        error
            .to_string()
            .contains("the run `run_2` instead of `run_1`"),
        "{error}"
    );
    assert_eq!(error.run_id(), Some("run_1"));
}

#[tokio::test]
async fn events_of_another_run_do_not_complete_the_stream() {
    let mut other = run("completed");
    other["id"] = "run_2".into();
    let events = [
        run_event(&run("in_progress")),
        run_event(&other),
        DONE.into(),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let stream = follow(&server.client()).stream().await.unwrap();
    let error = stream.finish().await.expect_err("the run is not complete");
    assert!(error.is_interrupted(), "{error}");
    assert_eq!(error.run_id(), Some("run_1"));
}

#[tokio::test]
async fn an_active_run_of_the_thread_is_named_and_not_cancelled() {
    for streams in [false, true] {
        let active = r#"{"error":{"message":"Thread thread_1 already has an active run run_77."}}"#;
        let lost = response(503, "retry-after-ms: 1\r\n", "");
        let server = ScriptedServer::start([lost, response(400, "", active)]).await;
        let work = follow(&server.client()).cancel_run(true);
        let error = outcome(work, streams).await.expect_err("a run is active");
        assert!(error.is_bad_request());
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_77"))
        );
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_sender_that_is_dropped_does_not_cancel() {
    let responses =
        ["queued", "in_progress", "completed"].map(|status| json_response(&run(status)));
    let server = ScriptedServer::start(responses).await;
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    drop(cancel);
    let work = follow(&server.client()).cancel_on(async move {
        if cancelled.await.is_err() {
            pending::<()>().await;
        }
    });
    assert_eq!(work.wait().await.unwrap().status.as_str(), "completed");
}

#[tokio::test]
async fn the_name_of_an_event_decides_whether_the_run_is_complete() {
    let events = |name: &str, status: &str| {
        let early = crate::support::event(&format!("thread.run.{name}"), &run(status));
        event_stream(&format!("{early}{DONE}"))
    };
    for name in ["created", "queued", "in_progress", "cancelling"] {
        let server = ScriptedServer::start([events(name, "completed")]).await;
        let stream = follow(&server.client()).stream().await.unwrap();
        let error = stream.finish().await.expect_err("the run is active");
        assert!(error.is_interrupted() && error.run_id() == Some("run_1"));
    }
    for (status, expected) in [
        ("requires_action", "requires_action"),
        ("failed", "failed"),
        ("in_progress", "completed"),
    ] {
        let server = ScriptedServer::start([events("completed", status)]).await;
        let stream = follow(&server.client()).stream().await.unwrap();
        let outcome = stream.finish().await.unwrap();
        assert_eq!(outcome.run.status.as_str(), expected);
    }
}
