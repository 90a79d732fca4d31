//! Scripts, the echo and custom models.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::ToolSet;
use openai_assistants::types::{CreateAssistantRequest, CreateThreadAndRunRequest};
use openai_assistants_fake::{Conversation, Echo, Script, SkippingClock, Turn};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fake_client::FakeClient;
use crate::{conversation, fake, fetch_run, post, run, serve, text};

#[tokio::test]
async fn each_thread_starts_at_the_first_turn_of_the_script() {
    let server = serve(Script::new().say("One").say("Two")).await;
    let (assistant, first) = conversation(&server).await;
    let (_, second) = conversation(&server).await;
    for (thread, expected) in [
        (&first, "One"),
        (&second, "One"),
        (&first, "Two"),
        (&second, "Two"),
    ] {
        let run = run(&server, thread, &assistant).await;
        fetch_run(&server, &run).await;
        let list = crate::get(&server, &format!("/threads/{thread}/messages")).await;
        assert_eq!(list["data"][0]["content"][0]["text"]["value"], expected);
    }
    let exhausted = run(&server, &first, &assistant).await;
    let exhausted = fetch_run(&server, &exhausted).await;
    assert_eq!(exhausted["status"], "failed");
    assert_eq!(
        exhausted["last_error"]["message"],
        "The script has 2 turns, and turn 3 was requested."
    );
}

#[tokio::test]
async fn a_script_can_repeat() {
    let server = serve(Script::new().say("One").say("Two").repeat()).await;
    let (assistant, thread) = conversation(&server).await;
    for expected in ["One", "Two", "One"] {
        let run = run(&server, &thread, &assistant).await;
        assert_eq!(fetch_run(&server, &run).await["status"], "completed");
        let list = crate::get(&server, &format!("/threads/{thread}/messages")).await;
        assert_eq!(list["data"][0]["content"][0]["text"]["value"], expected);
    }
}

#[tokio::test]
async fn a_script_can_be_parsed_from_json() {
    let script: Script = r#"{
        "repeat": true,
        "turns": [
            { "search": [{ "file_id": "file-1", "file_name": "a.pdf", "text": "t" }], "code": { "input": "1", "logs": "" },
              "say": ["See ", "[1]"], "cite": [{ "text": "[1]", "file_id": "file-1" }], "tokens": { "prompt": 3, "completion": 4 } },
            { "refuse": "No.", "incomplete": "max_completion_tokens" },
            { "fail": { "code": "rate_limit_exceeded", "message": "Slower." } },
            { "calls": [{ "name": "f", "arguments": {} }] }
        ]
    }"#.parse().expect("the script is valid");
    let server = serve(script).await;
    let (assistant, thread) = conversation(&server).await;
    let mut outcomes = Vec::new();
    for _ in 0..4 {
        let run = run(&server, &thread, &assistant).await;
        let run = fetch_run(&server, &run).await;
        outcomes.push((text(&run["status"]), run["usage"]["total_tokens"].clone()));
    }
    assert_eq!(outcomes[0], ("completed".to_owned(), json!(7)));
    let statuses: Vec<&str> = outcomes.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(
        statuses,
        ["completed", "incomplete", "failed", "requires_action"]
    );
}

#[tokio::test]
async fn a_script_can_wait_cite_and_refuse() {
    let script: Script = r#"{ "turns": [{
        "wait_ms": 1500, "say": "See [1] and /a.csv",
        "cite": [{ "text": "[1]", "file_id": "file-1" }],
        "path": [{ "text": "/a.csv", "file_id": "file-2" }],
        "refuse": "No more."
    }] }"#
        .parse()
        .expect("the script is valid");
    let clock = SkippingClock::default();
    let fake = fake(&clock).model(script);
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let run = run(&server, &thread, &assistant).await;
    clock.skip(Duration::from_millis(1499));
    assert_eq!(fetch_run(&server, &run).await["status"], "in_progress");
    clock.skip(Duration::from_millis(1));
    assert_eq!(fetch_run(&server, &run).await["status"], "completed");
    let path = format!("/threads/{thread}/messages?order=asc");
    let messages = crate::get(&server, &path).await;
    let cited = &messages["data"][1]["content"][0]["text"]["annotations"];
    let cited = |at: usize| (cited[at]["type"].clone(), cited[at]["start_index"].clone());
    assert_eq!(cited(0), (json!("file_citation"), json!(4)));
    assert_eq!(cited(1), (json!("file_path"), json!(12)));
    assert_eq!(messages["data"][2]["content"][0]["refusal"], "No more.");
}

#[test]
fn an_invalid_script_reports_the_position() {
    for (document, expected) in [
        (r#"{ "turns": [{ "sya": "Hello" }] }"#, "sya"),
        (
            r#"{ "turns": [{ "fail": { "code": "bad_luck", "message": "" } }] }"#,
            "bad_luck",
        ),
        (
            r#"{ "turns": [{ "say": 5 }] }"#,
            "a string or a list of strings at line 1",
        ),
        ("{", "line 1"),
    ] {
        let error = document
            .parse::<Script>()
            .expect_err("the script is invalid")
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn the_echo_calls_the_required_function() {
    let server = serve(Echo).await;
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let tools = json!([{ "type": "function", "function": { "name": "get_weather", "parameters": parameters } }]);
    let assistant = post(
        &server,
        "/assistants",
        json!({ "model": "m", "tools": tools }),
    )
    .await;
    let (_, thread) = conversation(&server).await;
    let runs = format!("/threads/{thread}/runs");
    let run = post(
        &server,
        &runs,
        json!({ "assistant_id": assistant["id"], "tool_choice": "required" }),
    )
    .await;
    let run = fetch_run(&server, &run).await;
    let call = &run["required_action"]["submit_tool_outputs"]["tool_calls"][0];
    assert_eq!(
        call["function"],
        json!({ "name": "get_weather", "arguments": r#"{"city":"string"}"# })
    );
    let outputs = json!([{ "tool_call_id": call["id"], "output": "12" }]);
    post(
        &server,
        &format!("{}/submit_tool_outputs", crate::path(&run)),
        json!({ "tool_outputs": outputs }),
    )
    .await;
    assert_eq!(fetch_run(&server, &run).await["status"], "completed");
}

#[tokio::test]
async fn a_model_receives_the_conversation() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let sink = received.clone();
    let server = serve(move |conversation: &Conversation| {
        sink.lock().unwrap().push(conversation.clone());
        if conversation.outputs.is_empty() {
            Turn::new().calls([("f", json!({ "a": 1 }))])
        } else {
            Turn::new().say(format!("It is {}", conversation.outputs[0].output))
        }
    })
    .await;
    let (assistant, thread) = conversation(&server).await;
    let body = json!({
        "assistant_id": assistant, "instructions": "Be brief.", "model": "other",
        "additional_messages": [{ "role": "user", "content": "Now?" }],
        "truncation_strategy": { "type": "last_messages", "last_messages": 1 },
    });
    let run = post(&server, &format!("/threads/{thread}/runs"), body).await;
    let run = fetch_run(&server, &run).await;
    let call = &run["required_action"]["submit_tool_outputs"]["tool_calls"][0];
    let outputs = json!([{ "tool_call_id": call["id"], "output": "7" }]);
    post(
        &server,
        &format!("{}/submit_tool_outputs", crate::path(&run)),
        json!({ "tool_outputs": outputs }),
    )
    .await;
    let list = crate::get(&server, &format!("/threads/{thread}/messages")).await;
    assert_eq!(list["data"][0]["content"][0]["text"]["value"], "It is 7");
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 2);
    let first = &received[0];
    assert_eq!(
        (first.model.as_str(), first.instructions.as_str()),
        ("other", "Be brief.")
    );
    assert_eq!(
        (first.messages.len(), first.last_text(), first.turns),
        (1, "Now?", 0)
    );
    let output = &received[1].outputs[0];
    assert_eq!(
        (
            output.name.as_str(),
            output.arguments.as_str(),
            output.output.as_str()
        ),
        ("f", r#"{"a":1}"#, "7")
    );
    assert_eq!(
        (received[1].turns, Value::from(received[1].run_id.as_str())),
        (1, run["id"].clone())
    );
}

#[tokio::test]
async fn a_model_that_panics_fails_its_run() {
    let server = serve(|_: &Conversation| -> Turn { panic!("this is a test") }).await;
    let (assistant, thread) = conversation(&server).await;
    let run = run(&server, &thread, &assistant).await;
    let run = fetch_run(&server, &run).await;
    assert_eq!(run["status"], "failed");
    assert_eq!(run["last_error"]["code"], "server_error");
}

/// Returns the weather in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    city: String,
}

#[tokio::test]
async fn the_client_completes_all_tool_rounds_polled_and_streamed() {
    let script = Script::new()
        .say("Hello")
        .calls([
            ("get_weather", json!({ "city": "Oslo" })),
            ("get_weather", json!({ "city": "Rome" })),
        ])
        .call("get_weather", json!({ "city": "Bern" }))
        .say("Oslo is coldest");
    let server = serve(script).await;
    let client = server.client();
    let tools = ToolSet::builder()
        .function(|arguments: GetWeather| async move {
            Ok::<_, String>(format!("12 °C in {}", arguments.city))
        })
        .build()
        .expect("the tools are valid");
    let body = CreateAssistantRequest::builder()
        .model("gpt-4o")
        .tools(tools.definitions());
    let assistant = client
        .create_assistant()
        .body(body)
        .send()
        .await
        .expect("an assistant");
    for is_streamed in [false, true] {
        let body = CreateThreadAndRunRequest::builder().assistant_id(&assistant.id);
        let hello = client
            .create_thread_and_run()
            .body(body)
            .follow()
            .outcome()
            .await;
        let hello = hello.expect("the run completes");
        assert_eq!(hello.text(), "Hello");
        let body =
            openai_assistants::types::CreateRunRequest::builder().assistant_id(&assistant.id);
        let run = client
            .create_run()
            .thread_id(&hello.run.thread_id)
            .body(body)
            .follow()
            .tools(&tools);
        let outcome = if is_streamed {
            run.stream().await.expect("the stream opens").finish().await
        } else {
            run.outcome().await
        };
        let outcome = outcome.expect("the run completes");
        assert_eq!(
            (outcome.run.status.as_str(), outcome.text().as_str()),
            ("completed", "Oslo is coldest")
        );
        assert_eq!(outcome.steps.len(), 3);
        let first = json!(outcome.steps)[0]["step_details"]["tool_calls"].clone();
        assert_eq!(
            first[1]["function"]["output"],
            "\"12 °C in Rome\"".trim_matches('"')
        );
    }
}
