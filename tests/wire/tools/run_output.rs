//! Structured output of runs and messages.

use openai_assistants::types::{MessageObject, RunObject};
use openai_assistants::{Parsed, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{ScriptedServer, create_run, json_response, run};

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Solution {
    answer: f64,
    #[serde(default)]
    steps: Vec<String>,
}

fn run_with(status: &str, properties: Value) -> RunObject {
    serde_json::from_value(extended(run(status), properties)).expect("a run")
}

fn message(content: Value, properties: Value) -> MessageObject {
    let message = json!({
        "id": "msg_1", "created_at": 1, "thread_id": "thread_1", "role": "assistant", "content": content,
        "run_id": "run_1",
    });
    serde_json::from_value(extended(message, properties)).expect("a message")
}

fn extended(mut object: Value, properties: Value) -> Value {
    let properties = properties.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(properties);
    object
}

fn text(text: &str) -> Value {
    json!([{"type": "text", "text": {"value": text, "annotations": []}}])
}

/// A message of the assistant with this text.
pub fn output(value: &str) -> MessageObject {
    message(text(value), json!({}))
}

/// The structured output of a run with these messages.
async fn parse(run: RunObject, messages: &[MessageObject]) -> Result<Parsed<Solution>> {
    let completed = run_with("completed", json!({}));
    let page = json!({"object": "list", "data": [], "has_more": false});
    let responses = [json!(completed), page.clone(), page];
    let server = ScriptedServer::start(responses.iter().map(json_response)).await;
    let call = create_run(&server.client()).follow();
    let mut outcome = call.outcome().await.expect("the run completes");
    (outcome.run, outcome.messages) = (run, messages.to_vec());
    outcome.parse()
}

async fn parse_completed(messages: &[MessageObject]) -> Result<Parsed<Solution>> {
    parse(run_with("completed", json!({})), messages).await
}

#[tokio::test]
async fn the_output_is_the_last_message_of_the_run() {
    let expected = Solution {
        answer: 4.0,
        steps: Vec::new(),
    };
    let messages = [
        output("I think …"),
        output(r#"{"answer": 4, "steps": null}"#),
        message(text("thanks"), json!({"role": "user", "run_id": null})),
        message(text("no"), json!({"run_id": "run_2"})),
    ];
    assert_eq!(
        parse_completed(&messages).await.unwrap(),
        Parsed::Value(expected)
    );
    // Some servers omit the run ID.
    let anonymous = message(text(r#"{"answer": 5}"#), json!({"run_id": null}));
    let value = parse_completed(&[anonymous]).await.unwrap().value();
    assert_eq!(value.unwrap().answer, 5.0);
}

#[tokio::test]
async fn a_refusal_is_not_an_error() {
    let content = json!([{"type": "refusal", "refusal": "I cannot help with that."}]);
    let expected = Parsed::Refusal("I cannot help with that.".to_owned());
    let messages = [message(content, json!({}))];
    assert_eq!(parse_completed(&messages).await.unwrap(), expected);
    assert_eq!(expected.value(), None);
}

#[tokio::test]
async fn a_run_that_is_not_completed_has_incomplete_output() {
    for (status, properties, reason) in [
        (
            "incomplete",
            json!({"incomplete_details": {"reason": "max_completion_tokens"}}),
            Some("max_completion_tokens"),
        ),
        (
            "failed",
            json!({"last_error": {"code": "server_error", "message": "Sorry."}}),
            Some("server_error: Sorry."),
        ),
        ("cancelled", json!({}), None),
        ("new_status", json!({}), None),
    ] {
        let parsed = parse(run_with(status, properties), &[output("{\"answer\": ")]).await;
        let expected = Parsed::Incomplete {
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
        };
        assert_eq!(parsed.unwrap(), expected);
    }
}

#[tokio::test]
async fn the_text_of_an_incomplete_message_is_not_parsed() {
    let details =
        json!({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}});
    let message = message(text("{\"answer\": "), details);
    let expected = Parsed::Incomplete {
        status: "incomplete".to_owned(),
        reason: Some("content_filter".to_owned()),
    };
    assert_eq!(parse_completed(&[message]).await.unwrap(), expected);
}

#[tokio::test]
async fn the_message_of_a_completed_run_counts_as_completed() {
    let in_progress = message(text(r#"{"answer": 4}"#), json!({"status": "in_progress"}));
    let expected = Parsed::Incomplete {
        status: "in_progress".to_owned(),
        reason: None,
    };
    assert_eq!(in_progress.parse::<Solution>().unwrap(), expected);
    let parsed = parse_completed(&[in_progress]).await.unwrap();
    assert_eq!(parsed.value().expect("a value").answer, 4.0);
}

#[tokio::test]
async fn output_that_does_not_match_is_an_error_with_the_text() {
    for (text, reason) in [
        (
            r#"{"answer": "four"}"#,
            "does not match the requested type at `answer`: invalid type: string",
        ),
        (r#"{"answer": "#, "is not JSON at `answer`: EOF"),
        ("four", "is not JSON: expected"),
        ("", "is not JSON: EOF"),
    ] {
        let error = parse_completed(&[output(text)])
            .await
            .expect_err("the output does not match");
        assert!(error.is_decode());
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(error.body(), Some(text));
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_1"))
        );
    }
}

#[tokio::test]
async fn a_completed_run_without_a_message_is_an_error() {
    let error = parse_completed(&[]).await.expect_err("there is no message");
    assert!(error.is_decode());
    assert!(
        error.to_string().contains("completed without a message"),
        "{error}"
    );
}

#[tokio::test]
async fn nulls_that_the_response_format_introduces_count_as_missing() {
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Report {
        #[serde(flatten)]
        page: Option<Page>,
        notes: Vec<Note>,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    struct Page {
        number: u8,
        #[serde(default)]
        of: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    #[serde(untagged)]
    enum Note {
        Quote {
            text: String,
            #[serde(default)]
            page: u8,
        },
        Text {
            text: String,
        },
        Any(Value),
    }
    let report = output(
        r#"{"number": 3.0, "of": null, "notes": [{"text": "a", "page": null}, {"page": null}]}"#,
    );
    let expected = Report {
        page: Some(Page { number: 3, of: 0 }),
        notes: vec![
            Note::Quote {
                text: "a".to_owned(),
                page: 0,
            },
            Note::Any(json!({"page": null})),
        ],
    };
    assert_eq!(report.parse().unwrap(), Parsed::Value(expected));
    let any = report.parse::<Value>().unwrap().value().expect("a value");
    assert_eq!(any["of"], Value::Null);

    let text = r#"{"answer": "four", "steps": null}"#;
    let error = parse_completed(&[output(text)]).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("at `answer`: invalid type: string"),
        "{error}"
    );
    assert_eq!(error.body(), Some(text));
}
