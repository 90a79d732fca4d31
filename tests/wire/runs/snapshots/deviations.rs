//! Snapshots of deltas that lack a type, an index or an ID, or are malformed.

use serde_json::{Value, json};

use super::support::{
    accumulate, content, message, message_delta, message_event, run, step_delta, step_event, text,
    text_part, tool_calls,
};
use crate::support::event;

/// The content of the message `msg_1` after deltas with this content.
async fn content_after(deltas: &[Value]) -> Value {
    let events: Vec<_> = deltas.iter().cloned().map(message_delta).collect();
    content(&accumulate(&events).await)
}

/// The tool calls of the step `step_1` after deltas of these.
async fn tool_calls_after(deltas: &[Value]) -> Value {
    let events: Vec<_> = deltas.iter().cloned().map(step_delta).collect();
    tool_calls(&accumulate(&events).await)
}

#[tokio::test]
async fn a_delta_without_a_type_continues_the_part_that_is_there() {
    for untyped in [
        json!({ "index": 0, "text": { "value": "b" } }),
        json!({ "index": 0, "type": null, "text": { "value": "b" } }),
    ] {
        assert_eq!(
            content_after(&[
                json!([text(0, "a")]),
                json!([untyped]),
                json!([text(0, "c")])
            ])
            .await,
            json!([text_part("abc")])
        );
        // The type comes with a later delta.
        assert_eq!(
            content_after(&[json!([untyped]), json!([text(0, "c")])]).await,
            json!([text_part("bc")])
        );
    }
}

#[tokio::test]
async fn a_delta_without_a_type_continues_the_tool_call_that_is_there() {
    let function = json!({ "id": "call_1", "type": "function", "function": {
        "name": "get_weather", "arguments": "{\"city\":", "output": null,
    } });
    for (first, second) in [
        (
            json!([{ "index": 0, "id": "call_1", "type": "function", "function": { "name": "get_", "arguments": "{" } }]),
            json!([{ "index": 0, "function": { "name": "weather", "arguments": "\"city\":" } }]),
        ),
        (
            json!([{ "index": 0, "id": "call_1", "function": { "name": "get_weather", "arguments": "{" } }]),
            json!([{ "index": 0, "type": "function", "function": { "name": "get_weather", "arguments": "\"city\":" } }]),
        ),
    ] {
        assert_eq!(tool_calls_after(&[first, second]).await, json!([function]));
    }
}

#[tokio::test]
async fn a_part_without_an_index_has_that_of_its_position() {
    let part = |value: &str| json!({ "type": "text", "text": { "value": value } });
    assert_eq!(
        content_after(&[json!([part("a"), part("b")]), json!([part("c")])]).await,
        json!([text_part("ac"), text_part("b")])
    );
}

#[tokio::test]
async fn an_annotation_without_an_index_is_a_new_one() {
    let citation = |number: i64| {
        json!({
            "type": "file_citation", "text": format!("[{number}]"), "start_index": number, "end_index": 9,
            "file_citation": { "file_id": "file_1" },
        })
    };
    let delta = |number: i64| json!([{ "index": 0, "type": "text", "text": { "value": "a", "annotations": [citation(number)] } }]);
    let content = content_after(&[delta(1), delta(2)]).await;
    assert_eq!(content[0]["text"]["value"], "aa");
    assert_eq!(
        content[0]["text"]["annotations"],
        json!([citation(1), citation(2)])
    );
}

#[tokio::test]
async fn a_code_output_without_an_index_is_a_new_one() {
    let delta = |logs: &str| {
        json!([{ "index": 0, "id": "call_1", "type": "code_interpreter", "code_interpreter": {
            "input": "1", "outputs": [{ "type": "logs", "logs": logs }],
        } }])
    };
    let calls = tool_calls_after(&[delta("a"), delta("b")]).await;
    assert_eq!(
        calls[0]["code_interpreter"],
        json!({ "input": "11", "outputs": [{ "type": "logs", "logs": "a" }, { "type": "logs", "logs": "b" }] })
    );
}

#[tokio::test]
async fn deltas_of_a_file_search_are_kept() {
    let search = json!({
        "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": 0.0 }, "results": [],
    });
    let delta =
        json!([{ "index": 0, "id": "call_1", "type": "file_search", "file_search": search }]);
    assert_eq!(
        tool_calls_after(&[delta]).await,
        json!([{ "id": "call_1", "type": "file_search", "file_search": search }])
    );
}

#[tokio::test]
async fn a_delta_that_lacks_a_part_of_its_type_changes_only_the_rest() {
    let search = json!({ "ranking_options": { "ranker": "auto", "score_threshold": 0.5 } });
    let whole = json!({ "index": 0, "id": "call_1", "type": "file_search", "file_search": search });
    let mut expected = whole.clone();
    expected.as_object_mut().unwrap().remove("index");
    let mut anonymous = whole.clone();
    anonymous.as_object_mut().unwrap().remove("id");
    let rest = json!({ "index": 0, "id": "call_1", "type": "file_search" });
    for deltas in [
        [json!([anonymous]), json!([rest])],
        [json!([rest]), json!([anonymous])],
    ] {
        assert_eq!(tool_calls_after(&deltas).await, json!([expected]));
    }
}

#[tokio::test]
async fn null_in_a_list_is_not_a_part() {
    assert_eq!(
        content_after(&[json!([null]), json!([text(0, "a")])]).await,
        json!([text_part("a")])
    );
}

#[tokio::test]
async fn unknown_properties_of_deltas_are_kept() {
    let mut part = text(0, "a");
    part["vendor"] = json!({ "seen": true });
    let mut expected = text_part("a");
    expected["vendor"] = part["vendor"].clone();
    assert_eq!(content_after(&[json!([part])]).await, json!([expected]));
}

#[tokio::test]
async fn a_message_is_accepted_without_a_thread_id() {
    for status in ["created", "in_progress"] {
        let mut created = message("in_progress", json!([]));
        created.as_object_mut().unwrap().remove("thread_id");
        let run = accumulate(&[
            event(&format!("thread.message.{status}"), &created),
            message_delta(json!([text(0, "a")])),
        ])
        .await;
        let message = &run.messages()[0];
        assert_eq!(
            (message.run_id.as_deref(), message.role.as_str()),
            (Some("run_1"), "assistant")
        );
        assert_eq!(message.text(), "a");
    }
}

#[tokio::test]
async fn a_replayed_stream_starts_anew() {
    let created = event("thread.message.created", &message("in_progress", json!([])));
    let delta = message_delta(json!([text(0, "a")]));
    let run = accumulate(&[created.clone(), delta.clone(), created, delta]).await;
    assert_eq!(content(&run), json!([text_part("a")]));
}

#[tokio::test]
async fn messages_of_deltas_alone_give_way_to_completed_ones() {
    let delta = |id: &str| {
        let delta = json!({ "id": id, "delta": { "content": [text(0, "a")] } });
        event("thread.message.delta", &delta)
    };
    let deltas = delta("chunk_1") + &delta("chunk_2");
    let last = event("thread.run.completed", &run("completed"));
    let completed = message_event("completed", json!([text_part("aa")]));

    let outcome = super::support::open(&[deltas.clone(), completed, last.clone()]).await;
    let outcome = outcome.finish().await.unwrap();
    assert_eq!(
        (outcome.messages.len(), outcome.text()),
        (1, "aa".to_owned())
    );

    let outcome = super::support::open(&[deltas, last])
        .await
        .finish()
        .await
        .unwrap();
    assert_eq!(outcome.messages.len(), 2, "there is no other");
}

/// Deltas of one text, each with an ID and an index of its own.
fn scattered(tokens: &[String]) -> Vec<String> {
    let tokens = tokens.iter().zip(0..);
    let deltas = tokens.map(|(token, index)| {
        let content = [text(index, token)];
        let delta = json!({ "id": format!("chunk_{index}"), "delta": { "content": content } });
        event("thread.message.delta", &delta)
    });
    deltas.collect()
}

#[tokio::test]
async fn deltas_with_an_id_and_an_index_of_their_own_are_one_message() {
    let tokens: Vec<_> = (0..3000).map(|number| format!("{number} ")).collect();
    let last = event("thread.run.completed", &run("completed"));
    let completed = message_event("completed", json!([text_part(&tokens.concat())]));

    let events = [scattered(&tokens), vec![completed, last.clone()]].concat();
    let outcome = super::support::open(&events).await.finish().await.unwrap();
    assert!(
        outcome.decode_errors.is_empty(),
        "{:?}",
        outcome.decode_errors
    );
    assert_eq!(outcome.messages.len(), 1);
    assert_eq!(outcome.text(), tokens.concat());

    let events = [scattered(&tokens), vec![last]].concat();
    let outcome = super::support::open(&events).await.finish().await.unwrap();
    assert_eq!(outcome.messages.len(), 1, "there is no other");
    assert_eq!(outcome.text(), tokens.join("\n"));
}

#[tokio::test]
async fn a_message_that_was_announced_is_not_continued_under_another_id() {
    let created = event("thread.message.created", &message("in_progress", json!([])));
    let late = json!({ "id": "msg_2", "delta": { "content": [text(1, "b")] } });
    let run = accumulate(&[
        created,
        message_delta(json!([text(0, "a")])),
        event("thread.message.delta", &late),
    ])
    .await;
    assert_eq!(content(&run), json!([text_part("a")]));
    assert_eq!(run.messages()[1].text(), "b");
}

#[tokio::test]
async fn a_tool_call_without_an_index_is_found_by_its_id() {
    let call = |id: &str, arguments: &str| json!({ "id": id, "type": "function", "function": { "arguments": arguments } });
    let untyped = json!({ "id": "call_2", "function": { "name": "sub", "arguments": "}" } });
    let calls = tool_calls_after(&[
        json!([call("call_1", "[")]),
        json!([call("call_2", "{")]),
        json!([untyped]),
        json!([call("call_1", "]")]),
        json!([{ "type": "function", "function": { "name": "add" } }]),
    ])
    .await;
    let call = |id: &str, name: &str, arguments: &str| {
        json!({ "id": id, "type": "function", "function": {
            "name": name, "arguments": arguments, "output": null,
        } })
    };
    let expected = json!([call("call_1", "add", "[]"), call("call_2", "sub", "{}")]);
    assert_eq!(calls, expected);
}

#[tokio::test]
async fn a_text_in_place_of_its_object_is_accumulated() {
    let plain = |text: &str| json!([{ "index": 0, "type": "text", "text": text }]);
    let untyped = |text: &str| json!([{ "index": 0, "text": text }]);
    for (deltas, expected) in [
        (
            [plain("a"), plain("b")],
            json!([{ "type": "text", "text": "ab" }]),
        ),
        (
            [untyped("a"), plain("b")],
            json!([{ "type": "text", "text": "ab" }]),
        ),
        (
            [plain("a"), untyped("b")],
            json!([{ "type": "text", "text": "ab" }]),
        ),
        (
            [untyped("a"), untyped("b")],
            json!([{ "index": 0, "text": "ab" }]),
        ),
        ([json!("a"), json!("b")], json!("ab")),
    ] {
        let events = deltas.clone().map(message_delta);
        let run = accumulate(&events).await;
        assert_eq!(run.messages()[0].text(), "ab", "{deltas:?}");
        assert_eq!(json!(run.messages()[0])["content"], expected, "{deltas:?}");
        let mut stream = super::support::open(&events).await;
        let mut texts = stream.text_deltas();
        for text in ["a", "b"] {
            let delta = texts.try_next().await.unwrap().unwrap();
            assert_eq!((&*delta.message_id, &*delta), ("msg_1", text), "{deltas:?}");
        }
    }
}

#[tokio::test]
async fn half_a_surrogate_pair_loses_nothing_else() {
    let delta = |value: &str| {
        let delta = json!({ "id": "msg_1", "delta": { "content": [text(0, "TEXT")] } });
        event(
            "thread.message.delta",
            &delta.to_string().replace("TEXT", value),
        )
    };
    let run = accumulate(&[delta("a\\ud83d"), delta("\\ude00b")]).await;
    assert_eq!(content(&run), json!([text_part("a\u{fffd}\u{fffd}b")]));
}

#[tokio::test]
async fn a_delta_that_is_null_is_empty() {
    let run = accumulate(&[
        message_delta(json!([text(0, "a")])),
        event(
            "thread.message.delta",
            &json!({ "id": "msg_1", "delta": null }),
        ),
    ])
    .await;
    assert_eq!(content(&run), json!([text_part("a")]));
}

#[tokio::test]
async fn arguments_may_be_json_in_place_of_text() {
    let call = json!({ "id": "call_1", "type": "function", "function": {
        "name": "add", "arguments": { "a": 1 }, "output": [3],
    } });
    let run = accumulate(&[step_event("completed", json!([call]))]).await;
    let function = &tool_calls(&run)[0]["function"];
    assert_eq!(
        (&function["arguments"], &function["output"]),
        (&json!("{\"a\":1}"), &json!("[3]"))
    );
}
