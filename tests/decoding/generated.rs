//! Generated types, with the order and the deviations of real servers.

use openai_assistants::types::{
    AssistantStreamEvent, AssistantTool, AssistantToolsFunction, AssistantsApiResponseFormatOption,
    AssistantsApiToolChoiceOption, CreateMessageContent, ListRunsResponse, MessageContent,
    MessageDeltaContent, MessageDeltaObject, MessageObject, Metadata, ResponseFormat,
    RunCompletionUsage, RunObject, RunStatus, RunStepObject, ThreadObject, ToolChoiceMode,
};
use openai_assistants::{Extra, StreamEvent, Timestamp, mock};
use serde_json::{Value, json};

use super::{parse, serialized};

const RUN: &str = r#"{"id": "run_1", "created_at": 1, "thread_id": "t", "assistant_id": "a", "status": "queued", "model": "m"}"#;

#[test]
fn a_tag_may_be_anywhere_in_the_object() {
    let orders = [
        r#"{"type": "function", "function": {"name": "f", "strict": true}}"#,
        r#"{"function": {"name": "f", "strict": true}, "type": "function"}"#,
        r#"{"x": [{"type": "code_interpreter"}], "type": "function", "y": null, "function": {"strict": true, "name": "f"}}"#,
        r#"{"ty\u0070e": "functio\u006e", "function": {"name": "\u0066", "strict": true}}"#,
    ];
    for text in orders {
        let AssistantTool::Function(tool) = parse(text) else {
            panic!("{text} is a function")
        };
        assert_eq!(
            (tool.function.name.as_str(), tool.function.strict),
            ("f", Some(true))
        );
    }
}

#[test]
fn the_index_of_a_delta_may_precede_its_tag() {
    let MessageDeltaContent::Text(delta) =
        parse(r#"{"index": 3, "type": "text", "text": {"value": "Hel", "annotations": []}}"#)
    else {
        panic!("it is text")
    };
    assert_eq!(delta.index, Some(3));
    assert_eq!(
        delta.text.and_then(|text| text.value).as_deref(),
        Some("Hel")
    );
}

#[test]
fn text_bytes_and_values_deserialize_alike() {
    let text = r#"{"index": 0, "type": "refusal", "refusal": "No."}"#;
    let value: Value = parse(text);
    let from_value: MessageDeltaContent = serde_json::from_value(value).expect("the value matches");
    let from_reader: MessageDeltaContent =
        serde_json::from_reader(text.as_bytes()).expect("the bytes match");
    assert_eq!(from_value, parse(text));
    assert_eq!(from_reader, parse(text));
}

#[test]
fn an_unknown_variant_keeps_the_whole_value() {
    for text in [
        r#"{"type": "web_grounding", "web_grounding": {"connections": [1, 2.5, null, "ü"]}}"#,
        r#"{"before": {"type": "function"}, "type": "hologram", "after": 1}"#,
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
        let tool: AssistantTool = parse(text);
        assert!(matches!(tool, AssistantTool::Unknown(_)), "{text}");
        assert_eq!(serialized(&tool), parse::<Value>(text));
    }
}

#[test]
fn an_error_in_front_of_the_tag_names_the_property() {
    let error = serde_json::from_str::<MessageDeltaContent>(r#"{"index": "x", "type": "text"}"#)
        .expect_err("the index is not a number");
    assert!(error.to_string().contains("`index`"), "{error}");
}

#[test]
fn an_untagged_union_is_selected_by_json_type() {
    assert_eq!(
        parse::<AssistantsApiToolChoiceOption>(r#""required""#),
        AssistantsApiToolChoiceOption::from(ToolChoiceMode::Required)
    );
    assert!(matches!(
        parse(r#"{"type": "json_object"}"#),
        AssistantsApiResponseFormatOption::ResponseFormat(ResponseFormat::JsonObject(_))
    ));
    assert!(matches!(
        parse(r#"[{"type": "text", "text": "Hello"}]"#),
        CreateMessageContent::List(parts) if parts.len() == 1
    ));
    for odd in ["7", "2.5", "true", "[1]"] {
        let choice: AssistantsApiToolChoiceOption = parse(odd);
        assert!(
            matches!(choice, AssistantsApiToolChoiceOption::Unknown(_)),
            "{odd}"
        );
        assert_eq!(serialized(&choice), parse::<Value>(odd));
    }
}

#[test]
fn a_string_enum_keeps_unknown_text() {
    let status: RunStatus = parse(r#""paused\n""#);
    assert_eq!(status, RunStatus::Unknown("paused\n".to_owned()));
    assert_eq!(status.as_str(), "paused\n");
    assert_eq!(
        RunStatus::try_from("in_progress").unwrap(),
        RunStatus::InProgress
    );
    assert_eq!(RunStatus::InProgress.to_string(), "in_progress");
}

#[test]
fn a_run_requires_only_its_id() {
    let run: RunObject = parse(RUN);
    assert_eq!(run.status, RunStatus::Queued);
    assert!(run.tools.is_empty() && run.required_action.is_none() && run.usage.is_none());
}

#[test]
fn a_run_without_an_id_is_an_error() {
    let error =
        serde_json::from_str::<RunObject>(r#"{"status": "queued"}"#).expect_err("there is no ID");
    assert!(error.to_string().contains("missing field"), "{error}");
}

#[test]
fn missing_strings_and_numbers_are_empty() {
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
        let mut incomplete = run.clone();
        *incomplete.pointer_mut(place).expect("it exists") = Value::Null;
        let null: RunObject =
            serde_json::from_value(incomplete.clone()).expect("null is like missing");
        let parent = incomplete.pointer_mut(parent).expect("it exists");
        parent.as_object_mut().expect("an object").remove(name);
        let missing: RunObject =
            serde_json::from_value(incomplete).expect("nothing required is missing");
        assert_eq!(null, missing, "{place}");
        assert_eq!(missing.id, "run_1", "{place}");
    }
    let mut bare = run;
    bare["last_error"] = json!({});
    bare["created_at"] = Value::Null;
    let run: RunObject = serde_json::from_value(bare).expect("nothing required is missing");
    let error = run.last_error.expect("there is an error");
    assert_eq!((error.code.as_str(), &*error.message), ("", ""));
    assert_eq!(run.created_at, 0);
}

#[test]
fn a_missing_number_of_usage_is_none_and_not_zero() {
    let usage: RunCompletionUsage = parse(r#"{"prompt_tokens": 3, "total_tokens": null}"#);
    assert_eq!(
        (
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.total_tokens
        ),
        (Some(3), None, None)
    );
    let mut step = json!(mock::run_step());
    step["usage"] = json!({});
    let step: RunStepObject = serde_json::from_value(step).expect("nothing required is missing");
    assert_eq!(step.usage.expect("there is usage").total_tokens, None);
}

#[test]
fn an_object_without_data_is_not_an_empty_list() {
    for answer in [
        r#"{}"#,
        r#"{"error": {"message": "quota"}}"#,
        r#"{"has_more": false}"#,
    ] {
        let error = serde_json::from_str::<ListRunsResponse>(answer).expect_err("it is not a list");
        assert!(
            error.to_string().contains("missing field `data`"),
            "{error}"
        );
    }
    let empty: ListRunsResponse = serde_json::from_str(r#"{"data": null}"#).expect("it is empty");
    assert!(empty.data.is_empty() && !empty.has_more);
}

#[test]
fn indexing_missing_metadata_returns_null() {
    let metadata = Metadata::from([("team", "maths")]);
    assert_eq!(metadata["team"], "maths");
    assert_eq!(metadata["more"], Value::Null);
}

#[test]
fn null_is_an_empty_list() {
    let mut run: Value = parse(RUN);
    run["tools"] = Value::Null;
    let run: RunObject = serde_json::from_value(run).expect("null is like missing");
    assert!(run.tools.is_empty());
}

#[test]
fn constants_are_serialized_and_not_required() {
    assert_eq!(serialized(&parse::<RunObject>(RUN))["object"], "thread.run");
    let tool: AssistantToolsFunction = parse(r#"{"function": {"name": "f"}}"#);
    assert_eq!(
        serialized(&tool),
        json!({ "type": "function", "function": { "name": "f" } })
    );
}

#[test]
fn a_required_null_is_serialized_as_null() {
    let run = serialized(&parse::<RunObject>(RUN));
    assert_eq!(run["usage"], Value::Null);
    assert_eq!(run.get("temperature"), None, "it is optional");
}

#[test]
fn the_text_of_a_message_is_its_text_parts() {
    let message: MessageObject = parse(
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
fn metadata_is_built_from_pairs() {
    let metadata: Metadata = [("a", "1"), ("b", "2")].into();
    assert_eq!(serialized(&metadata), json!({ "a": "1", "b": "2" }));
    assert_eq!(metadata.get("b").and_then(Value::as_str), Some("2"));
    assert_eq!(metadata["a"], "1");
}

#[test]
fn metadata_keeps_values_of_any_json_type() {
    let text = r#"{"text": "1", "number": 1, "fraction": 0.5, "flag": true, "nothing": null, "more": {"a": [1]}}"#;
    let metadata: Metadata = parse(text);
    assert_eq!(metadata["number"], 1);
    assert_eq!(serialized(&metadata), parse::<Value>(text));
}

#[test]
fn a_timestamp_may_have_a_fraction() {
    let mut run: Value = parse(RUN);
    run["created_at"] = json!(1_699_009_709.25);
    run["expires_at"] = json!(1_699_010_309.0);
    let decoded: RunObject = serde_json::from_value(run).expect("it is a timestamp");
    assert_eq!(decoded.created_at.seconds(), 1_699_009_709);
    assert_eq!(decoded.expires_at, Some(Timestamp::from(1_699_010_309)));
    let written = serde_json::to_string(&decoded).expect("it can be serialized");
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
        let usage: RunCompletionUsage = parse(&usage(tokens));
        assert_eq!(usage.completion_tokens, Some(expected), "{tokens}");
    }
    for tokens in [
        "12.5",
        "1e30",
        "9223372036854775808",
        "9223372036854775808.0",
    ] {
        let usage = serde_json::from_str::<RunCompletionUsage>(&usage(tokens));
        assert!(usage.is_err(), "{tokens} is not an integer");
    }

    let mut run: Value = parse(RUN);
    run["max_prompt_tokens"] = json!(512.0);
    run["max_completion_tokens"] = Value::Null;
    let run: RunObject = serde_json::from_value(run).expect("it is an integer");
    assert_eq!(run.max_prompt_tokens, Some(512));
    assert_eq!(run.max_completion_tokens, None);
}

#[test]
fn events_are_deserialized_by_name() {
    let AssistantStreamEvent::ThreadRunQueued(run) =
        AssistantStreamEvent::decode("thread.run.queued", RUN).expect("the event is valid")
    else {
        panic!("it is another event")
    };
    assert_eq!(run.id, "run_1");
    let done = AssistantStreamEvent::decode("done", "[DONE]").expect("the event is valid");
    assert_eq!(done, AssistantStreamEvent::Done);
    assert_eq!(done.event(), "done");
}

#[test]
fn an_unknown_event_keeps_its_name_and_data() {
    let event = AssistantStreamEvent::decode("thread.run.paused", "not JSON")
        .expect("an unknown event is not an error");
    assert_eq!(event.event(), "thread.run.paused");
    assert!(matches!(event, AssistantStreamEvent::Unknown { data, .. } if data == "not JSON"));
}

#[test]
fn invalid_data_of_a_known_event_is_an_error_with_its_name() {
    let error =
        AssistantStreamEvent::decode("thread.run.queued", "{}").expect_err("there is no ID");
    assert!(error.is_decode());
    assert!(error.to_string().contains("thread.run.queued"), "{error}");
}

#[test]
fn the_text_of_a_delta_needs_no_type() {
    for (part, text) in [
        (
            r#"{"index": 0, "type": "text", "text": {"value": "a"}}"#,
            "a",
        ),
        (r#"{"index": 0, "type": null, "text": {"value": "a"}}"#, "a"),
        (r#"{"index": 0, "text": {"value": "a"}}"#, "a"),
        (r#"{"text": "a"}"#, "a"),
        (r#"{"type": "sound", "text": {"value": "a"}}"#, ""),
        ("null", ""),
    ] {
        let delta: MessageDeltaObject = parse(&format!(
            r#"{{"id": "m", "delta": {{"content": [{part}]}}}}"#
        ));
        assert_eq!(delta.text(), text, "{part}");
    }
}

#[test]
fn the_place_of_the_tag_of_a_union_does_not_matter() {
    let read = |json: &str| serde_json::from_str::<MessageContent>(json);
    for json in [
        r#"{"type":"text","text":{"value":"a"},"new":1}"#,
        r#"{"text":{"value":"a"},"type":"text","new":1}"#,
        r#"{"new":1,"text":{"value":"a"},"type":"text"}"#,
    ] {
        let value: Value = serde_json::from_str(json).unwrap();
        let content = read(json).unwrap();
        assert_eq!(serde_json::to_value(&content).unwrap()["new"], 1);
        assert_eq!(
            serde_json::from_value::<MessageContent>(value).unwrap(),
            content
        );
    }
    for json in [
        r#"{"type":"text","text":{"value":1}}"#,
        r#"{"text":{"value":1},"type":"text"}"#,
        r#"{"type":"text","text":{"value":"a"},"text":{"value":"b"}}"#,
        r#"{"text":{"value":"a"},"text":{"value":"b"},"type":"text"}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
    let unknown = r#"{"a":1,"b":{},"a":2,"type":"new","c":[]}"#;
    let MessageContent::Unknown(value) = read(unknown).unwrap() else {
        panic!("there is no such type");
    };
    assert_eq!(value, json!({ "a": 2, "b": {}, "type": "new", "c": [] }));
}

#[test]
fn extra_properties_are_a_map() {
    let json = r#"{"id":"thread_1","created_at":0,"metadata":{},"b":2,"a":[1]}"#;
    let mut thread: ThreadObject = serde_json::from_str(json).unwrap();
    let names: Vec<_> = (&thread.extra)
        .into_iter()
        .map(|(name, _)| &**name)
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(json!(thread.extra), json!({ "a": [1], "b": 2 }));
    thread.extra.remove("a");
    thread.extra.remove("b");
    assert_eq!(thread.extra, Extra::default());
    thread.extra.insert("c".to_owned(), json!(3));
    assert_eq!(json!(thread)["c"], 3);
}
