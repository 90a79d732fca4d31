//! Tool calls, and the content of spans.

use openai_assistants::types::{CreateMessageRequest, CreateRunRequest, MessageRole};
use openai_assistants::{Client, Follow, ToolContext, ToolSet, operations::CreateRun};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Spans, assert_fields};
use crate::runs::support::{list, message, outcome, reply};
use crate::support::{
    DONE, ManualClock, ScriptedServer, event, event_stream, json_response, run, run_event,
    run_requiring,
};

#[derive(Deserialize, JsonSchema)]
struct Look {
    secret: String,
}

fn tools() -> ToolSet {
    let look = async |look: Look| match look.secret.as_str() {
        "secret-fault" => Err("secret-error"),
        _ => Ok("secret-result"),
    };
    let tools = ToolSet::builder().function(look);
    tools.build().expect("the tool is valid")
}

/// Follows a run with a message that calls a tool twice, once in vain.
fn follow(client: &Client) -> Follow<CreateRun> {
    let message = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("secret-question");
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .instructions("secret-instructions")
        .additional_messages([message]);
    let create = client.create_run().thread_id("thread_1").body(body);
    create.follow().tools(&tools())
}

/// A server that calls for two outputs, and then completes with a message.
async fn server(streams: bool) -> ScriptedServer {
    let calls = run_requiring(&[
        ("call_1", "look", r#"{"secret":"secret-argument"}"#),
        ("call_2", "look", r#"{"secret":"secret-fault"}"#),
    ]);
    let mut completed = run("completed");
    completed["instructions"] = "secret-instructions".into();
    let message = message("msg_1", "secret-answer");
    let replies = match streams {
        true => {
            let message = event("thread.message.completed", &message);
            let events = format!("{message}{}{DONE}", run_event(&completed));
            vec![reply(&calls, true), event_stream(&events)]
        }
        false => vec![
            json_response(&calls),
            json_response(&completed),
            list(&[message]),
            list(&[]),
        ],
    };
    ScriptedServer::start(replies).await
}

#[tokio::test]
async fn each_tool_call_has_a_span_in_its_run() {
    for streams in [false, true] {
        let (spans, _guard) = Spans::collect();
        let server = server(streams).await;
        outcome(follow(&server.client()), streams).await.unwrap();
        let tree = spans.tree();
        let names: Vec<_> = tree.iter().filter(|name| !name.contains(" /")).collect();
        let expected = [
            "invoke_agent",
            "  createRun",
            "  execute_tool look",
            "  execute_tool look",
            "  submitToolOuputsToRun",
        ];
        assert_eq!(names[..5], expected);
        let calls = spans.named("execute_tool");
        let common = [
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", "look"),
            ("gen_ai.tool.type", "function"),
            ("otel.name", "execute_tool look"),
        ];
        assert_eq!(calls[0].level, "INFO");
        let first = [("gen_ai.tool.call.id", "call_1")];
        assert_fields(&calls[0], &[&common[..], &first].concat());
        let second = [
            ("gen_ai.tool.call.id", "call_2"),
            ("otel.status_code", "ERROR"),
            ("error.type", "failed"),
        ];
        assert_fields(&calls[1], &[&common[..], &second].concat());
        assert!(!spans.text().contains("secret"), "{}", spans.text());
    }
}

#[tokio::test]
async fn content_is_recorded_on_request() {
    for streams in [false, true] {
        let (spans, _guard) = Spans::collect();
        let server = server(streams).await;
        let client = server.builder(&ManualClock::default()).record_content(true);
        outcome(follow(&client.build().unwrap()), streams)
            .await
            .unwrap();

        let calls = spans.named("execute_tool");
        let arguments = r#"{"secret":"secret-argument"}"#;
        assert_eq!(calls[0].field("gen_ai.tool.call.arguments"), arguments);
        assert_eq!(calls[0].field("gen_ai.tool.call.result"), "secret-result");
        assert_eq!(calls[1].field("gen_ai.tool.call.result"), "");

        let input = json!([{
            "role": "user", "parts": [{ "type": "text", "content": "secret-question" }],
        }]);
        let output = json!([{
            "role": "assistant", "parts": [{ "type": "text", "content": "secret-answer" }],
        }]);
        let all = spans.all();
        let json =
            |index: usize, field| serde_json::from_str::<Value>(all[index].field(field)).unwrap();
        assert_eq!(json(0, "gen_ai.input.messages"), input);
        assert_eq!(json(0, "gen_ai.output.messages"), output);
        assert_eq!(json(1, "gen_ai.input.messages"), input);
        for field in all.iter().flat_map(|span| span.fields.keys()) {
            let guide = include_str!("../../../docs/tracing.md");
            assert!(
                guide.contains(&format!("`{field}`")),
                "the guide lacks `{field}`"
            );
        }
    }
}

#[tokio::test]
async fn all_messages_of_a_request_are_recorded() {
    let (spans, _guard) = Spans::collect();
    let server =
        ScriptedServer::start([json_response(&json!({ "id": "1", "thread_id": "t" }))]).await;
    let client = server.builder(&ManualClock::default()).record_content(true);
    let client = client.build().unwrap();
    let image = json!({ "type": "image_file", "image_file": { "file_id": "file_1" } });
    let content = json!([{ "type": "text", "text": "What is this?" }, image]);
    let message = json!({ "role": "user", "content": content });
    let thread = json!({ "messages": [message, message] });
    for (path, body, count) in [
        ("/threads/thread_1/messages", &message, 1),
        ("/threads", &thread, 2),
        (
            "/threads/runs",
            &json!({ "assistant_id": "a", "thread": thread }),
            2,
        ),
        ("/threads/thread_1", &json!({ "metadata": {} }), 0),
    ] {
        let request = client.request(openai_assistants::Method::POST, path);
        request.json(body).send::<Value>().await.unwrap();
        let call = spans.named("call").pop().unwrap();
        let recorded = match call.field("gen_ai.input.messages") {
            "" => json!([]),
            messages => serde_json::from_str(messages).unwrap(),
        };
        let part = json!({ "type": "text", "content": "What is this?" });
        let expected = json!({ "role": "user", "parts": [part, image] });
        assert_eq!(recorded, Value::from(vec![expected; count]), "{path}");
    }
}

#[tokio::test]
async fn a_tool_that_is_called_by_hand_has_a_span() {
    let (spans, _guard) = Spans::collect();
    let context = ToolContext::new("thread_1", "run_1", "call_1");
    let arguments = r#"{"secret":"secret-argument"}"#;
    tools()
        .call("look", arguments, context.clone())
        .await
        .unwrap();
    tools().call("find", arguments, context).await.unwrap_err();
    let calls = spans.named("execute_tool");
    assert_eq!(calls[0].field("gen_ai.tool.call.id"), "call_1");
    assert_eq!(calls[1].field("error.type"), "unknown_tool");
    assert_eq!(calls[1].field("gen_ai.tool.name"), "find");
    assert!(!spans.text().contains("secret"), "{}", spans.text());
}

#[tokio::test]
async fn the_name_of_an_unknown_tool_names_no_span() {
    let (spans, _guard) = Spans::collect();
    let name = format!("x\n2026-01-01 INFO forged\x1b[2J{}", "y".repeat(9_999));
    let context = ToolContext::new("thread_1", "run_1", "call_1");
    tools().call(&name, "{}", context).await.unwrap_err();
    let call = &spans.named("execute_tool")[0];
    assert_eq!(call.field("otel.name"), "execute_tool");
    let recorded = call.field("gen_ai.tool.name");
    assert!(
        recorded.starts_with("x\n2026") && recorded.contains('…'),
        "{recorded}"
    );
    assert_eq!(recorded.chars().count(), 601);
}
