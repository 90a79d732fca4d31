//! Following a run by its event stream, with tools.

use std::future::pending;
use std::time::Duration;

use openai_assistants::{Error, Tool, ToolSet};
use serde_json::{Value, json};

use super::support::{cancelling, completed, follow, is_cancelled};
use crate::support::{
    DONE, ManualClock, STALL, ScriptedServer, event, event_stream, read_to_end, response, run,
    run_event, run_requiring, until,
};

fn tools() -> ToolSet {
    let schema = json!({ "type": "object", "properties": {} });
    let greet = Tool::dynamic("greet", "Greets.", schema.clone(), |_: Value| async {
        Ok::<_, String>("hello")
    });
    let hang = Tool::dynamic("hang", "Hangs.", schema, |_: Value| {
        pending::<Result<String, String>>()
    });
    let tools = ToolSet::builder().tool(greet).tool(hang);
    tools.build().expect("the tools are valid")
}

fn text(text: &str) -> String {
    let content = json!([{ "index": 0, "type": "text", "text": { "value": text } }]);
    let delta = json!({ "id": "msg_1", "delta": { "content": content } });
    event("thread.message.delta", &delta)
}

fn requiring(id: &str, name: &str) -> String {
    let events = [
        run_event(&run("queued")),
        run_event(&run_requiring(&[(id, name, "{}")])),
        DONE.into(),
    ];
    event_stream(&events.concat())
}

#[tokio::test]
async fn one_stream_spans_all_submissions() {
    let server = ScriptedServer::start([
        requiring("call_1", "greet"),
        requiring("call_2", "greet"),
        event_stream(&[text("a"), text("b"), completed(), DONE.into()].concat()),
    ])
    .await;
    let call = follow(&server.client()).tools(&tools());
    let mut stream = call.stream().await.unwrap();
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        names,
        [
            "thread.run.queued",
            "thread.run.requires_action",
            "thread.run.queued",
            "thread.run.requires_action",
            "thread.message.delta",
            "thread.message.delta",
            "thread.run.completed",
            "done",
        ]
    );
    assert_eq!(stream.take_tool_calls().len(), 2, "one for each round");
    assert_eq!(stream.finish().await.unwrap().messages[0].text(), "ab");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    for (request, id) in requests[1..].iter().zip(["call_1", "call_2"]) {
        assert!(request.starts_with("POST /v1/threads/thread_1/runs/run_1/submit_tool_outputs "));
        assert!(request.contains("accept: text/event-stream"));
        let body = request.split_once("\r\n\r\n").unwrap().1;
        assert_eq!(
            serde_json::from_str::<Value>(body).unwrap(),
            json!({ "tool_outputs": [{ "tool_call_id": id, "output": "hello" }], "stream": true })
        );
    }
}

#[tokio::test]
async fn events_that_cannot_be_deserialized_affect_neither_the_calls_nor_the_outcome() {
    let malformed = event("thread.message.delta", r#"{"id": NaN}"#);
    let blocked = run_event(&run_requiring(&[("call_1", "greet", "{}")]));
    let before = [&malformed, &blocked, &malformed, DONE].concat();
    let after = [&text("a"), &malformed, &text("b"), &completed(), DONE].concat();
    let server = ScriptedServer::start([before, after].map(|events| event_stream(&events))).await;
    let call = follow(&server.client()).tools(&tools());
    let outcome = call.stream().await.unwrap().finish().await;
    let outcome = outcome.expect("the run is complete");
    assert_eq!(outcome.run.status.as_str(), "completed");
    assert_eq!(outcome.text(), "ab");
    let errors = outcome.decode_errors.iter();
    assert!(errors.clone().all(Error::is_decode), "{errors:?}");
    let operations = errors.map(|error| error.operation().unwrap());
    assert_eq!(
        operations.collect::<Vec<_>>(),
        ["createRun", "createRun", "submitToolOuputsToRun"]
    );
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn the_stream_continues_after_a_response_without_done() {
    let blocked = run_event(&run_requiring(&[("call_1", "greet", "{}")]));
    let server = ScriptedServer::start([event_stream(&blocked), event_stream(&completed())]).await;
    let call = follow(&server.client()).tools(&tools());
    let mut stream = call.stream().await.unwrap();
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        names,
        ["thread.run.requires_action", "thread.run.completed"]
    );
}

#[tokio::test]
async fn tools_run_although_the_server_does_not_close_the_connection() {
    let blocked = run_event(&run_requiring(&[("call_1", "greet", "{}")]));
    let done = event_stream(&[completed(), DONE.into()].concat());
    let server = ScriptedServer::start([event_stream(&format!("{blocked}{STALL}")), done]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let stream = follow(&client).tools(&tools()).stream().await.unwrap();
    let work = tokio::spawn(stream.finish());
    let grace = Duration::from_secs(5);
    until(|| clock.timeouts().contains(&grace)).await;
    clock.expire_timeouts_of(grace);
    let outcome = work.await.unwrap().expect("the outputs are submitted");
    assert_eq!(outcome.run.status.as_str(), "completed");
}

#[tokio::test]
async fn a_failed_submission_returns_the_run_id() {
    let server = ScriptedServer::start([requiring("call_1", "greet"), response(400, "", "")]).await;
    let call = follow(&server.client()).tools(&tools());
    let mut stream = call.stream().await.unwrap();
    let error = read_to_end(&mut stream)
        .await
        .1
        .expect("the server rejects the request");
    assert!(error.is_bad_request());
    assert_eq!(error.run_id(), Some("run_1"));
    assert!(stream.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn the_number_of_rounds_is_limited() {
    let rounds = ["call_1", "call_2", "call_3"].map(|id| requiring(id, "greet"));
    let server = ScriptedServer::start(rounds).await;
    let call = follow(&server.client()).tools(&tools()).max_rounds(2);
    let mut stream = call.stream().await.unwrap();
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.expect("there are too many rounds").is_tool());
    assert_eq!(names.len(), 6);
}

#[tokio::test]
async fn cancellation_ends_a_hanging_tool() {
    let server = ScriptedServer::start([requiring("call_1", "hang"), cancelling()]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap();
    let limit = Duration::from_secs(7);
    let (cancel, cancelled) = tokio::sync::oneshot::channel::<()>();
    let call = follow(&client).tools(&tools()).tool_timeout(limit);
    let call = call
        .cancel_on(async { drop(cancelled.await) })
        .cancel_run(true);
    let mut stream = call.stream().await.unwrap();
    let work = tokio::spawn(async move { read_to_end(&mut stream).await.1 });
    until(|| clock.timeouts().contains(&limit)).await;
    cancel.send(()).unwrap();
    let error = work.await.unwrap().expect("the caller cancels");
    assert!(error.is_cancelled() && error.run_id() == Some("run_1"));
    assert!(is_cancelled(&server));
}
