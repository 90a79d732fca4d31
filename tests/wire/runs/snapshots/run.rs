//! Snapshots of the thread and the run, and the outcome.

use openai_assistants::mock;
use serde_json::json;

use super::support::{message_delta, open, read, run, text};
use crate::support::{DONE, event, run_event};

#[tokio::test]
async fn thread_and_run_are_those_of_their_last_event() {
    let statuses = ["queued", "in_progress", "completed"];
    let mut events = vec![event("thread.created", &json!(mock::thread()))];
    events.extend(statuses.map(|status| run_event(&run(status))));
    let mut run = open(&events).await;
    read(&mut run, 1).await;
    for status in statuses {
        read(&mut run, 1).await;
        assert_eq!(run.run().unwrap().status.as_str(), status);
    }
    assert_eq!(run.thread(), Some(&mock::thread()));
}

#[tokio::test]
async fn the_outcome_contains_the_messages_and_steps() {
    let run = open(&[
        event("thread.created", &json!(mock::thread())),
        message_delta(json!([text(0, "a")])),
        event("thread.run.step.completed", &json!(mock::run_step())),
        run_event(&run("completed")),
    ])
    .await;
    let outcome = run.finish().await.unwrap();
    assert_eq!(outcome.run.status.as_str(), "completed");
    assert_eq!(outcome.text(), "a");
    assert_eq!(outcome.steps, [mock::run_step()]);
}

#[tokio::test]
async fn without_a_run_there_is_no_outcome() {
    let created = event("thread.created", &json!(mock::thread()));
    let run = open(&[created, DONE.to_owned()]).await;
    let error = run.finish().await.unwrap_err();
    assert!(error.is_ended_early());
    assert_eq!(error.thread_id(), Some("thread_1"));
}
