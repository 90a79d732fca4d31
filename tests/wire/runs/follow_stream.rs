//! Following a run by its event stream.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use super::support::{cancelling, completed, follow, is_cancelled};
use crate::support::{
    DONE, ENDLESS, ManualClock, PAUSE, STALL, ScriptedServer, byte_by_byte, event, event_stream,
    read_to_end, response, run, run_event, until,
};

#[tokio::test]
async fn without_tools_the_events_are_unchanged() {
    for status in ["completed", "requires_action"] {
        let events = [
            run_event(&run("queued")),
            run_event(&run(status)),
            DONE.into(),
        ];
        let server = ScriptedServer::start([event_stream(&events.concat())]).await;
        let observed = Arc::new(Mutex::new(Vec::new()));
        let log = observed.clone();
        let mut stream = follow(&server.client())
            .on_state(move |run| log.lock().unwrap().push(run.status.to_string()))
            .stream()
            .await
            .unwrap();
        let (names, error) = read_to_end(&mut stream).await;
        assert!(error.is_none(), "{error:?}");
        let last = format!("thread.run.{status}");
        assert_eq!(names, ["thread.run.queued", &last, "done"]);
        assert_eq!(*observed.lock().unwrap(), ["queued", status]);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_stream_that_cannot_be_opened_is_an_error() {
    let server = ScriptedServer::start([response(401, "", "")]).await;
    let error = follow(&server.client())
        .stream()
        .await
        .expect_err("the API key is rejected");
    assert!(error.is_authentication());
    assert_eq!(error.thread_id(), Some("thread_1"));
}

#[tokio::test]
async fn a_broken_stream_cancels_the_run_only_on_request() {
    for cancel in [true, false] {
        let events = run_event(&run("in_progress"));
        let server = ScriptedServer::start([event_stream(&events), cancelling()]).await;
        let call = follow(&server.client()).cancel_run(cancel);
        let mut stream = call.stream().await.unwrap();
        let (names, error) = read_to_end(&mut stream).await;
        let error = error.expect("the stream breaks");
        assert_eq!(names, ["thread.run.in_progress"]);
        assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
        assert_eq!(is_cancelled(&server), cancel);
        assert!(stream.try_next().await.unwrap().is_none());
        let last = stream.run().expect("an event contained the run");
        assert_eq!(last.status.as_str(), "in_progress");
    }
}

#[tokio::test]
async fn the_deadline_and_the_caller_end_a_stalled_stream() {
    for by_caller in [true, false] {
        let events = [run_event(&run("in_progress")), STALL.to_string()].concat();
        let server = ScriptedServer::start([event_stream(&events), cancelling()]).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let limit = Duration::from_secs(90);
        let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
        let call = follow(&client).deadline(limit).cancel_run(true);
        let call = call.cancel_on(async { drop(cancelled.await) });
        let mut stream = call.stream().await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        let work = tokio::spawn(async move { stream.try_next().await });
        if by_caller {
            cancel.send(()).unwrap();
        } else {
            clock.expire_timeouts_of(limit);
            std::mem::forget(cancel);
        }
        let error = work
            .await
            .unwrap()
            .expect_err("the deadline passes or the caller cancels");
        assert_eq!(
            (error.is_cancelled(), error.is_timeout()),
            (by_caller, !by_caller)
        );
        assert_eq!(error.run_id(), Some("run_1"));
        assert!(is_cancelled(&server));
        until(|| server.closed_by_client() == 1).await;
    }
}

#[tokio::test]
async fn the_stream_continues_after_an_invalid_event() {
    let events = [
        run_event(&run("queued")),
        event("thread.message.delta", &json!([])),
        completed(),
        DONE.into(),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let mut stream = follow(&server.client()).stream().await.unwrap();
    let (_, error) = read_to_end(&mut stream).await;
    assert!(error.expect("the delta is invalid").is_decode());
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(names, ["thread.run.completed", "done"]);
    assert_eq!(
        stream.finish().await.unwrap().run.status.as_str(),
        "completed"
    );
}

#[tokio::test]
async fn a_run_is_cancelled_however_its_id_became_known() {
    let mut unreadable = run("in_progress");
    unreadable["status"] = json!({});
    let unreadable = [
        event("thread.run.in_progress", &unreadable),
        event("error", &json!({ "message": "x" })),
    ];
    let mut object = run("queued");
    object["object"] = "thread.run".into();
    for (first, is_opened) in [
        (event_stream(&unreadable.concat()), true),
        (
            response(
                200,
                "content-type: application/json\r\n",
                &object.to_string(),
            ),
            false,
        ),
    ] {
        let server = ScriptedServer::start([first, cancelling()]).await;
        let stream = follow(&server.client()).cancel_run(true).stream().await;
        assert_eq!(stream.is_ok(), is_opened);
        let error = match stream {
            Ok(stream) => {
                let mut stream = stream;
                let error = read_to_end(&mut stream)
                    .await
                    .1
                    .expect("the event is invalid");
                assert!(error.is_decode() && !error.is_run_cancelled());
                read_to_end(&mut stream)
                    .await
                    .1
                    .expect("the stream ends with an error")
            }
            Err(error) => error,
        };
        assert_eq!(error.run_id(), Some("run_1"));
        assert!(error.is_run_cancelled() && is_cancelled(&server), "{error}");
    }
}

#[tokio::test]
async fn a_run_that_is_being_created_is_cancelled_once_its_id_is_known() {
    let slow = format!("{PAUSE}{PAUSE}{}", run_event(&run("queued")));
    for first in [
        event_stream(&slow),
        byte_by_byte(&event_stream(&run_event(&run("queued")))),
    ] {
        let server = ScriptedServer::start([format!("{first}{STALL}"), cancelling()]).await;
        let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
        let call = follow(&server.client())
            .cancel_run(true)
            .cancel_on(async { drop(cancelled.await) });
        let work = tokio::spawn(async move {
            match call.stream().await {
                Ok(stream) => stream.finish().await.map(drop),
                Err(error) => Err(error),
            }
        });
        until(|| server.requests().len() == 1).await;
        cancel.send(()).unwrap();
        let error = work.await.unwrap().expect_err("the caller cancels");
        assert!(error.is_cancelled() && error.is_run_cancelled(), "{error}");
        assert!(is_cancelled(&server));
    }
}

#[tokio::test]
async fn a_terminal_run_is_complete_after_a_grace_period() {
    let events = format!("{}{STALL}", completed());
    let server = ScriptedServer::start([event_stream(&events)]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let mut stream = follow(&client).stream().await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    let work = tokio::spawn(stream.finish());
    let grace = Duration::from_secs(5);
    until(|| clock.timeouts().contains(&grace)).await;
    clock.expire_timeouts_of(grace);
    let outcome = work.await.unwrap().expect("the run is complete");
    assert_eq!(outcome.run.status.as_str(), "completed");
}

#[tokio::test]
async fn the_deadline_and_the_caller_end_the_stream_of_a_terminal_run_without_an_error() {
    for by_caller in [true, false] {
        let comments = format!("{}: still here\n\n{ENDLESS}", completed());
        let events = comments.replacen(": still", &format!("{PAUSE}: still"), 1);
        let server = ScriptedServer::start([event_stream(&events)]).await;
        let clock = ManualClock::default();
        let client = server.builder(&clock).build().unwrap();
        let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
        let limit = Duration::from_secs(3);
        let call = follow(&client).deadline(limit).cancel_run(true);
        let call = call.cancel_on(async { drop(cancelled.await) });
        let mut stream = call.stream().await.unwrap();
        assert!(stream.try_next().await.unwrap().is_some());
        let work = tokio::spawn(stream.finish());
        if by_caller {
            cancel.send(()).unwrap();
        } else {
            clock.expire_timeouts_of(limit);
            std::mem::forget(cancel);
        }
        let outcome = work.await.unwrap().expect("the run is complete");
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(
            server.requests().len(),
            1,
            "nothing is cancelled or fetched"
        );
        until(|| server.closed_by_client() == 1).await;
    }
}

#[tokio::test]
async fn a_status_after_a_terminal_one_is_ignored() {
    let events = [completed(), run_event(&run("in_progress")), DONE.into()];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let stream = follow(&server.client()).stream().await.unwrap();
    let outcome = stream.finish().await.unwrap();
    assert_eq!(outcome.run.status.as_str(), "completed");
}

#[tokio::test]
async fn done_before_the_run_is_terminal_is_an_early_end() {
    let events = [run_event(&run("in_progress")), DONE.into()];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let mut stream = follow(&server.client()).stream().await.unwrap();
    let (names, error) = read_to_end(&mut stream).await;
    assert_eq!(names, ["thread.run.in_progress", "done"]);
    let error = error.expect("the run is not complete");
    assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
    let error = stream.finish().await.expect_err("the run is not complete");
    assert!(error.is_ended_early() && error.run_id() == Some("run_1"));
}

#[tokio::test]
async fn finish_reads_to_the_end_after_an_error() {
    let events = [
        event("thread.message.delta", &json!([])),
        completed(),
        DONE.into(),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let call = follow(&server.client()).cancel_run(true);
    let stream = call.stream().await.unwrap();
    let outcome = stream.finish().await.expect("the run is complete");
    assert_eq!(outcome.run.status.as_str(), "completed");
    assert!(outcome.decode_errors[0].is_decode(), "the delta is invalid");
    assert!(!is_cancelled(&server), "the run was terminal");
}
