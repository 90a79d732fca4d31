//! The deadline of a followed run, and what follows it.

use std::time::Duration;

use openai_assistants::operations::CreateRun;
use openai_assistants::{Follow, Result, RunOutcome};

use super::support::{
    cancelling, follow, follow_submission, is_cancelled, list, message, outcome, text_delta,
};
use crate::support::{
    DONE, ManualClock, STALL, ScriptedServer, event_stream, json_response, response, run,
    run_event, until,
};

const DEADLINE: Duration = Duration::from_secs(90);
/// The time limit of the last poll.
const GRACE: Duration = Duration::from_secs(10);

/// The responses to a run that is in progress, after which the server is silent.
fn silent(streams: bool) -> Vec<String> {
    if streams {
        let events = [
            run_event(&run("in_progress")),
            text_delta("msg_1", "It is "),
            STALL.into(),
        ];
        vec![event_stream(&events.concat())]
    } else {
        vec![json_response(&run("in_progress")), STALL.to_string()]
    }
}

/// Follows a run until the server is silent, then lets the deadline pass.
async fn past_deadline(
    streams: bool,
    server: &ScriptedServer,
    clock: &ManualClock,
    configure: impl FnOnce(Follow<CreateRun>) -> Follow<CreateRun>,
) -> tokio::task::JoinHandle<Result<RunOutcome>> {
    let client = server.builder(clock).build().unwrap();
    let silent = silent(streams).len();
    let work = configure(follow(&client).deadline(DEADLINE));
    let work = tokio::spawn(outcome(work, streams));
    until(|| server.requests().len() == silent && clock.timeouts().contains(&DEADLINE)).await;
    crate::support::yield_often().await;
    clock.expire_timeouts_of(DEADLINE);
    work
}

#[tokio::test]
async fn a_last_poll_precedes_the_error_of_a_deadline() {
    for streams in [false, true] {
        for status in ["failed", "completed", "requires_action"] {
            let mut responses = silent(streams);
            responses.push(json_response(&run(status)));
            responses.push(list(&[message("msg_1", "It is 12 °C.")]));
            responses.push(list(&[]));
            let server = ScriptedServer::start(responses).await;
            let clock = ManualClock::default();
            let work = past_deadline(streams, &server, &clock, |work| work.cancel_run(true)).await;
            let outcome = work.await.unwrap().expect("the run has ended");
            assert_eq!(outcome.run.status.as_str(), status);
            assert_eq!(outcome.text(), "It is 12 °C.");
            assert!(!is_cancelled(&server));
        }
    }
}

#[tokio::test]
async fn the_error_of_a_deadline_reports_the_last_poll() {
    for streams in [false, true] {
        let mut responses = silent(streams);
        responses.push(json_response(&run("cancelling")));
        let server = ScriptedServer::start(responses).await;
        let clock = ManualClock::default();
        let work = past_deadline(streams, &server, &clock, |work| work).await;
        let error = work.await.unwrap().expect_err("the deadline passes");
        assert!(error.is_timeout() && error.run_id() == Some("run_1"));
        let text = error.to_string();
        assert!(text.contains("still `cancelling` after 90s"), "{text}");
    }
}

#[tokio::test]
async fn the_last_poll_has_a_limit_and_can_be_cancelled() {
    for streams in [false, true] {
        for by_caller in [false, true] {
            let mut responses = silent(streams);
            responses.extend([STALL.to_string(), cancelling()]);
            let server = ScriptedServer::start(responses).await;
            let clock = ManualClock::default();
            let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
            let work = past_deadline(streams, &server, &clock, |work| {
                work.cancel_run(true)
                    .cancel_on(async { drop(cancelled.await) })
            });
            let work = work.await;
            let requests = silent(streams).len() + 1;
            until(|| server.requests().len() == requests).await;
            if by_caller {
                cancel.send(()).unwrap();
            } else {
                std::mem::forget(cancel);
                clock.expire_timeouts_of(GRACE);
            }
            let error = work.await.unwrap().expect_err("the last poll ends");
            assert_eq!(
                (error.is_cancelled(), error.is_timeout()),
                (by_caller, !by_caller)
            );
            assert!(is_cancelled(&server) || !by_caller, "{error}");
        }
    }
}

#[tokio::test]
async fn the_messages_and_steps_are_fetched_within_the_limits() {
    let messages = || list(&[message("msg_1", "It is 12 °C.")]);
    for streams in [false, true] {
        for (stalled, lists) in [("messages", vec![]), ("steps", vec![messages()])] {
            for by_caller in [false, true] {
                let lost = response(502, "", "");
                let mut responses = vec![lost, json_response(&run("completed"))];
                responses.extend(lists.clone());
                responses.push(STALL.to_string());
                let requests = responses.len();
                let server = ScriptedServer::start(responses).await;
                let clock = ManualClock::default();
                let client = server.builder(&clock).build().unwrap();
                let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
                let work = follow_submission(&client).deadline(DEADLINE);
                let work = work.cancel_on(async { drop(cancelled.await) });
                let work = tokio::spawn(outcome(work.cancel_run(true), streams));
                until(|| server.requests().len() == requests).await;
                let last = server.request_lines().pop().unwrap();
                assert!(last.contains(&format!("/{stalled}?")), "{last}");
                if by_caller {
                    cancel.send(()).unwrap();
                } else {
                    std::mem::forget(cancel);
                    clock.expire_timeouts_of(DEADLINE);
                }
                let error = work.await.unwrap().expect_err("the list is stalled");
                assert_eq!(
                    (error.is_cancelled(), error.is_timeout()),
                    (by_caller, !by_caller),
                    "{error}"
                );
                let text = error.to_string();
                let reason = "the run is `completed`, but its messages and steps are incomplete";
                assert!(text.contains(reason), "{text}");
                assert_eq!(error.run_id(), Some("run_1"));
                assert!(!is_cancelled(&server), "the run is terminal");
            }
        }
    }
}

#[tokio::test]
async fn the_text_that_was_not_streamed_follows_the_last_poll() {
    let mut responses = silent(true);
    responses.push(json_response(&run("completed")));
    let messages = [message("msg_1", "It is 12 °C."), message("msg_2", "Bye.")];
    responses.push(list(&messages));
    responses.push(list(&[]));
    let server = ScriptedServer::start(responses).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let mut stream = follow(&client).deadline(DEADLINE).stream().await.unwrap();
    let mut printed = String::new();
    let mut texts = stream.text_deltas();
    printed += &texts.try_next().await.unwrap().unwrap().to_string();
    clock.expire_timeouts_of(DEADLINE);
    while let Some(text) = texts.try_next().await.unwrap() {
        printed += &text.to_string();
    }
    assert_eq!(printed, "It is 12 °C.\nBye.");
    let outcome = stream.finish().await.unwrap();
    assert_eq!(outcome.messages.len(), 2);
    assert_eq!(outcome.messages[0].text(), "It is 12 °C.");
}

#[tokio::test]
async fn the_events_after_a_last_poll_end_like_those_of_the_server() {
    let mut responses = silent(true);
    responses.push(json_response(&run("failed")));
    responses.push(list(&[]));
    let server = ScriptedServer::start(responses).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let mut stream = follow(&client).deadline(DEADLINE).stream().await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    assert!(stream.try_next().await.unwrap().is_some());
    clock.expire_timeouts_of(DEADLINE);
    let (names, error) = crate::support::read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(names, ["thread.run.failed", "done"]);
    assert!(DONE.contains("done"));
}

#[tokio::test]
async fn a_creation_on_its_way_may_have_been_processed() {
    for streams in [false, true] {
        for by_caller in [false, true] {
            let server = ScriptedServer::start([STALL.to_string()]).await;
            let clock = ManualClock::default();
            let client = server.builder(&clock).build().unwrap();
            let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
            let work = follow(&client).deadline(DEADLINE);
            let work = work.cancel_on(async { drop(cancelled.await) });
            let work = tokio::spawn(outcome(work, streams));
            until(|| !server.requests().is_empty()).await;
            if by_caller {
                cancel.send(()).unwrap();
            } else {
                std::mem::forget(cancel);
                clock.expire_timeouts_of(DEADLINE);
            }
            let error = work.await.unwrap().expect_err("there is no response");
            assert_eq!(error.is_cancelled(), by_caller);
            assert!(error.may_have_been_processed(), "{error}");
        }
        let server = ScriptedServer::start([STALL.to_string()]).await;
        let client = server.client();
        let work = follow(&client).cancel_on(std::future::ready(()));
        let error = outcome(work, streams).await.expect_err("it is cancelled");
        assert!(error.is_cancelled() && !error.may_have_been_processed());
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn a_failed_poll_after_the_creation_may_have_been_processed() {
    let created = json_response(&run("in_progress"));
    let forbidden = response(403, "", "no");
    let server = ScriptedServer::start([created, forbidden]).await;
    let error = follow(&server.client()).wait().await;
    let error = error.expect_err("the poll is rejected");
    assert!(error.is_permission_denied() && error.may_have_been_processed());

    // This follow creates nothing.
    let fetch = server.client().get_run();
    let fetch = fetch.thread_id("thread_1").run_id("run_1").follow();
    let error = fetch.wait().await.expect_err("the poll is rejected");
    assert!(error.is_permission_denied() && !error.may_have_been_processed());
}
