//! What models are told, and what they can say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants::ToolSet;
use openai_assistants::types::{CreateAssistantRequest, CreateThreadAndRunRequest};
use openai_assistants_fake::{Conversation, Echo, Script, SkippingClock, Turn};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{again, conversation, fake, post, run, serve, text};

#[tokio::test]
async fn each_thread_starts_the_script_at_its_top() {
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
        again(&server, &run).await;
        let list = crate::get(&server, &format!("/threads/{thread}/messages")).await;
        assert_eq!(list["data"][0]["content"][0]["text"]["value"], expected);
    }
    let late = run(&server, &first, &assistant).await;
    let late = again(&server, &late).await;
    assert_eq!(late["status"], "failed");
    assert_eq!(
        late["last_error"]["message"],
        "The script has 2 turns, and this is turn 3."
    );
}

#[tokio::test]
async fn a_script_can_start_again() {
    let server = serve(Script::new().say("One").say("Two").repeat()).await;
    let (assistant, thread) = conversation(&server).await;
    for expected in ["One", "Two", "One"] {
        let run = run(&server, &thread, &assistant).await;
        assert_eq!(again(&server, &run).await["status"], "completed");
        let list = crate::get(&server, &format!("/threads/{thread}/messages")).await;
        assert_eq!(list["data"][0]["content"][0]["text"]["value"], expected);
    }
}

#[tokio::test]
async fn a_script_can_be_a_document() {
    let script: Script = r#"{
        "repeat": true,
        "turns": [
            { "search": [{ "file_id": "file-1", "file_name": "a.pdf", "text": "t" }], "code": { "input": "1", "logs": "" },
              "say": ["See ", "[1]"], "cite": [{ "text": "[1]", "file_id": "file-1" }], "tokens": { "prompt": 3, "completion": 4 } },
            { "refuse": "No.", "incomplete": "max_completion_tokens" },
            { "fail": { "code": "rate_limit_exceeded", "message": "Slower." } },
            { "calls": [{ "name": "f", "arguments": {} }] }
        ]
    }"#.parse().expect("it is a script");
    let server = serve(script).await;
    let (assistant, thread) = conversation(&server).await;
    let mut ends = Vec::new();
    for _ in 0..4 {
        let run = run(&server, &thread, &assistant).await;
        let run = again(&server, &run).await;
        ends.push((text(&run["status"]), run["usage"]["total_tokens"].clone()));
    }
    assert_eq!(ends[0], ("completed".to_owned(), json!(7)));
    let states: Vec<&str> = ends.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(
        states,
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
        .expect("it is a script");
    let clock = SkippingClock::default();
    let fake = fake(&clock).model(script);
    let server = fake.start().await.expect("there is a free port");
    let (assistant, thread) = conversation(&server).await;
    let run = run(&server, &thread, &assistant).await;
    clock.skip(Duration::from_millis(1499));
    assert_eq!(again(&server, &run).await["status"], "in_progress");
    clock.skip(Duration::from_millis(1));
    assert_eq!(again(&server, &run).await["status"], "completed");
    let path = format!("/threads/{thread}/messages?order=asc");
    let messages = crate::get(&server, &path).await;
    let cited = &messages["data"][1]["content"][0]["text"]["annotations"];
    let cited = |at: usize| (cited[at]["type"].clone(), cited[at]["start_index"].clone());
    assert_eq!(cited(0), (json!("file_citation"), json!(4)));
    assert_eq!(cited(1), (json!("file_path"), json!(12)));
    assert_eq!(messages["data"][2]["content"][0]["refusal"], "No more.");
}

#[test]
fn a_document_that_is_no_script_says_where() {
    for (document, place) in [
        (r#"{ "turns": [{ "sya": "Hello" }] }"#, "sya"),
        (
            r#"{ "turns": [{ "fail": { "code": "bad_luck", "message": "" } }] }"#,
            "bad_luck",
        ),
        (
            r#"{ "turns": [{ "say": 5 }] }"#,
            "a text or a list of texts at line 1",
        ),
        ("{", "line 1"),
    ] {
        let error = document
            .parse::<Script>()
            .expect_err("it is none")
            .to_string();
        assert!(error.contains(place), "{error}");
    }
}

#[tokio::test]
async fn the_echo_calls_what_it_has_to() {
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
    let run = again(&server, &run).await;
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
    assert_eq!(again(&server, &run).await["status"], "completed");
}

#[tokio::test]
async fn a_model_is_told_the_conversation() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = told.clone();
    let server = serve(move |conversation: &Conversation| {
        keep.lock().unwrap().push(conversation.clone());
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
    let run = again(&server, &run).await;
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
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 2);
    let first = &told[0];
    assert_eq!(
        (first.model.as_str(), first.instructions.as_str()),
        ("other", "Be brief.")
    );
    assert_eq!(
        (first.messages.len(), first.last_text(), first.turns),
        (1, "Now?", 0)
    );
    let output = &told[1].outputs[0];
    assert_eq!(
        (
            output.name.as_str(),
            output.arguments.as_str(),
            output.output.as_str()
        ),
        ("f", r#"{"a":1}"#, "7")
    );
    assert_eq!(
        (told[1].turns, Value::from(told[1].run_id.as_str())),
        (1, run["id"].clone())
    );
}

#[tokio::test]
async fn a_model_that_panics_fails_its_run() {
    let server = serve(|_: &Conversation| -> Turn { panic!("this is a test") }).await;
    let (assistant, thread) = conversation(&server).await;
    let run = run(&server, &thread, &assistant).await;
    let run = again(&server, &run).await;
    assert_eq!(run["status"], "failed");
    assert_eq!(run["last_error"]["code"], "server_error");
}

/// Tells the weather in a city.
#[derive(Deserialize, JsonSchema)]
struct GetWeather {
    city: String,
}

#[tokio::test]
async fn the_client_goes_through_all_rounds_polled_and_streamed() {
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
        .expect("the tools are good");
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
        let hello = hello.expect("the run ends");
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
        let outcome = outcome.expect("the run ends");
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
