//! How generated types read what servers send, whatever the order and the oddities.

#![cfg(assistants_document = "openapi.yaml")]

use openai_assistants::types::{
    AssistantStreamEvent, AssistantTool, AssistantToolsFunction, AssistantsApiResponseFormatOption,
    AssistantsApiToolChoiceOption, CreateMessageContent, ListRunsResponse, MessageDeltaContent,
    MessageObject, Metadata, ResponseFormat, RunCompletionUsage, RunObject, RunStatus,
    ToolChoiceMode,
};
use openai_assistants::{StreamEvent, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the text decodes")
}

fn written<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("the value can be written")
}

const RUN: &str = r#"{"id": "run_1", "created_at": 1, "thread_id": "t", "assistant_id": "a", "status": "queued", "model": "m"}"#;

#[test]
fn a_tag_is_found_wherever_it_stands() {
    let orders = [
        r#"{"type": "function", "function": {"name": "f", "strict": true}}"#,
        r#"{"function": {"name": "f", "strict": true}, "type": "function"}"#,
        r#"{"x": [{"type": "code_interpreter"}], "type": "function", "y": null, "function": {"strict": true, "name": "f"}}"#,
        r#"{"ty\u0070e": "functio\u006e", "function": {"name": "\u0066", "strict": true}}"#,
    ];
    for text in orders {
        let AssistantTool::Function(tool) = read(text) else {
            panic!("{text} is not read as a function")
        };
        assert_eq!(
            (tool.function.name.as_str(), tool.function.strict),
            ("f", Some(true))
        );
    }
}

#[test]
fn a_delta_has_its_index_ahead_of_its_tag() {
    let MessageDeltaContent::Text(delta) =
        read(r#"{"index": 3, "type": "text", "text": {"value": "Hel", "annotations": []}}"#)
    else {
        panic!("it is not read as text")
    };
    assert_eq!(delta.index, 3);
    assert_eq!(
        delta.text.and_then(|text| text.value).as_deref(),
        Some("Hel")
    );
}

#[test]
fn values_and_texts_decode_alike() {
    let text = r#"{"index": 0, "type": "refusal", "refusal": "No."}"#;
    let value: Value = read(text);
    let from_value: MessageDeltaContent = serde_json::from_value(value).expect("the value decodes");
    let from_reader: MessageDeltaContent =
        serde_json::from_reader(text.as_bytes()).expect("the bytes decode");
    assert_eq!(from_value, read(text));
    assert_eq!(from_reader, read(text));
}

#[test]
fn an_unknown_member_keeps_all_it_came_with() {
    for text in [
        r#"{"type": "bing_grounding", "bing_grounding": {"connections": [1, 2.5, null, "ü"]}}"#,
        r#"{"before": {"type": "function"}, "type": "mcp", "after": 1}"#,
        r#"{"no_tag": true}"#,
        r#"{"a": 1, "type": null, "function": {}}"#,
        r#"{"type": 5}"#,
        r#"{"type": {"type": "function"}}"#,
        r"{}",
        r"null",
        r#""code_interpreter""#,
        r"[1, true]",
        r"7",
    ] {
        let tool: AssistantTool = read(text);
        assert!(matches!(tool, AssistantTool::Unknown(_)), "{text}");
        assert_eq!(written(&tool), read::<Value>(text));
    }
}

#[test]
fn a_mistake_ahead_of_the_tag_is_told_by_name() {
    let error = serde_json::from_str::<MessageDeltaContent>(r#"{"index": "x", "type": "text"}"#)
        .expect_err("the index is no number");
    assert!(error.to_string().contains("`index`"), "{error}");
}

#[test]
fn a_union_is_told_apart_by_its_json_type() {
    assert_eq!(
        read::<AssistantsApiToolChoiceOption>(r#""required""#),
        AssistantsApiToolChoiceOption::from(ToolChoiceMode::Required)
    );
    assert!(matches!(
        read(r#"{"type": "json_object"}"#),
        AssistantsApiResponseFormatOption::ResponseFormat(ResponseFormat::JsonObject(_))
    ));
    assert!(matches!(
        read(r#"[{"type": "text", "text": "Hello"}]"#),
        CreateMessageContent::List(parts) if parts.len() == 1
    ));
    for odd in ["7", "2.5", "true", "[1]"] {
        let choice: AssistantsApiToolChoiceOption = read(odd);
        assert!(
            matches!(choice, AssistantsApiToolChoiceOption::Unknown(_)),
            "{odd}"
        );
        assert_eq!(written(&choice), read::<Value>(odd));
    }
}

#[test]
fn an_enum_takes_text_that_it_does_not_know() {
    let status: RunStatus = read(r#""paused\n""#);
    assert_eq!(status, RunStatus::Unknown("paused\n".to_owned()));
    assert_eq!(status.as_str(), "paused\n");
    assert_eq!(RunStatus::from("in_progress"), RunStatus::InProgress);
    assert_eq!(RunStatus::InProgress.to_string(), "in_progress");
}

#[test]
fn a_run_needs_no_more_than_what_says_which_it_is() {
    let run: RunObject = read(RUN);
    assert_eq!(run.status, RunStatus::Queued);
    assert!(run.tools.is_empty() && run.required_action.is_none() && run.usage.is_none());
}

#[test]
fn a_run_without_an_id_is_an_error_that_names_it() {
    let error =
        serde_json::from_str::<RunObject>(r#"{"status": "queued"}"#).expect_err("it has no id");
    assert!(error.to_string().contains("missing field"), "{error}");
}

#[test]
fn text_and_numbers_that_an_answer_lacks_are_empty() {
    let run = json!({
        "id": "run_1", "object": "thread.run", "status": "failed", "thread_id": "thread_1",
        "assistant_id": "asst_1", "model": "m", "created_at": 1, "instructions": "i",
        "usage": {"completion_tokens": 1, "prompt_tokens": 2, "total_tokens": 3},
        "last_error": {"code": "server_error", "message": "no"},
    });
    for place in [
        "/thread_id",
        "/assistant_id",
        "/model",
        "/created_at",
        "/instructions",
        "/usage/completion_tokens",
        "/usage/total_tokens",
        "/last_error/code",
        "/last_error/message",
    ] {
        let (parent, name) = place.rsplit_once('/').expect("a pointer has a slash");
        let mut lacks = run.clone();
        *lacks.pointer_mut(place).expect("it is there") = Value::Null;
        let null: RunObject = serde_json::from_value(lacks.clone()).expect("null is nothing");
        let parent = lacks.pointer_mut(parent).expect("it is there");
        parent.as_object_mut().expect("an object").remove(name);
        let missing: RunObject = serde_json::from_value(lacks).expect("nothing is lacked");
        assert_eq!(null, missing, "{place}");
        assert_eq!(missing.id, "run_1", "{place}");
    }
    let mut bare = run;
    bare["last_error"] = json!({});
    bare["created_at"] = Value::Null;
    let run: RunObject = serde_json::from_value(bare).expect("nothing is lacked");
    let error = run.last_error.expect("there is an error");
    assert_eq!((error.code.as_str(), &*error.message), ("", ""));
    assert_eq!(run.created_at, 0);
}

#[test]
fn what_is_no_list_is_no_empty_list() {
    for answer in [
        r#"{}"#,
        r#"{"error": {"message": "quota"}}"#,
        r#"{"has_more": false}"#,
    ] {
        let error = serde_json::from_str::<ListRunsResponse>(answer).expect_err("it is no list");
        assert!(
            error.to_string().contains("missing field `data`"),
            "{error}"
        );
    }
    let empty: ListRunsResponse = serde_json::from_str(r#"{"data": null}"#).expect("it is empty");
    assert!(empty.data.is_empty() && !empty.has_more);
}

#[test]
fn a_label_that_is_not_there_is_null() {
    let metadata = Metadata::from([("team", "maths")]);
    assert_eq!(metadata["team"], "maths");
    assert_eq!(metadata["more"], Value::Null);
}

#[test]
fn null_is_an_empty_list() {
    let mut run: Value = read(RUN);
    run["tools"] = Value::Null;
    let run: RunObject = serde_json::from_value(run).expect("null is no reason to fail");
    assert!(run.tools.is_empty());
}

#[test]
fn constants_are_written_and_not_asked_for() {
    assert_eq!(written(&read::<RunObject>(RUN))["object"], "thread.run");
    let tool: AssistantToolsFunction = read(r#"{"function": {"name": "f"}}"#);
    assert_eq!(
        written(&tool),
        json!({ "type": "function", "function": { "name": "f" } })
    );
}

#[test]
fn what_is_required_and_null_is_written_as_null() {
    let run = written(&read::<RunObject>(RUN));
    assert_eq!(run["usage"], Value::Null);
    assert_eq!(run.get("temperature"), None, "it is not required");
}

#[test]
fn the_text_of_a_message_is_its_text_parts() {
    let message: MessageObject = read(
        r#"{"id": "m", "created_at": 1, "thread_id": "t", "role": "user", "content": [
            {"type": "text", "text": {"value": "one", "annotations": []}},
            {"type": "image_file", "image_file": {"file_id": "f"}},
            {"type": "hologram"},
            {"type": "text", "text": {"value": "two"}}
        ]}"#,
    );
    assert_eq!(message.text(), "one\ntwo");
}

#[test]
fn metadata_is_made_of_pairs() {
    let metadata: Metadata = [("a", "1"), ("b", "2")].into();
    assert_eq!(written(&metadata), json!({ "a": "1", "b": "2" }));
    assert_eq!(metadata.get("b").and_then(Value::as_str), Some("2"));
    assert_eq!(metadata["a"], "1");
}

#[test]
fn metadata_keeps_what_is_no_text() {
    let text = r#"{"text": "1", "number": 1, "fraction": 0.5, "flag": true, "nothing": null, "more": {"a": [1]}}"#;
    let metadata: Metadata = read(text);
    assert_eq!(metadata["number"], 1);
    assert_eq!(written(&metadata), read::<Value>(text));
}

#[test]
fn a_time_may_have_a_fraction() {
    let mut run: Value = read(RUN);
    run["created_at"] = json!(1_699_009_709.25);
    run["expires_at"] = json!(1_699_010_309.0);
    let decoded: RunObject = serde_json::from_value(run).expect("it is a time");
    assert_eq!(decoded.created_at.seconds(), 1_699_009_709);
    assert_eq!(decoded.expires_at, Some(Timestamp::from(1_699_010_309)));
    let written = serde_json::to_string(&decoded).expect("it can be written");
    assert!(
        written.contains(r#""created_at":1699009709.25,"#),
        "{written}"
    );
    assert!(written.contains(r#""expires_at":1699010309,"#), "{written}");
}

#[test]
fn a_whole_number_may_be_a_float() {
    let usage = |tokens: &str| {
        format!(r#"{{"completion_tokens": {tokens}, "prompt_tokens": 0, "total_tokens": 12}}"#)
    };
    for (tokens, expected) in [
        ("12.0", 12),
        ("-0.0", 0),
        ("1.2e1", 12),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808.0", i64::MIN),
    ] {
        let usage: RunCompletionUsage = read(&usage(tokens));
        assert_eq!(usage.completion_tokens, expected, "{tokens}");
    }
    for tokens in [
        "12.5",
        "1e30",
        "9223372036854775808",
        "9223372036854775808.0",
    ] {
        let usage = serde_json::from_str::<RunCompletionUsage>(&usage(tokens));
        assert!(usage.is_err(), "{tokens} is no integer");
    }

    let mut run: Value = read(RUN);
    run["max_prompt_tokens"] = json!(512.0);
    run["max_completion_tokens"] = Value::Null;
    let run: RunObject = serde_json::from_value(run).expect("it is an integer");
    assert_eq!(run.max_prompt_tokens, Some(512));
    assert_eq!(run.max_completion_tokens, None);
}

#[test]
fn events_are_decoded_by_name() {
    let AssistantStreamEvent::ThreadRunQueued(run) =
        AssistantStreamEvent::decode("thread.run.queued", RUN).expect("the event decodes")
    else {
        panic!("it is another event")
    };
    assert_eq!(run.id, "run_1");
    let done = AssistantStreamEvent::decode("done", "[DONE]").expect("the event decodes");
    assert_eq!(done, AssistantStreamEvent::Done);
    assert_eq!(done.event(), "done");
}

#[test]
fn an_unknown_event_keeps_its_name_and_data() {
    let event =
        AssistantStreamEvent::decode("thread.run.paused", "not JSON").expect("it is no error");
    assert_eq!(event.event(), "thread.run.paused");
    assert!(matches!(event, AssistantStreamEvent::Unknown { data, .. } if data == "not JSON"));
}

#[test]
fn a_known_event_with_other_data_is_an_error_that_names_it() {
    let error = AssistantStreamEvent::decode("thread.run.queued", "{}").expect_err("it has no id");
    assert!(error.is_decode());
    assert!(error.to_string().contains("thread.run.queued"), "{error}");
}
