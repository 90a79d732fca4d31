//! Failed tool calls in a run: what the model receives, and what the caller receives.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::time::Duration;

use openai_assistants::{
    Error, OnToolFailure, Tool, ToolContext, ToolError, ToolErrorKind, ToolSet,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::support::{
    DivisionByZero, TOOL_TIMEOUT, Wait, aborting, divide, only, submitted_outputs, tools, wait,
};
use crate::support::{ManualClock, until};

/// The error that is reported to the model, and the error that the caller receives on abort.
async fn failure_of(name: &str, arguments: &str) -> (String, Error) {
    let calls = [("call_1", name, arguments)];
    let clock = ManualClock::default();
    clock.expire_timeouts_of(TOOL_TIMEOUT);
    let reported = submitted_outputs(&tools(), &calls, &clock, |follow| {
        follow.on_tool_failure(|_| OnToolFailure::ReportToModel)
    })
    .await;
    let outputs = reported.expect("the failure is reported");
    let aborted = submitted_outputs(&tools(), &calls, &clock, aborting).await;
    let error = aborted.expect_err("the failure aborts");
    assert_eq!(outputs.len(), 1);
    assert_eq!(outputs[0].0, "call_1");
    let output: BTreeMap<String, String> = serde_json::from_str(&outputs[0].1).unwrap();
    assert_eq!(output.len(), 1);
    (output["error"].clone(), error)
}

/// Checks the error of the caller, and returns the message for the model.
async fn check_failure(name: &str, arguments: &str, kind: ToolErrorKind) -> String {
    let (message, error) = failure_of(name, arguments).await;
    assert!(error.is_tool() && !error.is_retryable());
    assert_eq!(
        (error.thread_id(), error.run_id()),
        (Some("thread_1"), Some("run_1"))
    );
    assert!(error.to_string().contains(&message), "{error}");
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<ToolError>());
    let source = source.expect("a ToolError is the source");
    assert_eq!(source.kind(), kind);
    assert_eq!((source.tool(), source.call_id()), (name, "call_1"));
    assert_eq!(source.message(), message);
    let is_of_function = source
        .source()
        .is_some_and(|source| source.is::<DivisionByZero>());
    assert_eq!(is_of_function, kind == ToolErrorKind::Failed);
    message
}

#[tokio::test]
async fn invalid_arguments_are_explained_to_the_model() {
    let kind = ToolErrorKind::BadArguments;
    for (arguments, expected) in [
        (
            r#"{"a": 1, "b": "two"}"#,
            "the arguments do not match the parameters of the tool at `b`: invalid type: string \"two\", expected i64",
        ),
        (
            r#"{"a": 1}"#,
            "the arguments do not match the parameters of the tool: missing field `b`",
        ),
        (
            "[]",
            "the arguments do not match the parameters of the tool",
        ),
        (
            "",
            "the arguments do not match the parameters of the tool: missing field `a`",
        ),
        (r#"{"a": 1, "#, "the arguments are not valid JSON: EOF"),
        (
            "{a: 1}",
            "the arguments are not valid JSON: key must be a string",
        ),
    ] {
        let message = check_failure("divide", arguments, kind).await;
        assert!(message.starts_with(expected), "{message}");
    }
}

#[tokio::test]
async fn an_unknown_tool_is_answered_with_the_available_names() {
    let message = check_failure("multiply", "{}", ToolErrorKind::UnknownTool).await;
    assert!(message.contains("no tool `multiply`"), "{message}");
    assert!(message.contains("divide, wait"), "{message}");
}

#[tokio::test]
async fn the_error_of_a_function_is_reported_verbatim() {
    let message = check_failure("divide", r#"{"a": 1, "b": 0}"#, ToolErrorKind::Failed).await;
    assert_eq!(message, "b must not be 0");
}

#[tokio::test]
async fn a_tool_that_hangs_times_out() {
    let message = check_failure("wait", "{}", ToolErrorKind::TimedOut).await;
    assert!(message.contains("after 60s"), "{message}");
}

#[tokio::test]
async fn a_panic_is_reported_without_its_message() {
    let message = check_failure("divide", r#"{"a": -1, "b": 1}"#, ToolErrorKind::Panicked).await;
    assert!(!message.contains("secret"), "{message}");
}

#[tokio::test]
async fn a_panic_before_the_future_exists_is_caught_too() {
    fn fail(_: Wait) -> std::future::Ready<Result<(), Infallible>> {
        panic!("there is no future")
    }
    let tools = ToolSet::builder()
        .function(fail)
        .tool(Tool::function(divide))
        .build();
    let tools = tools.unwrap();
    let calls = [("1", "wait", "{}"), ("2", "divide", r#"{"a": 4, "b": 2}"#)];
    let outputs = submitted_outputs(&tools, &calls, &ManualClock::default(), |follow| {
        follow.tool_concurrency(1)
    })
    .await;
    let outputs = outputs.unwrap();
    assert!(outputs[0].1.contains("error"));
    assert_eq!(outputs[1].1, "2");
}

#[tokio::test]
async fn a_tool_has_its_own_time_out_or_that_of_the_run() {
    let own = Duration::from_secs(5);
    let tools = ToolSet::builder()
        .function(wait)
        .tool(Tool::function(wait).name("short").timeout(own))
        .build()
        .unwrap();
    let clock = ManualClock::default();
    clock.expire_timeouts_of(TOOL_TIMEOUT);
    let calls = [("1", "wait", "{}"), ("2", "short", "{}")];
    let outputs = submitted_outputs(&tools, &calls, &clock, |follow| follow.tool_concurrency(1));
    let expire_own = async {
        until(|| clock.timeouts().contains(&own)).await;
        clock.expire_timeouts_of(own);
    };
    let (outputs, ()) = tokio::join!(outputs, expire_own);
    let outputs = outputs.unwrap();
    assert!(
        outputs[0].1.contains("60s") && outputs[1].1.contains("5s"),
        "{outputs:?}"
    );
    let mut timeouts = clock.timeouts();
    // The others are those of the requests and of the run.
    timeouts.retain(|timeout| *timeout <= TOOL_TIMEOUT);
    assert_eq!(timeouts, [TOOL_TIMEOUT, own]);
}

#[tokio::test]
async fn the_caller_decides_by_the_error() {
    let bad = [("1", "divide", "{}")];
    let zero = [("1", "divide", r#"{"a": 1, "b": 0}"#)];
    for (calls, is_reported) in [(bad, true), (zero, false)] {
        let outputs = submitted_outputs(&tools(), &calls, &ManualClock::default(), |follow| {
            follow.on_tool_failure(|error| match error.kind() {
                ToolErrorKind::BadArguments => OnToolFailure::ReportToModel,
                _ => OnToolFailure::Abort,
            })
        })
        .await;
        assert_eq!(outputs.is_ok(), is_reported);
    }
}

#[tokio::test]
async fn an_abort_does_not_wait_for_the_other_calls() {
    let calls = [("1", "wait", "{}"), ("2", "divide", r#"{"a": 1, "b": 0}"#)];
    let outputs = submitted_outputs(&tools(), &calls, &ManualClock::default(), aborting).await;
    assert!(outputs.expect_err("one call fails").is_tool());
}

#[tokio::test]
async fn a_result_that_cannot_be_serialized_is_a_failure_of_the_tool() {
    let tools = only(Tool::function(|_: Wait| async {
        Ok::<_, Infallible>(BTreeMap::from([((1, 2), 3)]))
    }));
    let calls = [("1", "wait", "{}")];
    let outputs = submitted_outputs(&tools, &calls, &ManualClock::default(), aborting).await;
    assert!(
        outputs
            .unwrap_err()
            .to_string()
            .contains("key must be a string")
    );
}

#[tokio::test]
async fn huge_arguments_are_shortened_in_the_message_for_the_model() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the error matters")]
    struct Start {
        mode: Mode,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Mode {
        Fast,
        Slow,
    }
    let any = |_| async { Ok::<_, Infallible>(()) };
    let tools = ToolSet::builder()
        .function(|_: Start| async { Ok::<_, Infallible>(()) })
        .tool(Tool::dynamic("any", "", json!({"type": "object"}), any))
        .build()
        .unwrap();
    let huge = "é".repeat(100_000);
    let mode = format!(r#"{{"mode": "{huge}"}}"#);
    let key = format!(r#"{{"mode": {{"{huge}": [1, 2]}}}}"#);
    let brackets = "[".repeat(10_000);
    for (name, arguments, expected) in [
        ("start", &mode, "expected `fast` or `slow` at line 1"),
        ("start", &key, "the arguments do not match the parameters"),
        ("start", &brackets, "the arguments are not valid JSON"),
        ("any", &brackets, "recursion limit exceeded"),
        (&huge, &mode, "the available tools are: start, any"),
    ] {
        let calls = [("call_1", name, arguments.as_str())];
        let clock = ManualClock::default();
        let outputs = submitted_outputs(&tools, &calls, &clock, |follow| follow).await;
        let output = outputs.unwrap().remove(0).1;
        assert!(output.contains(expected), "{output}");
        assert!(output.chars().count() < 700, "{output}");
        let context = ToolContext::new("thread_1", "run_1", "call_1");
        let error = tools.call(name, arguments, context).await.unwrap_err();
        assert_eq!(error.tool(), name);
        assert!(error.to_string().chars().count() < 1_400, "{error}");
    }
}

#[tokio::test]
async fn an_empty_set_has_no_tools_to_name() {
    let tools = ToolSet::builder().build().unwrap();
    let context = ToolContext::new("thread_1", "run_1", "call_1");
    let error = tools.call("add", "{}", context).await.unwrap_err();
    let text = "there is no tool `add`; the set is empty";
    assert!(error.to_string().contains(text), "{error}");
}
