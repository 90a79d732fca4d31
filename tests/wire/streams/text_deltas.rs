//! Text deltas of a stream.

use std::fmt::Display;
use std::sync::Arc;

use openai_assistants::types::{MessageDeltaContent, MessageDeltaObject};
use openai_assistants::{Error, Result, TextDeltas};
use serde_json::json;

use super::support::stream_of;
use crate::support::{
    DONE, STALL, ScriptedServer, chunked_event_stream, event, event_stream, until,
};

const FAILED: &str =
    "event: thread.run.failed\ndata: {\"id\": \"run_1\", \"status\": \"failed\"}\n\n";

async fn text_of(response: String) -> (ScriptedServer, TextDeltas) {
    let (server, stream) = stream_of(response).await;
    (server, stream.text_deltas())
}

fn delta(content: impl Display) -> String {
    format!(
        "event: thread.message.delta\ndata: {{\"id\": \"msg_1\", \"object\": \"thread.message.delta\", \
         \"delta\": {{\"role\": \"assistant\", \"content\": {content}}}}}\n\n"
    )
}

fn text(text: &str) -> String {
    delta(
        json!([{"index": 0, "type": "text", "text": {"annotations": [{"a": [1]}], "value": text}}]),
    )
}

async fn pieces(deltas: &mut TextDeltas) -> Result<Vec<String>> {
    let mut pieces = Vec::new();
    while let Some(piece) = deltas.try_next().await? {
        pieces.push(piece.text);
    }
    Ok(pieces)
}

#[tokio::test]
async fn text_is_yielded_piece_by_piece() {
    let events = [
        "event: thread.run.step.delta\ndata: not parsed\n\n",
        &text("Hel"),
        &text(""),
        "event: thread.run.queued\ndata: not JSON\n\n",
        &text("lo,\n\"\u{1f600}\""),
        "event: thread.message.completed\ndata: {}\n\n",
        FAILED,
        DONE,
        &text("never"),
    ];
    let (server, mut deltas) = text_of(event_stream(&format!("{}{STALL}", events.concat()))).await;
    assert_eq!(
        pieces(&mut deltas).await.unwrap(),
        ["Hel", "lo,\n\"\u{1f600}\""]
    );
    until(|| server.closed_by_client() == 1).await;
}

#[tokio::test]
async fn a_text_has_its_message_and_prints_on_a_line_of_its_own() {
    let of = |id: &str, data: &str| data.replace("msg_1", id);
    let created = event("thread.message.created", "{}");
    let unusual = text("Really?").replace("\"text\", ", "null, ");
    let events = [
        &*text("Let me "),
        &created,
        &text("look."),
        &created,
        &of("msg\\u005f2", &text("It is ")),
        // A new ID without an event before it.
        &of("msg_3", &text("12 °C.")),
        &created,
        &of("msg_4", &unusual),
        FAILED,
    ];
    let (_server, mut deltas) = text_of(event_stream(&events.concat())).await;
    let (mut received, mut printed) = (Vec::new(), String::new());
    while let Some(delta) = deltas.try_next().await.unwrap() {
        printed += &delta.to_string();
        received.push((delta.message_id.to_string(), delta.text));
    }
    let expected = [
        ("msg_1", "Let me "),
        ("msg_1", "look."),
        ("msg_2", "It is "),
        ("msg_3", "12 °C."),
        ("msg_4", "Really?"),
    ];
    let expected = expected.map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(received, expected);
    assert_eq!(printed, "Let me look.\nIt is 12 °C.\nReally?");
}

#[tokio::test]
async fn the_deltas_of_a_message_share_its_id() {
    let events = [&text("a"), &text("b"), FAILED].concat();
    let (_server, mut deltas) = text_of(event_stream(&events)).await;
    let first = deltas.try_next().await.unwrap().unwrap();
    let second = deltas.try_next().await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&first.message_id, &second.message_id));
}

#[tokio::test]
async fn a_delta_without_the_id_of_its_message_is_an_error() {
    let anonymous = text("a").replace("\"id\"", "\"other\"");
    let events = [&anonymous, &text("b"), FAILED].concat();
    let (_server, mut deltas) = text_of(event_stream(&events)).await;
    let error = deltas.try_next().await.expect_err("it has no ID");
    assert!(
        error.is_decode() && error.to_string().contains("`id`"),
        "{error}"
    );
    assert_eq!(pieces(&mut deltas).await.unwrap(), ["b"]);
}

#[tokio::test]
async fn parts_other_than_text_are_skipped() {
    let contents = [
        json!([
            {"index": 0, "type": "text", "text": {"value": "a"}},
            {"index": 1, "type": "image_file", "image_file": {"file_id": "file_1"}},
            {"index": 2, "type": "refusal", "refusal": "no"},
            {"index": 3, "type": "text", "text": {"value": "b"}},
            {"index": 4, "type": "new", "text": "c"},
            {"index": 5, "type": "text", "text": null},
            {"index": 6, "type": "text", "text": {"value": null}},
            {"index": 7, "type": "text", "text": {"value": {"d": 1}}},
            "e", 1, null, [],
        ]),
        json!([]),
        json!(null),
    ];
    let events: String = contents.iter().map(delta).collect();
    let (_server, mut deltas) = text_of(event_stream(&(events + FAILED + DONE))).await;
    assert_eq!(pieces(&mut deltas).await.unwrap(), ["ab"]);
}

#[tokio::test]
async fn it_ends_without_done_once_the_run_is_terminal() {
    let events = [&text("a"), FAILED].concat();
    for response in [event_stream(&events), chunked_event_stream(&events, false)] {
        let (_server, mut deltas) = text_of(response).await;
        assert_eq!(pieces(&mut deltas).await.unwrap(), ["a"]);
    }
}

#[tokio::test]
async fn errors_are_those_of_the_event_stream() {
    let queued = FAILED.replace("failed", "queued");
    let error = "event: error\ndata: {\"message\": \"no\"}\n\n";
    for (events, check) in [
        (&*queued, Error::is_ended_early as fn(&Error) -> bool),
        (&*format!("{queued}data: {{"), Error::is_cut),
        (&*format!("{queued}{error}{DONE}"), Error::is_stream_error),
    ] {
        let (_server, mut deltas) = text_of(event_stream(events)).await;
        let error = pieces(&mut deltas).await.expect_err("the stream fails");
        assert!(check(&error), "{error}");
        assert_eq!(error.run_id(), Some("run_1"));
        assert!(deltas.try_next().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn it_continues_after_an_invalid_delta() {
    for data in [
        delta("[{\"text\": {\"value\": \"a\"}},]"),
        delta("[]").replace("\n\n", "}\n\n"),
    ] {
        let events = [&data, &text("a"), FAILED, DONE].concat();
        let (_server, mut deltas) = text_of(event_stream(&events)).await;
        let error = deltas.try_next().await.expect_err("the event is invalid");
        assert!(error.is_decode());
        assert!(error.to_string().contains("is not JSON"), "{error}");
        assert_eq!(pieces(&mut deltas).await.unwrap(), ["a"]);
    }
}

#[tokio::test]
async fn a_malformed_part_of_a_delta_affects_only_itself() {
    for (data, expected) in [
        (delta("7"), vec!["a"]),
        (
            delta("[{\"text\": {\"value\": \"\\ud800\"}}]"),
            vec!["\u{fffd}", "a"],
        ),
        (delta("[]").replace("\"delta\": ", "\"other\": "), vec!["a"]),
        (
            delta("[]").replace(
                "{\"role\": \"assistant\", \"content\": []}",
                "[[{\"text\": {\"value\": \"a\"}}]]",
            ),
            vec!["a"],
        ),
    ] {
        let events = [&data, &text("a"), FAILED, DONE].concat();
        let (_server, mut deltas) = text_of(event_stream(&events)).await;
        assert_eq!(pieces(&mut deltas).await.unwrap(), expected, "{data}");
    }
}

#[tokio::test]
async fn the_text_equals_that_of_the_deserialized_event() {
    let parts = [
        r#"{"index": 0, "type": "text", "text": {"value": "a", "annotations": []}}"#,
        r#"{"type": "text", "index": 0, "text": {"annotations": [{"a": "}"}], "value": "\u00fc\n"}}"#,
        r#"{"index": 1, "text": {"value": "\"b\""}, "type": "t\u0065xt", "more": [{"text": 1}]}"#,
        r#"{"index": 2, "text": {"value": "c"}, "type": "refusal"}"#,
        r#"{"index": 3, "type": "text", "text": {"value": null}}"#,
        r#"{"index": 4, "type": "text", "text": null}"#,
        r#"{"index": 5, "type": "text"}"#,
        r#"{"index": 6, "text": {"value": "d"}}"#,
    ];
    let pairs = parts
        .iter()
        .flat_map(|first| parts.map(|second| (first, second)));
    let deltas: Vec<_> = pairs
        .map(|(first, second)| {
            format!(
                r#" {{ "object": "x", "delta": {{"role": "assistant", "content": [{first} ,{second}]}}, "id": "msg_1" }} "#
            )
        })
        .collect();
    let events = deltas
        .iter()
        .map(|data| event("thread.message.delta", data));
    let (_server, mut texts) =
        text_of(event_stream(&(events.collect::<String>() + FAILED + DONE))).await;
    for data in deltas {
        let delta: MessageDeltaObject = serde_json::from_str(&data).unwrap();
        // Empty pieces are not yielded.
        if !delta.text().is_empty() {
            let text = texts.try_next().await.expect("the delta is valid");
            assert_eq!(text.as_deref(), Some(&*delta.text()), "{data}");
        }
    }
    assert_eq!(texts.try_next().await.unwrap(), None);
}

#[tokio::test]
async fn an_unusual_delta_has_the_text_of_the_deserialized_event() {
    for (content, text) in [
        (r#"[{"text": "a"}]"#, Some("a")),
        (r#"[{"type": null, "text": {"value": "a"}}]"#, Some("a")),
        (r#"[{"text": {"value": "a", "value": "b"}}]"#, Some("b")),
        (
            r#"[{"text": "a"}, {"text": {"value": "b"}}, {"text": 1}, {"text": []}]"#,
            Some("ab"),
        ),
        (
            r#"[{"type": "new", "text": "a"}, {"type": 1, "text": "b"}]"#,
            Some(""),
        ),
        (r#"[{"index": 0, "type": "text", "text": "a"}]"#, None),
        (r#"[{"index": 0, "type": "text", "text": 1}]"#, None),
        (r#"[{"index": 0, "type": "text", "type": "text"}]"#, None),
        (r#""a""#, None),
    ] {
        let events = event_stream(&[&delta(content), FAILED, DONE].concat());
        let (_server, mut events_left) = stream_of(events.clone()).await;
        let (_server, mut deltas) = text_of(events).await;
        let expected = match events_left.try_next().await {
            Ok(event) => {
                let event = event.expect("there is a delta");
                event.message_delta().expect("it is a delta").text()
            }
            Err(expected) => {
                assert!(text.is_none());
                let error = deltas.try_next().await.expect_err("the event is invalid");
                assert_eq!(error.to_string(), expected.to_string());
                continue;
            }
        };
        let found = pieces(&mut deltas).await.unwrap().concat();
        assert_eq!(found, expected, "{content}");
        assert_eq!(found, text.unwrap_or(&expected), "{content}");
    }
}

#[test]
fn a_plain_string_is_the_text_of_a_part() {
    for (part, text) in [
        (json!({ "type": "text", "text": "hi" }), "hi"),
        (json!({ "type": null, "text": { "value": "hi" } }), "hi"),
        (json!({ "type": "text", "text": ["hi"] }), ""),
        (json!({ "type": "refusal", "text": "hi" }), ""),
        (json!({ "type": 1, "text": "hi" }), ""),
    ] {
        let data = r#"{"id": "msg_1", "delta": {"content": []}}"#;
        let mut delta: MessageDeltaObject = serde_json::from_str(data).unwrap();
        delta.delta.content = Some(vec![MessageDeltaContent::Unknown(part)]);
        assert_eq!(delta.text(), text);
    }
}
