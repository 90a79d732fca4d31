//! Events that cannot be deserialized, beside the outcome of their run.

use std::time::Duration;

use openai_assistants::{Error, Result, RunOutcome, RunStream};
use serde_json::{Value, json};

use super::support::{completed, follow, list, message, text_delta};
use crate::support::{
    DONE, ManualClock, STALL, ScriptedServer, create_run, event, event_stream, json_response, run,
    run_event,
};

/// Events that cannot be deserialized, and what their errors say.
fn malformed() -> [(String, &'static str); 4] {
    let far = json!([{ "index": 1_000_000_000, "type": "text", "text": { "value": "b" } }]);
    [
        (
            event("thread.message.delta", "{\"id\": NaN}"),
            "is not JSON",
        ),
        (event("thread.message.delta", ""), "is not JSON"),
        (
            event("thread.message.in_progress", &json!({ "content": [] })),
            "missing field `id`",
        ),
        (
            event(
                "thread.message.delta",
                &json!({ "id": "msg_1", "delta": { "content": far } }),
            ),
            "index 1000000000",
        ),
    ]
}

/// A run with this event in its middle.
fn events_with(malformed: &str) -> String {
    [
        &run_event(&run("in_progress")),
        &text_delta("msg_1", "a"),
        malformed,
        &text_delta("msg_1", "b"),
        &event("thread.message.completed", &message("msg_1", "ab")),
        &completed(),
        DONE,
    ]
    .concat()
}

/// The accumulated stream of a run, and its followed stream.
async fn streams(events: &str) -> [RunStream; 2] {
    let server = ScriptedServer::start([event_stream(events)]).await;
    let client = server.client();
    let accumulated = create_run(&client).stream().await.unwrap().accumulate();
    [accumulated, follow(&client).stream().await.unwrap()]
}

#[track_caller]
fn check(outcome: Result<RunOutcome>, reason: &str) {
    let outcome = outcome.expect("the run is complete");
    assert_eq!(outcome.run.status.as_str(), "completed");
    assert_eq!(outcome.text(), "ab");
    let [error] = &*outcome.decode_errors else {
        panic!("there is one error: {:?}", outcome.decode_errors);
    };
    assert!(
        error.is_decode() && error.to_string().contains(reason),
        "{error}"
    );
    assert_eq!(error.run_id(), Some("run_1"));
}

#[tokio::test]
async fn the_error_of_an_event_is_reported_beside_the_outcome() {
    for (malformed, reason) in malformed() {
        for stream in streams(&events_with(&malformed)).await {
            check(stream.finish().await, reason);
        }
    }
}

#[tokio::test]
async fn iteration_yields_the_error_of_an_event_and_continues() {
    for (malformed, reason) in malformed() {
        for mut stream in streams(&events_with(&malformed)).await {
            let (mut names, mut errors) = (Vec::new(), Vec::new());
            loop {
                match stream.try_next().await {
                    Ok(Some(event)) => names.push(event.event().to_owned()),
                    Ok(None) => break,
                    Err(error) => errors.push(error),
                }
            }
            assert_eq!((names.len(), errors.len()), (6, 1), "{names:?} {errors:?}");
            assert!(errors[0].to_string().contains(reason), "{errors:?}");
            check(stream.finish().await, reason);
        }
    }
}

#[tokio::test]
async fn text_deltas_yield_the_error_of_an_event_and_continue() {
    for (malformed, reason) in malformed() {
        for mut stream in streams(&events_with(&malformed)).await {
            let (mut text, mut errors) = (String::new(), Vec::new());
            let mut texts = stream.text_deltas();
            loop {
                match texts.try_next().await {
                    Ok(Some(delta)) => text += &delta,
                    Ok(None) => break,
                    Err(error) => errors.push(error),
                }
            }
            assert_eq!((text.as_str(), errors.len()), ("ab", 1));
            check(stream.finish().await, reason);
        }
    }
}

#[tokio::test]
async fn the_error_that_ends_a_stream_takes_precedence() {
    let (malformed, _) = malformed().into_iter().next().unwrap();
    let refused = event("error", &json!({ "message": "no" }));
    let cut = run_event(&run("in_progress"));
    for (end, check) in [
        (refused, Error::is_stream_error as fn(&Error) -> bool),
        (cut, Error::is_ended_early),
    ] {
        let server = ScriptedServer::start([event_stream(&(malformed.clone() + &end))]).await;
        let stream = create_run(&server.client()).stream().await.unwrap();
        let error = stream.accumulate().finish().await.expect_err("it fails");
        assert!(check(&error), "{error}");
    }
}

#[tokio::test]
async fn without_the_final_run_the_error_of_its_event_is_the_result() {
    let mut last: Value = run("completed");
    last.as_object_mut().unwrap().remove("id");
    let events = run_event(&run("in_progress")) + &event("thread.run.completed", &last) + DONE;
    let server = ScriptedServer::start([event_stream(&events)]).await;
    let stream = create_run(&server.client()).stream().await.unwrap();
    let error = stream
        .accumulate()
        .finish()
        .await
        .expect_err("there is no final run");
    assert!(
        error.is_decode() && error.to_string().contains("`id`"),
        "{error}"
    );
}

#[tokio::test]
async fn an_outcome_that_was_fetched_for_a_stream_has_its_errors() {
    let malformed = json!({ "role": "assistant" });
    let responses = [
        event_stream(&format!("{}{STALL}", run_event(&run("in_progress")))),
        json_response(&run("completed")),
        list(&[malformed.clone(), message("msg_1", "ab")]),
        list(&[]),
    ];
    let server = ScriptedServer::start(responses).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let deadline = Duration::from_secs(90);
    let mut stream = follow(&client).deadline(deadline).stream().await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    clock.expire_timeouts_of(deadline);
    let outcome = stream.finish().await.expect("the run has ended");
    assert_eq!(outcome.text(), "ab");
    let errors = outcome.decode_errors.iter().map(Error::body);
    assert_eq!(errors.collect::<Vec<_>>(), [Some(&*malformed.to_string())]);
}
