//! The outcome of a run.

use openai_assistants::types::{MessageObject, MessageRole, RunStatus};
use openai_assistants::{RunOutcome, mock};
use serde_json::{Value, json};

use super::support::{follow, follow_submission, list, outcome as outcome_of, reply};
use crate::support::{ScriptedServer, json_response, response, run};

fn message(role: MessageRole, text: &str) -> MessageObject {
    let mut message = mock::message();
    message.role = role;
    message.content = vec![mock::text(text)];
    message
}

#[test]
fn text_is_that_of_the_last_message_of_the_assistant() {
    let mut outcome = mock::outcome(mock::run(), Vec::new(), Vec::new());
    assert_eq!(outcome.text(), "");
    outcome.messages = vec![
        message(MessageRole::Assistant, "a"),
        message(MessageRole::Assistant, "b"),
        message(MessageRole::User, "c"),
    ];
    assert_eq!(outcome.text(), "b");
}

/// The outcome of a completed run on a server with these messages and these responses for steps.
async fn fetched(messages: &[Value], steps: &[String]) -> RunOutcome {
    let mut completed = run("completed");
    completed["created_at"] = 10.into();
    let mut responses = vec![json_response(&completed), list(messages)];
    responses.extend_from_slice(steps);
    let server = ScriptedServer::start(responses).await;
    let outcome = follow(&server.client()).outcome().await;
    outcome.expect("the run has an outcome")
}

fn ids(outcome: &RunOutcome) -> Vec<&str> {
    outcome
        .messages
        .iter()
        .map(|message| message.id.as_str())
        .collect()
}

/// A message with this run ID and time.
fn listed(id: &str, run_id: Option<&str>, created_at: i64) -> Value {
    let mut message = super::support::message(id, id);
    message["run_id"] = json!(run_id);
    message["created_at"] = created_at.into();
    message
}

/// A step that created this message.
fn step(message_id: &str) -> Value {
    json!({
        "id": "step_1", "run_id": "run_1", "thread_id": "thread_1", "assistant_id": "asst_1",
        "created_at": 0, "type": "message_creation", "status": "completed",
        "step_details": {
            "type": "message_creation", "message_creation": { "message_id": message_id },
        },
    })
}

const ZERO: &str = "00000000-0000-0000-0000-000000000000";

#[tokio::test]
async fn a_server_without_a_route_for_steps_has_an_outcome() {
    for status in [404, 405, 501] {
        let missing = response(status, "", r#"{"detail":"Not here"}"#);
        let outcome = fetched(&[super::support::message("msg_1", "4")], &[missing]).await;
        assert_eq!(outcome.text(), "4");
        assert!(outcome.steps.is_empty());
        let reason = outcome.steps_unavailable.expect("a reason");
        assert!(reason.contains("listRunSteps failed"), "{reason}");
        assert!(reason.contains(&status.to_string()), "{reason}");
    }
    let outcome = fetched(&[], &[list(&[])]).await;
    assert_eq!(outcome.steps_unavailable, None);
}

#[tokio::test]
async fn a_stream_whose_outcome_was_fetched_has_the_reason_for_missing_steps() {
    for streams in [false, true] {
        let responses = [
            response(502, "", ""),
            json_response(&run("completed")),
            list(&[super::support::message("msg_1", "4")]),
            response(404, "", r#"{"detail":"Not here"}"#),
        ];
        let server = ScriptedServer::start(responses).await;
        let outcome = outcome_of(follow_submission(&server.client()), streams).await;
        let outcome = outcome.expect("the run has an outcome");
        assert_eq!((&*outcome.text(), outcome.steps.len()), ("4", 0));
        let reason = outcome.steps_unavailable.expect("a reason");
        assert!(reason.contains("listRunSteps failed: 404"), "{reason}");
    }
}

#[tokio::test]
async fn listed_items_that_cannot_be_deserialized_are_errors_beside_the_outcome() {
    let anonymous = |text: &str| {
        let mut message = super::support::message("", text);
        message.as_object_mut().unwrap().remove("id");
        message
    };
    let messages = [
        anonymous("lost"),
        super::support::message("msg_1", "4"),
        anonymous("too"),
    ];
    let steps = list(&[json!({ "type": "tool_calls" }), step("msg_1")]);
    let outcome = fetched(&messages, &[steps]).await;
    assert_eq!(
        (ids(&outcome), outcome.text()),
        (vec!["msg_1"], "4".to_owned())
    );
    assert_eq!(outcome.steps.len(), 1);
    let errors = outcome.decode_errors.iter();
    let errors: Vec<_> = errors
        .map(|error| {
            assert!(error.is_decode());
            (error.operation().unwrap(), error.body().unwrap().to_owned())
        })
        .collect();
    let [first, _, last] = messages.map(|message| message.to_string());
    let step = r#"{"type":"tool_calls"}"#.to_owned();
    assert_eq!(
        errors,
        [
            ("listMessages", first),
            ("listMessages", last),
            ("listRunSteps", step)
        ]
    );
    let text = outcome.decode_errors[1].to_string();
    assert!(text.contains("data[2]") && text.contains("`id`"), "{text}");
    let copy = outcome.decode_errors[1].clone();
    assert_eq!(copy.to_string(), text);
}

#[tokio::test]
async fn a_page_that_cannot_be_deserialized_is_an_error() {
    let responses = [json_response(&run("completed")), response(200, "", "[]")];
    let server = ScriptedServer::start(responses).await;
    let error = follow(&server.client()).outcome().await;
    assert!(error.expect_err("it is not a page").is_decode());
}

#[tokio::test]
async fn other_failures_of_the_steps_are_errors() {
    let responses = [
        json_response(&run("completed")),
        list(&[]),
        response(403, "", ""),
    ];
    let server = ScriptedServer::start(responses).await;
    let error = follow(&server.client()).outcome().await;
    assert!(error.expect_err("access is denied").is_permission_denied());
}

#[tokio::test]
async fn messages_with_another_run_id_belong_to_the_run_whose_steps_name_them() {
    for run_id in [Some(ZERO), Some("other"), None] {
        let messages = [
            listed("msg_1", Some(ZERO), 20),
            listed("msg_2", run_id, 20),
            listed("msg_3", Some("run_0"), 20),
        ];
        let outcome = fetched(&messages, &[list(&[step("msg_2")])]).await;
        assert_eq!(ids(&outcome), ["msg_2"], "{run_id:?}");
        assert_eq!(outcome.text(), "msg_2");
    }
}

#[tokio::test]
async fn messages_without_a_run_id_belong_to_the_run_since_its_creation() {
    for run_id in [Some(ZERO), Some(""), None] {
        let mut question = listed("msg_3", run_id, 15);
        question["role"] = "user".into();
        let messages = [
            listed("msg_1", run_id, 9),
            listed("msg_2", Some("run_0"), 20),
            question,
            listed("msg_4", run_id, 10),
        ];
        let missing = response(404, "", "");
        let outcome = fetched(&messages, &[missing]).await;
        assert_eq!(ids(&outcome), ["msg_4"], "{run_id:?}");
    }
}

#[tokio::test]
async fn messages_with_the_run_id_leave_no_room_for_others() {
    let messages = [
        listed("msg_1", None, 20),
        listed("msg_2", Some("run_1"), 20),
    ];
    let outcome = fetched(&messages, &[list(&[])]).await;
    assert_eq!(ids(&outcome), ["msg_2"]);
}

#[cfg(feature = "tools")]
#[tokio::test]
async fn text_and_parse_use_the_same_message() {
    use openai_assistants::Parsed;

    use super::support::{completed, text_delta};
    use crate::support::event_stream;

    // Only deltas of the message arrive.
    let events = [
        text_delta("msg_1", "[1,"),
        text_delta("msg_1", "2]"),
        completed(),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let stream = follow(&server.client()).stream().await.unwrap();
    let outcome = stream.finish().await.unwrap();
    assert_eq!(outcome.text(), "[1,2]");
    assert_eq!(
        outcome.parse::<Vec<i64>>().unwrap(),
        Parsed::Value(vec![1, 2])
    );

    // The message has the run ID of nothing.
    let messages = [super::support::message("msg_1", "[3]")];
    let mut outcome = fetched(&messages, &[list(&[])]).await;
    outcome.messages[0].run_id = Some(ZERO.to_owned());
    assert_eq!(outcome.text(), "[3]");
    assert_eq!(outcome.parse::<Vec<i64>>().unwrap(), Parsed::Value(vec![3]));
}

#[tokio::test]
async fn only_a_completed_run_is_completed() {
    for (status, property, value, code, message) in [
        (
            "failed",
            "last_error",
            json!({ "code": "rate_limit_exceeded", "message": "Slow down." }),
            Some("rate_limit_exceeded"),
            "the run is `failed`: Slow down.",
        ),
        (
            "incomplete",
            "incomplete_details",
            json!({ "reason": "max_completion_tokens" }),
            None,
            "the run is `incomplete`: max_completion_tokens",
        ),
        (
            "cancelled",
            "model",
            json!("m"),
            None,
            "the run is `cancelled`",
        ),
        (
            "expired",
            "last_error",
            json!(null),
            None,
            "the run is `expired`",
        ),
        (
            "requires_action",
            "model",
            json!("m"),
            None,
            "the run is `requires_action`; it waits for you: pass `.tools(&tools)` to `follow()`, or \
             submit outputs",
        ),
    ] {
        for streams in [false, true] {
            let mut run = run(status);
            run[property] = value.clone();
            let server = ScriptedServer::start([reply(&run, streams), list(&[])]).await;
            let outcome = outcome_of(follow(&server.client()), streams).await.unwrap();
            let error = outcome.into_completed().expect_err("it is not completed");
            assert!(error.is_run_not_completed());
            assert_eq!((error.message(), error.code()), (message, code));
            assert_eq!(
                (error.thread_id(), error.run_id()),
                (Some("thread_1"), Some("run_1"))
            );
        }
    }
    let outcome = fetched(&[], &[list(&[])]).await;
    let completed = outcome.clone().into_completed().unwrap();
    assert_eq!(format!("{completed:?}"), format!("{outcome:?}"));
}

#[test]
fn a_run_is_terminal_or_active() {
    for (status, is_terminal) in [
        ("queued", false),
        ("in_progress", false),
        ("requires_action", false),
        ("cancelling", false),
        ("pondering", false),
        ("completed", true),
        ("incomplete", true),
        ("failed", true),
        ("cancelled", true),
        ("expired", true),
    ] {
        let status: RunStatus = serde_json::from_value(json!(status)).unwrap();
        assert_eq!(status.is_terminal(), is_terminal, "{status}");
        assert_eq!(status.is_active(), !is_terminal, "{status}");
    }
}
