//! Following a run by polling.

use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::types::MessageObject;

use super::support::{cancelling, follow, is_cancelled};
use crate::support::{
    ManualClock, PAUSE, STALL, ScriptedServer, create_run, json_response, response, run, until,
};

fn run_in(status: &str) -> String {
    json_response(&run(status))
}

fn milliseconds(milliseconds: &[u64]) -> Vec<Duration> {
    milliseconds
        .iter()
        .copied()
        .map(Duration::from_millis)
        .collect()
}

#[tokio::test]
async fn wait_returns_once_the_run_is_terminal_or_blocked() {
    for status in [
        "requires_action",
        "completed",
        "incomplete",
        "failed",
        "cancelled",
        "expired",
    ] {
        let responses = ["queued", "in_progress", "cancelling", status].map(run_in);
        let server = ScriptedServer::start(responses).await;
        let observed = Arc::new(Mutex::new(Vec::new()));
        let log = observed.clone();
        let run = follow(&server.client())
            .on_state(move |run| log.lock().unwrap().push(run.status.to_string()))
            .wait()
            .await
            .unwrap();
        assert_eq!(run.status.as_str(), status);
        assert_eq!(
            *observed.lock().unwrap(),
            ["queued", "in_progress", "cancelling", status]
        );
        assert_eq!(
            server.request_lines(),
            [
                "POST /v1/threads/thread_1/runs",
                "GET /v1/threads/thread_1/runs/run_1",
                "GET /v1/threads/thread_1/runs/run_1",
                "GET /v1/threads/thread_1/runs/run_1"
            ]
        );
    }
}

#[tokio::test]
async fn each_response_sets_the_delay_of_the_next_poll() {
    let after = |value: &str| {
        response(
            200,
            &format!("openai-poll-after-ms: {value}\r\n"),
            &run("in_progress").to_string(),
        )
    };
    let server = ScriptedServer::start([
        after("250"),
        after("40"),
        run_in("queued"),
        after("0"),
        after("soon"),
        after("99999999"),
        run_in("completed"),
    ])
    .await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    follow(&client).wait().await.unwrap();
    assert_eq!(
        clock.sleeps(),
        milliseconds(&[250, 40, 1000, 1000, 1000, 60_000])
    );
}

#[tokio::test]
async fn the_interval_of_the_caller_takes_precedence() {
    let header = "openai-poll-after-ms: 250\r\n";
    let server = ScriptedServer::start([
        response(200, header, &run("in_progress").to_string()),
        run_in("in_progress"),
        run_in("completed"),
    ])
    .await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let interval = Duration::from_millis(70);
    follow(&client).interval(interval).wait().await.unwrap();
    assert_eq!(clock.sleeps(), milliseconds(&[70, 70]));
}

#[tokio::test]
async fn an_unknown_status_is_polled_until_the_deadline() {
    let server = ScriptedServer::start([run_in("pondering")]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let work = tokio::spawn(follow(&client).deadline(Duration::from_secs(90)).wait());
    until(|| server.requests().len() > 20).await;
    assert!(clock.sleeps().iter().all(|sleep| sleep.as_secs() == 1));
    clock.expire_timeouts();
    let error = work.await.unwrap().expect_err("the deadline passes");
    assert!(error.is_timeout() && !error.is_retryable());
    assert_eq!(
        (error.thread_id(), error.run_id()),
        (Some("thread_1"), Some("run_1"))
    );
    assert!(clock.timeouts().contains(&Duration::from_secs(90)));
    assert!(error.to_string().contains("90s") && error.to_string().contains("run_1"));
    assert!(
        server
            .request_lines()
            .iter()
            .all(|line| !line.contains("cancel"))
    );
}

#[tokio::test]
async fn cancelling_the_wait_cancels_the_run_only_on_request() {
    for cancels_run in [true, false] {
        let server = ScriptedServer::start([run_in("in_progress")]).await;
        let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
        let client = server.client();
        let work = follow(&client)
            .cancel_run(cancels_run)
            .cancel_on(async { drop(cancelled.await) });
        let work = tokio::spawn(work.wait());
        until(|| server.requests().len() > 2).await;
        cancel.send(()).unwrap();
        let error = work.await.unwrap().expect_err("the caller cancels");
        assert!(error.is_cancelled() && !error.is_timeout());
        assert_eq!(error.run_id(), Some("run_1"));
        let last = server.request_lines().pop().unwrap();
        assert_eq!(
            last == "POST /v1/threads/thread_1/runs/run_1/cancel",
            cancels_run,
            "{last}"
        );
    }
}

#[tokio::test]
async fn an_immediate_cancellation_sends_nothing() {
    let server = ScriptedServer::start([run_in("in_progress")]).await;
    let error = follow(&server.client())
        .cancel_run(true)
        .cancel_on(ready(()))
        .wait()
        .await
        .expect_err("the caller cancels");
    assert!(error.is_cancelled());
    assert_eq!(
        (error.thread_id(), error.run_id()),
        (Some("thread_1"), None)
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_failed_poll_returns_the_run_id() {
    let gone = response(404, "", r#"{"error":{"message":"No run found"}}"#);
    let server = ScriptedServer::start([run_in("queued"), gone]).await;
    let error = follow(&server.client())
        .cancel_on(pending::<()>())
        .wait()
        .await
        .expect_err("the run is missing");
    assert!(error.is_not_found());
    assert_eq!(
        (error.operation(), error.run_id()),
        (Some("getRun"), Some("run_1"))
    );
}

#[tokio::test]
async fn headers_and_query_apply_to_all_requests() {
    let server = ScriptedServer::start([run_in("queued"), run_in("completed")]).await;
    let client = server.client();
    let call = create_run(&client)
        .header("x-tenant", "a")
        .query("version", "1");
    call.follow().wait().await.unwrap();
    for request in server.requests() {
        assert!(request.contains("x-tenant: a"), "{request}");
        assert!(request.lines().next().unwrap().contains("?version=1"));
    }
}

#[tokio::test]
async fn the_outcome_contains_the_messages_and_steps_of_the_run() {
    let list = |items: &str| {
        response(
            200,
            "",
            &format!(r#"{{"data":[{items}],"has_more":false}}"#),
        )
    };
    let message = |id: &str, run: &str| {
        format!(
            r#"{{"id":"{id}","thread_id":"thread_1","created_at":0,"role":"assistant","run_id":{run},"content":[]}}"#
        )
    };
    let messages = [
        message("msg_1", r#""run_0""#),
        message("msg_2", r#""run_1""#),
    ];
    let step = r#"{"id":"step_1","run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":0,
        "type":"message_creation","status":"completed","step_details":{"type":"message_creation","message_creation":{"message_id":"msg_2"}}}"#;
    let server =
        ScriptedServer::start([run_in("completed"), list(&messages.join(",")), list(step)]).await;
    let outcome = follow(&server.client()).outcome().await.unwrap();
    let ids = |messages: &[MessageObject]| {
        messages
            .iter()
            .map(|message| message.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&outcome.messages), ["msg_2"]);
    assert_eq!(outcome.steps[0].id, "step_1");
    assert_eq!(outcome.run.id, "run_1");
    let lines = server.request_lines();
    assert!(
        lines[1].starts_with("GET /v1/threads/thread_1/messages?"),
        "{lines:?}"
    );
    assert!(lines[1].contains("run_id=run_1") && lines[1].contains("order=asc"));
    assert!(lines[2].starts_with("GET /v1/threads/thread_1/runs/run_1/steps?"));
}

#[tokio::test]
async fn a_poll_with_a_transient_failure_is_repeated() {
    let down = || response(503, "retry-after-ms: 1\r\n", "");
    let mut responses = vec![run_in("in_progress")];
    responses.extend((0..7).map(|_| down()));
    responses.push(run_in("completed"));
    let server = ScriptedServer::start(responses).await;
    let run = follow(&server.client()).cancel_run(true).wait().await;
    assert_eq!(run.unwrap().status.as_str(), "completed");
    assert!(!is_cancelled(&server));
}

#[tokio::test]
async fn the_deadline_error_reports_the_last_status_and_the_last_failure() {
    let server = ScriptedServer::start([run_in("in_progress"), response(503, "", "busy")]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let limit = Duration::from_secs(90);
    let work = tokio::spawn(follow(&client).deadline(limit).wait());
    until(|| server.requests().len() > 9).await;
    clock.expire_timeouts_of(limit);
    let text = work
        .await
        .unwrap()
        .expect_err("the deadline passes")
        .to_string();
    assert!(text.contains("the run was `in_progress`"), "{text}");
    assert!(text.contains("(busy) after 90s"), "{text}");
    assert!(
        text.contains("cancel it, or set a later deadline"),
        "{text}"
    );
}

#[tokio::test]
async fn an_existing_run_is_cancelled() {
    for first in [response(400, "", ""), STALL.to_string()] {
        let server = ScriptedServer::start([first.clone(), cancelling()]).await;
        let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
        let fetch = server.client().get_run();
        let work = fetch.thread_id("thread_1").run_id("run_1").follow();
        let work = work
            .cancel_run(true)
            .cancel_on(async { drop(cancelled.await) });
        let work = tokio::spawn(work.wait());
        until(|| server.requests().len() == 1).await;
        if first.starts_with(STALL) {
            cancel.send(()).unwrap();
        } else {
            std::mem::forget(cancel);
        }
        let error = work
            .await
            .unwrap()
            .expect_err("the poll fails or the caller cancels");
        assert!(is_cancelled(&server), "{error}");
        assert!(error.is_run_cancelled());
        assert!(
            error.to_string().ends_with("; the run was cancelled"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_run_that_is_being_created_is_cancelled_once_its_id_is_known() {
    let slow = format!("{PAUSE}{PAUSE}{PAUSE}{}", run_in("queued"));
    let server = ScriptedServer::start([slow, cancelling()]).await;
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let work = follow(&server.client())
        .cancel_run(true)
        .cancel_on(async { drop(cancelled.await) });
    let work = tokio::spawn(work.wait());
    until(|| server.requests().len() == 1).await;
    cancel.send(()).unwrap();
    let error = work.await.unwrap().expect_err("the caller cancels");
    assert!(error.is_cancelled() && error.is_run_cancelled(), "{error}");
    assert_eq!(error.run_id(), Some("run_1"));
}

#[tokio::test]
async fn a_failed_cancellation_is_reported() {
    let server = ScriptedServer::start([response(400, "", "")]).await;
    let fetch = server.client().get_run();
    let work = fetch.thread_id("thread_1").run_id("run_1").follow();
    let error = work
        .cancel_run(true)
        .wait()
        .await
        .expect_err("the poll fails");
    assert!(is_cancelled(&server) && !error.is_run_cancelled());
    assert!(
        error.to_string().contains("could not be cancelled"),
        "{error}"
    );
}

#[tokio::test]
async fn an_idempotency_key_is_sent_with_one_call_only() {
    let list = || response(200, "", r#"{"data":[],"has_more":false}"#);
    let server =
        ScriptedServer::start([run_in("queued"), run_in("completed"), list(), list()]).await;
    let call = create_run(&server.client());
    let call = call.header("idempotency-key", "1").header("x-tenant", "a");
    call.follow().outcome().await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(
        requests
            .iter()
            .all(|request| request.contains("x-tenant: a"))
    );
    let keys = requests
        .iter()
        .filter(|request| request.contains("idempotency-key"));
    assert_eq!(keys.count(), 1);
}
