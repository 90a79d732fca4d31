//! The outputs of tool calls in a run.

use std::convert::Infallible;
use std::error::Error as StdError;

use openai_assistants::{Tool, ToolContext, ToolSet};
use serde::Serialize;
use serde_json::{Value, json};

use super::support::{Wait, only, output_of, submitted_outputs, tools};
use crate::support::ManualClock;

#[tokio::test]
async fn a_string_is_sent_unchanged_and_other_values_as_json() {
    #[derive(Serialize)]
    struct Weather {
        wind: Option<u8>,
        celsius: f64,
    }
    let tools = ToolSet::builder()
        .tool(
            Tool::function(|_: Wait| async { Ok::<_, Infallible>("12 °C \"or\" so") }).name("text"),
        )
        .tool(Tool::function(|_: Wait| async { Ok::<_, Infallible>(String::new()) }).name("empty"))
        .tool(
            Tool::function(|_: Wait| async {
                Ok::<_, Box<dyn StdError + Send + Sync>>(Weather {
                    wind: None,
                    celsius: 12.5,
                })
            })
            .name("json"),
        )
        .build()
        .unwrap();
    assert_eq!(output_of(&tools, "text", "{}").await, "12 °C \"or\" so");
    assert_eq!(output_of(&tools, "empty", "{}").await, "");
    assert_eq!(
        output_of(&tools, "json", "{}").await,
        r#"{"wind":null,"celsius":12.5}"#
    );
}

#[tokio::test]
async fn null_and_empty_arguments_count_as_missing() {
    let arguments = r#"{"a": 7, "b": 2, "rounded": null}"#;
    assert_eq!(output_of(&tools(), "divide", arguments).await, "3");
    let unit = Tool::function(|(): ()| async { Ok::<_, Infallible>(1) }).name("unit");
    let tools = only(unit);
    for arguments in ["{}", "", " ", "null"] {
        assert_eq!(
            output_of(&tools, "unit", arguments).await,
            "1",
            "{arguments:?}"
        );
    }
}

#[tokio::test]
async fn a_dynamic_tool_receives_the_arguments_unchanged() {
    let schema = json!({"type": "object"});
    let tool = Tool::dynamic("echo", "Echoes.", schema, |arguments: Value| async move {
        Ok::<_, Infallible>(arguments)
    });
    let output = output_of(&only(tool), "echo", r#"{"a": [1, null], "b": null}"#).await;
    assert_eq!(output, r#"{"a":[1,null],"b":null}"#);
}

#[tokio::test]
async fn a_tool_receives_the_ids_of_the_call() {
    let tool = Tool::with_context(|context: ToolContext, _: Wait| async move {
        let ids = [context.thread_id(), context.run_id(), context.call_id()];
        Ok::<_, Infallible>(ids.join(" "))
    });
    assert_eq!(
        output_of(&only(tool), "wait", "{}").await,
        "thread_1 run_1 call_1"
    );
}

#[tokio::test]
async fn of_two_calls_with_the_same_id_the_first_is_executed() {
    let calls = [
        ("1", "divide", r#"{"a": 4, "b": 2}"#),
        ("1", "divide", r#"{"a": 6, "b": 2}"#),
    ];
    let outputs = submitted_outputs(&tools(), &calls, &ManualClock::default(), |follow| {
        follow.tool_concurrency(2)
    })
    .await;
    assert_eq!(outputs.unwrap(), [("1".to_owned(), "2".to_owned())]);
}
