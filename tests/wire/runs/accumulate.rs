//! Accumulating the events of a run.

use openai_assistants::types::AssistantStreamEvent;
use openai_assistants::{EventStream, RunStream, RunTextDeltas, mock};
use serde_json::{Value, json};

use crate::support::{DONE, ScriptedServer, create_run, event, response};

fn message_delta(content: &Value) -> String {
    let delta = json!({ "id": "msg_1", "delta": { "content": content } });
    event("thread.message.delta", &delta)
}

fn text(index: i64, value: &str) -> Value {
    json!({ "index": index, "type": "text", "text": { "value": value } })
}

fn run(status: &str) -> String {
    let mut run = json!(mock::run());
    run["status"] = status.into();
    event(&format!("thread.run.{status}"), &run)
}

/// The event stream of these events.
async fn events(events: &[String]) -> EventStream<AssistantStreamEvent> {
    let headers = "content-type: text/event-stream\r\n";
    let server = ScriptedServer::start([response(200, headers, &events.concat())]).await;
    let call = create_run(&server.client());
    call.stream().await.expect("the stream opens")
}

/// The run stream of these events.
async fn stream(sent: &[String]) -> RunStream {
    events(sent).await.accumulate()
}

async fn names(run: &mut RunStream) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(event) = run.try_next().await.expect("no event is an error") {
        names.push(event.event().to_owned());
    }
    names
}

#[tokio::test]
async fn events_are_yielded_after_they_were_added() {
    let mut run = stream(&[
        run("created"),
        message_delta(&json!([text(0, "a")])),
        run("completed"),
        DONE.to_owned(),
    ])
    .await;
    assert!(run.run().is_none() && run.thread().is_none());
    let event = run.try_next().await.unwrap().unwrap();
    assert_eq!(event.run(), run.run());
    run.try_next().await.unwrap();
    assert_eq!(run.messages()[0].text(), "a");
    let names_left = names(&mut run).await;
    assert_eq!(
        names_left.first().map(String::as_str),
        Some("thread.run.completed")
    );
    assert!(run.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn the_outcome_accumulates_all_events() {
    let run = stream(&[
        run("created"),
        message_delta(&json!([text(0, "a")])),
        message_delta(&json!([text(0, "b")])),
        run("completed"),
        DONE.to_owned(),
    ])
    .await;
    let outcome = run.finish().await.unwrap();
    assert_eq!(outcome.text(), "ab");
    assert_eq!(outcome.run.status.as_str(), "completed");
}

#[tokio::test]
async fn snapshots_remain_after_an_error() {
    let mut run = stream(&[
        run("in_progress"),
        message_delta(&json!([text(0, "a")])),
        event("error", &json!({ "message": "overloaded" })),
    ])
    .await;
    assert!(run.try_next().await.is_ok() && run.try_next().await.is_ok());
    assert!(run.try_next().await.unwrap_err().is_stream_error());
    assert_eq!(run.run().unwrap().id, "run_1");
    assert_eq!(run.messages()[0].text(), "a");
    assert!(run.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn finish_returns_the_error_of_the_stream() {
    let run = stream(&[
        run("in_progress"),
        event("error", &json!({ "message": "no" })),
    ])
    .await;
    assert!(run.finish().await.unwrap_err().is_stream_error());
}

#[tokio::test]
async fn a_delta_with_an_index_out_of_range_is_an_error() {
    let mut run = stream(&[run("created"), message_delta(&json!([text(5000, "a")]))]).await;
    run.try_next().await.unwrap();
    let error = run.try_next().await.unwrap_err();
    assert!(error.is_decode());
    assert_eq!(error.run_id(), Some("run_1"));
}

#[tokio::test]
async fn text_deltas_also_update_the_snapshots() {
    let mut run = stream(&[
        run("created"),
        message_delta(&json!([text(0, "a")])),
        message_delta(&json!([text(0, "")])),
        message_delta(
            &json!([{ "index": 1, "type": "image_file", "image_file": { "file_id": "file_1" } }]),
        ),
        message_delta(&json!([text(0, "b"), text(2, "c")])),
        run("completed"),
        DONE.to_owned(),
    ])
    .await;
    let mut texts = run.text_deltas();
    assert_eq!(texts.try_next().await.unwrap().unwrap().text, "a");
    assert_eq!(texts.try_next().await.unwrap().unwrap().text, "bc");
    assert_eq!(texts.try_next().await.unwrap(), None);
    assert_eq!(run.messages()[0].text(), "ab\nc");
    assert_eq!(run.run().unwrap().status.as_str(), "completed");
}

#[tokio::test]
async fn it_resumes_with_the_stream_of_a_submission() {
    let function = json!({ "id": "call_1", "type": "function", "function": { "name": "add", "arguments": "{}" } });
    let mut blocked = json!(mock::run());
    blocked["status"] = "requires_action".into();
    blocked["required_action"] = json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": [function] } });
    let blocked = event("thread.run.requires_action", &blocked);

    let mut run_stream = stream(&[
        message_delta(&json!([text(0, "a")])),
        blocked.clone(),
        DONE.to_owned(),
    ])
    .await;
    names(&mut run_stream).await;
    assert_eq!(run_stream.take_tool_calls().len(), 1);
    let next_events = events(&[
        blocked,
        message_delta(&json!([text(0, "b")])),
        run("completed"),
        DONE.to_owned(),
    ])
    .await;
    run_stream.resume_with(next_events);
    names(&mut run_stream).await;
    assert!(run_stream.take_tool_calls().is_empty());
    assert_eq!(run_stream.messages()[0].text(), "ab");
    assert_eq!(
        run_stream.finish().await.unwrap().run.status.as_str(),
        "completed"
    );
}

#[test]
fn it_is_send_and_unpin() {
    fn check<T: Send + Unpin>() {}
    check::<RunStream>();
    check::<RunTextDeltas<'_>>();
}
