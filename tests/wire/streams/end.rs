//! How a stream ends.

use std::error::Error as _;
use std::time::Duration;

use serde_json::json;

use super::support::{KEY, failure_of, run, run_object, stream_of};
use crate::support::{
    DONE, ENDLESS, ManualClock, PAUSE, STALL, STREAM_HEAD, ScriptedServer, chunked_event_stream,
    create_run, event, event_stream, read_to_end, until,
};

#[tokio::test]
async fn done_ends_the_stream_whatever_its_name_and_the_connection_do() {
    for done in [
        DONE,
        "data: [DONE]\n\n",
        "event: thread.done\ndata:[DONE]\n\n",
    ] {
        let events = [&run("completed"), done, &run("failed")].concat();
        let (server, mut stream) = stream_of(event_stream(&format!("{events}{STALL}"))).await;
        let (names, error) = read_to_end(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(names, ["thread.run.completed", "done"]);
        until(|| server.closed_by_client() == 1).await;
        assert!(stream.try_next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn the_connection_may_end_without_done_once_the_run_is_terminal_or_blocked() {
    for status in [
        "requires_action",
        "completed",
        "incomplete",
        "failed",
        "cancelled",
        "expired",
    ] {
        let events = [run("queued"), run(status)].concat();
        for (response, count) in [
            (event_stream(&events), 2),
            (chunked_event_stream(&events, true), 2),
            (chunked_event_stream(&events, false), 2),
            (event_stream(&format!("{events}data: [DONE]\n")), 3),
        ] {
            let (_server, mut stream) = stream_of(response).await;
            let (names, error) = read_to_end(&mut stream).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(names.len(), count);
        }
    }
}

#[tokio::test]
async fn an_early_end_is_an_error_with_the_run_id() {
    let events = [run("requires_action"), run("in_progress")].concat();
    for response in [event_stream(&events), chunked_event_stream(&events, true)] {
        let error = failure_of(response).await;
        assert!(error.is_ended_early() && error.is_interrupted() && !error.is_cut());
        assert_eq!(error.run_id(), Some("run_1"));
        assert_eq!(
            error.to_string(),
            "createRun failed: the stream ended before the run was complete (request req_1, run run_1); \
             the run may continue on the server: follow it by its ID with `get_run`"
        );
    }
}

#[tokio::test]
async fn an_empty_stream_is_an_error_with_the_thread_id() {
    let error = failure_of(event_stream("")).await;
    assert!(error.is_ended_early() && error.run_id().is_none());
}

#[tokio::test]
async fn a_cut_stream_is_an_error_with_the_run_id() {
    let half = format!(
        "{}event: thread.run.completed\ndata: {{\"id\"",
        run("queued")
    );
    for response in [
        event_stream(&half),
        chunked_event_stream(&half, true),
        chunked_event_stream(&half, false),
        chunked_event_stream(&run("queued"), false),
        chunked_event_stream(&format!("{}{half}", run("completed")), false),
    ] {
        let is_complete = !response.contains("chunked") || response.contains("0\r\n\r\n");
        let error = failure_of(response).await;
        assert!(error.is_cut() && error.is_interrupted() && !error.is_ended_early());
        assert_eq!(error.run_id(), Some("run_1"));
        assert_eq!(error.source().is_some(), !is_complete);
        let reason = if is_complete {
            "the stream ended in the middle of an event ("
        } else {
            "the connection of the stream broke: "
        };
        let text = format!("createRun failed: {reason}");
        assert!(error.to_string().starts_with(&text), "{error}");
    }
}

#[tokio::test]
async fn an_idle_stream_times_out_with_the_run_id() {
    for (limit_of_call, limit) in [(None, 7), (Some(Duration::from_secs(5)), 5)] {
        let clock = ManualClock::default();
        let server =
            ScriptedServer::start([event_stream(&format!("{}{STALL}", run("queued")))]).await;
        let builder = server
            .builder(&clock)
            .stream_idle_timeout(Duration::from_secs(7));
        let client = builder.build().unwrap();
        let mut call = create_run(&client);
        if let Some(limit) = limit_of_call {
            call = call.stream_idle_timeout(limit);
        }
        let mut stream = call.stream().await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());

        let started = clock.timeouts().len();
        let work = tokio::spawn(async move {
            let error = stream.try_next().await.expect_err("the stream is idle");
            assert!(stream.try_next().await.expect("it has ended").is_none());
            (error, stream)
        });
        until(|| clock.timeouts().len() > started).await;
        assert_eq!(clock.timeouts().last(), Some(&Duration::from_secs(limit)));
        clock.expire_timeouts();
        let (error, _stream) = work.await.unwrap();
        assert!(error.is_timeout() && error.is_interrupted());
        assert_eq!(error.run_id(), Some("run_1"));
        let text = format!(
            "createRun failed: the stream sent nothing within the `stream_idle_timeout` of {limit}s ("
        );
        assert!(error.to_string().starts_with(&text), "{error}");
        until(|| server.closed_by_client() == 1).await;
    }
}

#[tokio::test]
async fn an_error_event_is_an_error_with_the_message_of_the_server() {
    let error = json!({"message": format!("no, {KEY}"), "type": "server_error", "code": "c"});
    for text in [
        event("error", &error),
        event("error", &json!({"error": &error})),
        format!("data: {}\n\n", json!({"error": &error})),
    ] {
        let events = [&run("queued"), &*text, &run("completed"), DONE].concat();
        let error = failure_of(event_stream(&format!("{events}{STALL}"))).await;
        assert!(error.is_stream_error() && !error.is_interrupted());
        assert_eq!(error.message(), "no, ***");
        assert_eq!(
            (error.code(), error.api_type()),
            (Some("c"), Some("server_error"))
        );
        assert!(!error.body().expect("the body is kept").contains(KEY));
        assert_eq!(
            error.to_string(),
            "createRun failed: no, *** (code c, request req_1, run run_1)"
        );
    }
}

#[tokio::test]
async fn the_status_of_a_run_counts_in_unknown_events() {
    let events = event("thread.run.rejected", &run_object("failed"));
    let (_server, mut stream) = stream_of(event_stream(&events)).await;
    assert!(read_to_end(&mut stream).await.1.is_none());
    assert_eq!(stream.run_id(), Some("run_1"));

    let step = event(
        "thread.run.step.paused",
        &json!({"id": "step_1", "status": "completed"}),
    );
    let error = failure_of(event_stream(&step)).await;
    assert!(error.is_ended_early() && error.run_id().is_none());
}

#[tokio::test]
async fn an_event_above_the_size_limit_is_an_error() {
    let data = "x".repeat(64 * 1024);
    let endless = format!("{STREAM_HEAD}\r\n{PAUSE}data: {PAUSE}{data}{ENDLESS}");
    let (server, mut stream) = stream_of(endless).await;
    let error = stream.try_next().await.expect_err("the event is too large");
    assert!(error.is_cut() && error.is_interrupted());
    assert_eq!(error.thread_id(), Some("thread_1"));
    assert!(
        error.to_string().contains("larger than 83886080 bytes"),
        "{error}"
    );
    assert!(stream.try_next().await.expect("it has ended").is_none());
    until(|| server.closed_by_client() == 1).await;
}
