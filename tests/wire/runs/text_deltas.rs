//! The text of a followed run, and the messages that it belongs to.

use serde_json::json;

use super::support::{completed, follow, text_delta};
use crate::support::{DONE, ScriptedServer, event, event_stream, run, run_event};

/// The texts of a stream, with the IDs of their messages, and as they print.
async fn texts(events: &[String]) -> (Vec<(String, String)>, String) {
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let mut stream = follow(&server.client()).stream().await.unwrap();
    let mut texts = stream.text_deltas();
    let (mut deltas, mut printed) = (Vec::new(), String::new());
    while let Some(delta) = texts.try_next().await.unwrap() {
        printed += &delta.to_string();
        deltas.push((delta.message_id.to_string(), delta.text));
    }
    (deltas, printed)
}

#[tokio::test]
async fn a_text_has_its_message_and_prints_on_a_line_of_its_own() {
    let message = json!({
        "id": "msg_2", "thread_id": "thread_1", "created_at": 0, "role": "assistant", "content": [],
    });
    let (deltas, printed) = texts(&[
        run_event(&run("in_progress")),
        text_delta("msg_1", "Let me "),
        text_delta("msg_1", "look."),
        event("thread.message.created", &message),
        text_delta("msg_2", "It is "),
        text_delta("msg_2", "12 °C."),
        completed(),
        DONE.into(),
    ])
    .await;
    let expected = [
        ("msg_1", "Let me "),
        ("msg_1", "look."),
        ("msg_2", "It is "),
        ("msg_2", "12 °C."),
    ];
    let expected = expected.map(|(id, text)| (id.to_owned(), text.to_owned()));
    assert_eq!(deltas, expected);
    assert_eq!(printed, "Let me look.\nIt is 12 °C.");
}

#[tokio::test]
async fn a_new_id_for_each_delta_is_not_a_new_message() {
    let (_, printed) = texts(&[
        run_event(&run("in_progress")),
        text_delta("msg_1", "It is "),
        text_delta("msg_2", "12 "),
        text_delta("msg_3", "°C."),
        completed(),
    ])
    .await;
    assert_eq!(printed, "It is 12 °C.");
}

#[tokio::test]
async fn events_within_a_message_do_not_break_its_line() {
    let (_, printed) = texts(&[
        text_delta("msg_1", "It is "),
        run_event(&run("in_progress")),
        text_delta("msg_1", "12 °C."),
        completed(),
    ])
    .await;
    assert_eq!(printed, "It is 12 °C.");
}
