//! Deserialization of events.

use std::error::Error as _;

use openai_assistants::types::AssistantStreamEvent;
use serde_json::{Value, json};

use super::support::{KEY, failure_of, run, run_object, stream_of};
use crate::support::{DONE, STALL, event, event_stream, read_to_end};

#[tokio::test]
async fn an_unnamed_event_is_an_error_only_with_an_error_object() {
    let events = "data: {\"error\":null}\n\ndata: [\"error\"]\n\ndata: {\"error\"\n\ndata: 1\n\n";
    let other = event("other", &json!({"error": {}}));
    let events = [events, &other, &run("completed"), DONE].concat();
    let (_server, mut stream) = stream_of(event_stream(&events)).await;
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    let last = ["other", "thread.run.completed", "done"];
    assert_eq!(names, [&[""; 4][..], &last].concat());
}

#[tokio::test]
async fn events_are_unwrapped_from_their_envelopes() {
    let wrapped =
        |name: &str, data: Value| format!("data: {}\n\n", json!({ "data": data, "event": name }));
    let queued = wrapped("thread.run.queued", run_object("queued"));
    let unknown = concat!(
        "data: {\"event\": \"th\\u0072ead.unknown\", \"more\": 1,\n",
        "data: \"data\": [1.50, {\"event\": null}]}\n\n",
    );
    let done = wrapped("done", "[DONE]".into());
    let events = [&queued, unknown, &done].concat();
    let (_server, mut stream) = stream_of(event_stream(&format!("{events}{STALL}"))).await;
    let first = stream.try_next().await.unwrap().expect("an event follows");
    assert_eq!(first.run().map(|run| &*run.id), Some("run_1"));
    assert_eq!(
        stream.try_next().await.unwrap().expect("an event follows"),
        AssistantStreamEvent::Unknown {
            event: "thread.unknown".to_owned(),
            data: r#"[1.50, {"event": null}]"#.to_owned(),
        }
    );
    assert_eq!(read_to_end(&mut stream).await.0, ["done"]);

    let error = wrapped("error", json!({ "message": "It is too much." }));
    let without_data =
        "data: {\"event\": \"error\", \"data\": null, \"message\": \"It is too much.\"}\n\n";
    for error in [&*error, without_data] {
        let error = failure_of(event_stream(&[&queued, error].concat())).await;
        assert!(error.is_stream_error());
        assert!(error.to_string().contains("It is too much."), "{error}");
    }
}

#[tokio::test]
async fn data_that_is_not_an_envelope_is_unchanged() {
    let data = [
        r#"{"event":1,"data":{}}"#,
        r#"{"event":"thread.created"}"#,
        r#"[{"event":"thread.created","data":{}}]"#,
    ];
    let unnamed: String = data.map(|data| format!("data: {data}\n\n")).concat();
    let named = event("other", r#"{"event":"thread.created","data":{}}"#);
    let events = [&unnamed, &named, &run("completed"), DONE].concat();
    let (_server, mut stream) = stream_of(event_stream(&events)).await;
    let (names, error) = read_to_end(&mut stream).await;
    assert!(error.is_none(), "{error:?}");
    let last = ["other", "thread.run.completed", "done"];
    assert_eq!(names, [&[""; 3][..], &last].concat());
}

#[tokio::test]
async fn the_stream_continues_after_an_invalid_event() {
    let mut invalid_id = run_object("completed");
    invalid_id["id"] = json!({"name": KEY});
    let no_object = json!(KEY);
    let events = [
        run("queued"),
        event("thread.run.in_progress", &no_object),
        event("thread.run.completed", &invalid_id),
        event("thread.message.delta", "no JSON"),
    ];
    let (_server, mut stream) = stream_of(event_stream(&events.concat())).await;
    assert!(stream.try_next().await.unwrap().is_some());

    let error = stream.try_next().await.expect_err("the event is invalid");
    assert!(error.is_decode() && error.source().is_none());
    let text = format!("{error} {error:?} {} {:?}", error.message(), error.body());
    assert!(text.contains("***") && !text.contains(KEY), "{text}");

    let error = stream.try_next().await.expect_err("the event is invalid");
    assert!(error.is_decode() && error.source().is_some());
    assert_eq!(error.run_id(), Some("run_1"));
    let invalid_id = invalid_id.to_string().replace(KEY, "***");
    assert_eq!(error.body(), Some(invalid_id.as_str()));
    let text = "createRun failed: the server returned 200 OK, but the event `thread.run.completed` does not match \
                the document at `id`: ";
    assert!(error.to_string().starts_with(text), "{error}");

    let error = stream.try_next().await.expect_err("the event is invalid");
    assert!(error.is_decode() && error.to_string().contains("is not JSON"));
    assert_eq!(error.body(), Some("no JSON"));
    // The run in the invalid event was terminal.
    assert!(stream.try_next().await.unwrap().is_none());
}
