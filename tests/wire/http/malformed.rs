//! Malformed and unknown parts of responses.

use openai_assistants::types::{MessageContent, RunStepToolCall};
use openai_assistants::{Client, mock};
use serde_json::{Value, json};

use crate::support::{ScriptedServer, json_response, response};

async fn client_of(object: &Value) -> Client {
    ScriptedServer::start([json_response(object)])
        .await
        .client()
}

#[tokio::test]
async fn a_malformed_part_of_a_message_is_unknown_and_the_rest_is_deserialized() {
    for part in [
        json!({ "type": "image_url", "image_url": "https://example.com/a.png" }),
        json!({ "type": "text" }),
        json!({ "type": "text", "text": "hi" }),
        json!({ "type": "image_file", "image_file": [] }),
        json!({ "type": 7 }),
    ] {
        let mut message = json!(mock::message());
        message["content"] = json!([part, mock::text("rest")]);
        let client = client_of(&json!({ "data": [message], "has_more": false })).await;
        let mut messages = client.list_messages().thread_id("thread_1").items();
        let read = messages.try_next().await.unwrap().unwrap();
        assert_eq!(read.content[0], MessageContent::Unknown(part));
        assert!(read.text().ends_with("rest"));
        assert_eq!(json!(read), message);
    }
}

#[tokio::test]
async fn a_malformed_property_is_none_and_is_kept() {
    let mut run = json!(mock::run());
    run["last_error"] = "it failed".into();
    run["metadata"] = json!([]);
    run["usage"] = json!({ "prompt_tokens": "many", "completion_tokens": 2, "total_tokens": 3 });
    run["vendor_field"] = json!({ "a": [1, null] });
    let call = client_of(&run)
        .await
        .get_run()
        .thread_id("thread_1")
        .run_id("run_1");
    let read = call.send().await.unwrap();
    assert_eq!((&read.last_error, &read.metadata), (&None, &None));
    assert_eq!(read.extra["last_error"], "it failed");
    assert_eq!(read.extra["vendor_field"], json!({ "a": [1, null] }));
    let usage = read.usage.as_ref().unwrap();
    assert_eq!((usage.prompt_tokens, usage.total_tokens), (None, Some(3)));
    assert_eq!(usage.extra["prompt_tokens"], "many");
    assert_eq!(json!(read), run);
}

#[tokio::test]
async fn content_in_place_of_a_list_of_parts_is_the_text_of_the_message() {
    let mut message = json!(mock::message());
    message["content"] = "hello".into();
    let call = client_of(&message)
        .await
        .get_message()
        .thread_id("thread_1")
        .message_id("msg_1");
    let read = call.send().await.unwrap();
    assert_eq!(read.text(), "hello");
    assert_eq!(json!(read), message);
}

#[tokio::test]
async fn a_tool_call_without_its_function_is_unknown() {
    let mut step = json!(mock::run_step());
    let call = json!({ "id": "call_1", "type": "function" });
    step["step_details"] = json!({ "type": "tool_calls", "tool_calls": [call] });
    let get = client_of(&step)
        .await
        .get_run_step()
        .thread_id("t")
        .run_id("r")
        .step_id("s");
    let read = get.send().await.unwrap();
    let openai_assistants::types::RunStepDetails::ToolCalls(details) = &read.step_details else {
        panic!("these are tool calls")
    };
    assert_eq!(details.tool_calls, [RunStepToolCall::Unknown(call)]);
    assert_eq!(json!(read), step);
}

#[tokio::test]
async fn arguments_that_are_not_text_are_kept_as_text() {
    let mut run = json!(mock::requires_action(&[("call_1", "add", "{}")]));
    let call = "/required_action/submit_tool_outputs/tool_calls/0/function/arguments";
    for (arguments, text) in [
        (json!({ "a": 1 }), r#"{"a":1}"#),
        (json!([1, "b"]), r#"[1,"b"]"#),
        (json!(7), "7"),
        (Value::Null, ""),
    ] {
        *run.pointer_mut(call).unwrap() = arguments;
        let get = client_of(&run)
            .await
            .get_run()
            .thread_id("thread_1")
            .run_id("run_1");
        let read = json!(get.send().await.unwrap());
        assert_eq!(read.pointer(call).unwrap(), text);
    }
}

#[tokio::test]
async fn a_byte_order_mark_and_half_a_surrogate_pair_are_read() {
    let body =
        "\u{feff}{\"id\":\"thread_1\",\"metadata\":{\"a\":\"x\\ud83d\",\"b\":\"\\ud83d\\ude00\"}}";
    let server = ScriptedServer::start([response(200, "", body)]).await;
    let thread = server
        .client()
        .get_thread()
        .thread_id("thread_1")
        .send()
        .await
        .unwrap();
    let metadata = thread.metadata.unwrap();
    assert_eq!(
        (&metadata["a"], &metadata["b"]),
        (&json!("x\u{fffd}"), &json!("😀"))
    );
}

#[tokio::test]
async fn a_value_beyond_the_limits_of_the_parser_is_its_text() {
    for value in ["1e400".to_owned(), "[".repeat(200) + &"]".repeat(200)] {
        let page = format!(
            r#"{{"data":[{{"id":"a"}},{{"id":"b","metadata":{{"label":{value},"name":"x"}}}}],"has_more":false}}"#
        );
        let server = ScriptedServer::start([response(200, "", &page)]).await;
        let page = server.client().list_assistants().send().await.unwrap();
        let metadata = page.data[1].metadata.as_ref().unwrap();
        assert_eq!((&metadata["name"], page.data.len()), (&json!("x"), 2));
        assert!(metadata["label"].to_string().contains(&value[..5]));
    }
}

#[tokio::test]
async fn the_last_of_repeated_properties_counts() {
    for (first, last) in [("1", r#"{"code":"c"}"#), (r#"{"code":"c"}"#, "1")] {
        let run =
            format!(r#"{{"id":"r","status":"failed","last_error":{first},"last_error":{last}}}"#);
        let server = ScriptedServer::start([response(200, "", &run)]).await;
        let get = server.client().get_run();
        let run = get.thread_id("t").run_id("r").send().await.unwrap();
        let last: serde_json::Value = serde_json::from_str(last).unwrap();
        assert_eq!(run.last_error.is_none(), last == 1);
        let last_error = json!(run)["last_error"].clone();
        assert_eq!(last_error.get("code"), last.get("code"));
        assert_eq!(run.extra.contains_key("last_error"), last == 1);
    }
}

/// serde_json takes such a property for a value of its own.
#[tokio::test]
async fn an_object_with_a_reserved_name_is_its_text() {
    for value in ["x", "{", "NaN"] {
        let object = format!(r#"{{"$serde_json::private::RawValue":"{value}"}}"#);
        let message = format!(
            r#"{{"id":"m","content":[{{"type":"new","part":{object}}}],"metadata":{{"a":{object}}},"vendor":{object}}}"#
        );
        let server = ScriptedServer::start([response(200, "", &message)]).await;
        let get = server.client().get_message();
        let read = get.thread_id("t").message_id("m").send().await.unwrap();
        assert_eq!(read.metadata.as_ref().unwrap()["a"], *object);
        assert_eq!(read.extra["vendor"], *object);
        assert_eq!(json!(read)["content"][0]["part"], *object);
    }
}

#[tokio::test]
async fn text_that_is_not_json_is_an_error_with_its_reason() {
    for (value, reason) in [("NaN", "expected value"), ("{", "EOF while parsing")] {
        let body = format!(r#"{{"id":"thread_1","metadata":{{"a":{value}}}}}"#);
        let server = ScriptedServer::start([response(200, "", &body)]).await;
        let error = server
            .client()
            .get_thread()
            .thread_id("thread_1")
            .send()
            .await
            .unwrap_err();
        assert!(
            error.is_decode() && error.to_string().contains(reason),
            "{error}"
        );
    }
}
