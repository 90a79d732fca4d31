//! Snapshots of messages.

use openai_assistants::mock;
use openai_assistants::types::MessageContent;
use serde_json::{Value, json};

use super::support::{
    accumulate, content, message, message_delta, message_event, open, read, run, text, text_part,
};
use crate::support::event;

#[tokio::test]
async fn deltas_are_appended_to_a_message() {
    let run = accumulate(&[
        event("thread.message.created", &message("in_progress", json!([]))),
        message_delta(json!([text(0, "2 + 2 ")])),
        message_delta(json!([text(0, "= 4")])),
    ])
    .await;
    assert_eq!(content(&run), json!([text_part("2 + 2 = 4")]));
    assert_eq!(run.messages()[0].text(), "2 + 2 = 4");
    assert_eq!(run.messages()[0].thread_id, "thread_1");
}

#[tokio::test]
async fn parts_may_arrive_in_any_order_and_leave_gaps() {
    let mut run = open(&[
        message_delta(json!([text(2, "c")])),
        message_delta(json!([text(1, "b"), text(0, "a"), text(2, "c")])),
    ])
    .await;
    read(&mut run, 1).await;
    assert_eq!(content(&run), json!([null, null, text_part("c")]));
    assert_eq!(run.messages()[0].text(), "c");
    read(&mut run, 1).await;
    assert_eq!(
        content(&run),
        json!([text_part("a"), text_part("b"), text_part("cc")])
    );
}

#[tokio::test]
async fn a_delta_may_arrive_before_its_message() {
    let run = accumulate(&[
        message_delta(json!([text(0, "a")])),
        event("thread.message.created", &message("in_progress", json!([]))),
        message_delta(json!([text(0, "b")])),
    ])
    .await;
    assert_eq!(run.messages().len(), 1);
    assert_eq!(run.messages()[0].id, "msg_1");
    assert_eq!(content(&run), json!([text_part("ab")]));
}

#[tokio::test]
async fn the_final_event_replaces_the_deltas() {
    for status in ["completed", "incomplete"] {
        let last = message(status, json!([text_part("whole")]));
        let mut run = open(&[
            message_delta(json!([text(0, "a"), text(1, "b")])),
            event(&format!("thread.message.{status}"), &last),
            message_delta(json!([text(0, "late")])),
            message_event("in_progress", json!([])),
        ])
        .await;
        read(&mut run, 2).await;
        assert_eq!(json!(run.messages()[0]), last);
        read(&mut run, 2).await;
        assert_eq!(json!(run.messages()[0]), last);
    }
}

#[tokio::test]
async fn before_the_first_delta_an_event_replaces_the_previous_one() {
    let run = accumulate(&[
        event("thread.message.created", &message("in_progress", json!([]))),
        event(
            "thread.message.in_progress",
            &message("x", json!([text_part("a")])),
        ),
    ])
    .await;
    assert_eq!(content(&run), json!([text_part("a")]));
}

#[tokio::test]
async fn an_empty_message_without_a_thread_is_ignored() {
    let mut usage = message("in_progress", json!([]));
    usage["id"] = "chatcmpl-1".into();
    usage["thread_id"] = "".into();
    let run = accumulate(&[
        message_delta(json!([text(0, "a")])),
        event("thread.message.in_progress", &usage),
    ])
    .await;
    assert_eq!(run.messages().len(), 1);
    assert_eq!(content(&run), json!([text_part("a")]));
}

#[tokio::test]
async fn a_message_with_content_needs_no_thread_id() {
    let mut without_thread = message("completed", json!([text_part("hello")]));
    without_thread["thread_id"] = "".into();
    let run = accumulate(&[event("thread.message.completed", &without_thread)]).await;
    assert_eq!(content(&run), json!([text_part("hello")]));
}

#[tokio::test]
async fn null_and_missing_values_set_nothing() {
    let run = accumulate(&[
        event(
            "thread.message.created",
            &message("in_progress", json!([text_part("a")])),
        ),
        message_delta(
            json!([{ "index": 0, "type": "text", "text": { "value": null, "annotations": null } }]),
        ),
        message_delta(json!([{ "index": 0, "type": "text", "text": null }])),
        message_delta(json!([{ "index": 0, "type": "text" }])),
        message_delta(Value::Null),
        event(
            "thread.message.delta",
            &json!({ "id": "msg_1", "delta": {} }),
        ),
    ])
    .await;
    assert_eq!(content(&run), json!([text_part("a")]));
    assert_eq!(run.messages()[0].role.as_str(), "assistant");
}

#[tokio::test]
async fn annotations_are_merged_by_their_index() {
    let annotated = |annotation: Value| {
        message_delta(
            json!([{ "index": 0, "type": "text", "text": { "annotations": [annotation] } }]),
        )
    };
    let run = accumulate(&[
        annotated(json!({ "index": 1, "type": "file_path", "text": "[1]", "file_path": { "file_id": "file_2" } })),
        annotated(json!({ "index": 0, "type": "file_citation", "text": "[0]", "start_index": 1, "end_index": 4 })),
        annotated(json!({ "index": 0, "type": "file_citation", "end_index": 5, "file_citation": { "file_id": "file_1" } })),
        annotated(json!({ "index": 0, "type": "file_citation", "file_citation": { "file_id": "file_1" } })),
    ])
    .await;
    let annotations = &content(&run)[0]["text"]["annotations"];
    assert_eq!(annotations[0]["text"], "[0]");
    assert_eq!(annotations[0]["start_index"], 1);
    assert_eq!(annotations[0]["end_index"], 5);
    assert_eq!(annotations[0]["file_citation"]["file_id"], "file_1");
    assert_eq!(annotations[1]["file_path"]["file_id"], "file_2");
}

#[tokio::test]
async fn a_repeated_file_id_is_not_appended() {
    let image =
        json!([{ "index": 0, "type": "image_file", "image_file": { "file_id": "file_1" } }]);
    let run = accumulate(&[message_delta(image.clone()), message_delta(image)]).await;
    assert_eq!(content(&run)[0]["image_file"]["file_id"], "file_1");
}

#[tokio::test]
async fn parts_of_an_unknown_type_are_merged_as_json() {
    let sound = |text: &str| {
        message_delta(
            json!([{ "index": 1, "type": "sound", "sound": { "id": "s_1", "text": text, "bits": [{ "index": 0, "b": text }] } }]),
        )
    };
    let run = accumulate(&[sound("a"), sound("b")]).await;
    assert_eq!(
        content(&run)[1],
        json!({ "index": 1, "type": "sound", "sound": { "id": "s_1", "text": "ab", "bits": [{ "index": 0, "b": "ab" }] } })
    );
}

#[tokio::test]
async fn a_part_of_another_type_replaces_the_previous_one() {
    let mut run = open(&[
        message_delta(json!([text(0, "a")])),
        message_delta(json!([{ "index": 0, "type": "sound", "sound": 1 }])),
        message_delta(json!([text(0, "b")])),
    ])
    .await;
    read(&mut run, 2).await;
    assert_eq!(
        content(&run),
        json!([{ "index": 0, "type": "sound", "sound": 1 }])
    );
    read(&mut run, 1).await;
    assert_eq!(content(&run), json!([text_part("b")]));
}

#[tokio::test]
async fn an_index_out_of_range_is_an_error_with_the_run_id() {
    let indexes = [4_294_967_295, 1002, -1, i64::MIN, i64::MAX];
    let mut events = vec![
        event("thread.run.created", &run("queued")),
        message_delta(json!([text(0, "a")])),
    ];
    events.extend(indexes.map(|index| message_delta(json!([text(index, "b")]))));
    let mut run = open(&events).await;
    read(&mut run, 2).await;
    for index in indexes {
        let error = run.try_next().await.unwrap_err();
        assert!(error.is_decode(), "{error}");
        assert!(
            error
                .to_string()
                .contains(&format!("index {index} in a list of 1")),
            "{error}"
        );
        assert_eq!(
            (error.run_id(), error.thread_id()),
            (Some("run_1"), Some("thread_1"))
        );
    }
    assert_eq!(content(&run), json!([text_part("a")]));
}

#[tokio::test]
async fn messages_are_in_order_of_appearance() {
    let mut other = mock::message();
    other.id = "msg_0".into();
    let run = accumulate(&[
        message_delta(json!([text(0, "a")])),
        event("thread.message.completed", &json!(other)),
        event("thread.message.completed", &json!(mock::message())),
    ])
    .await;
    let ids: Vec<_> = run.messages().iter().map(|message| &message.id).collect();
    assert_eq!(ids, ["msg_1", "msg_0"]);
}

#[tokio::test]
async fn deltas_of_two_messages_may_alternate() {
    let other = |value| {
        let delta = json!({ "id": "msg_2", "delta": { "content": [text(0, value)] } });
        event("thread.message.delta", &delta)
    };
    let run = accumulate(&[
        message_delta(json!([text(0, "a")])),
        other("1"),
        message_delta(json!([text(0, "b")])),
        message_delta(json!([text(0, "c")])),
        other("2"),
    ])
    .await;
    let texts: Vec<_> = run
        .messages()
        .iter()
        .map(|message| message.text())
        .collect();
    assert_eq!(texts, ["abc", "12"]);
}

#[tokio::test]
async fn a_missing_part_is_unknown_and_null() {
    let run = accumulate(&[message_delta(json!([text(1, "b")]))]).await;
    assert_eq!(
        run.messages()[0].content[0],
        MessageContent::Unknown(Value::Null)
    );
}
