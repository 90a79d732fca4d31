//! Properties of a body beyond the document.

use openai_assistants::types::{CreateRunRequest, ModifyAssistantRequest};
use openai_assistants::{Client, ONCE_KEY};
use serde_json::{Value, json};

use crate::support::{DONE, ScriptedServer, event_stream, json_response, response, run, run_event};

fn assistant() -> Value {
    json!({ "id": "asst_1", "object": "assistant", "created_at": 1, "model": "m", "tools": [] })
}

/// The body of a request.
fn body(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("it has a body");
    serde_json::from_str(body).expect("it is JSON")
}

fn create_run(client: &Client) -> openai_assistants::operations::CreateRun {
    let body = CreateRunRequest::builder().assistant_id("asst_1");
    client.create_run().thread_id("thread_1").body(body)
}

#[tokio::test]
async fn objects_are_merged_deeply_and_null_is_sent() {
    let server = ScriptedServer::start([json_response(&assistant())]).await;
    let client = server.client();
    let request = ModifyAssistantRequest::builder()
        .name("Ada")
        .description("Old.")
        .metadata([("a", "1"), ("b", "2")]);
    let call = client
        .modify_assistant()
        .assistant_id("asst_1")
        .body(request);
    call.extra_body(json!({ "description": null, "metadata": { "b": "3" } }))
        .extra_body(json!({ "metadata": { "c": null }, "vendor": { "pool": ["x"] } }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        body(&server.requests()[0]),
        json!({
            "name": "Ada", "description": null, "metadata": { "a": "1", "b": "3", "c": null },
            "vendor": { "pool": ["x"] },
        })
    );
}

#[tokio::test]
async fn a_body_that_is_optional_may_consist_of_extra_properties() {
    let server = ScriptedServer::start([json_response(&json!({ "id": "thread_1" }))]).await;
    let call = server.client().create_thread();
    call.extra_body(json!({ "region": "eu" }))
        .send()
        .await
        .unwrap();
    assert_eq!(body(&server.requests()[0]), json!({ "region": "eu" }));
}

#[tokio::test]
async fn the_method_decides_whether_the_response_is_a_stream() {
    let events = format!("{}{DONE}", run_event(&run("completed")));
    let server = ScriptedServer::start([event_stream(&events)]).await;
    let call = create_run(&server.client()).extra_body(json!({ "stream": false, "x": 1 }));
    let mut events = call.stream().await.unwrap();
    while events.try_next().await.unwrap().is_some() {}
    assert_eq!(
        body(&server.requests()[0]),
        json!({ "assistant_id": "asst_1", "stream": true, "x": 1 })
    );
}

#[tokio::test]
async fn retries_send_the_same_body() {
    let responses = [response(503, "", ""), json_response(&run("queued"))];
    let server = ScriptedServer::start(responses).await;
    let call = create_run(&server.client()).extra_body(json!({ "x": { "y": 1 } }));
    call.send().await.unwrap();
    let requests = server.requests();
    assert_eq!(body(&requests[0])["x"], json!({ "y": 1 }));
    assert_eq!(body(&requests[0]), body(&requests[1]));
}

#[tokio::test]
async fn a_marker_is_added_to_extra_metadata() {
    let server = ScriptedServer::start([json_response(&run("queued"))]).await;
    let call = create_run(&server.client()).extra_body(json!({ "metadata": { "a": "1" } }));
    call.once().send().await.unwrap();
    let metadata = &body(&server.requests()[0])["metadata"];
    assert_eq!(metadata["a"], "1");
    assert!(metadata[ONCE_KEY].is_string(), "{metadata}");
}

#[cfg(feature = "tools")]
#[tokio::test]
async fn the_tool_outputs_of_a_followed_run_do_not_repeat_it() {
    let mut waiting = run("requires_action");
    waiting["required_action"] = json!({ "type": "submit_tool_outputs", "submit_tool_outputs": {
        "tool_calls": [{ "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{}" } }],
    } });
    let responses = [json_response(&waiting), json_response(&run("completed"))];
    let server = ScriptedServer::start(responses).await;
    let tools = openai_assistants::ToolSet::builder().build().unwrap();
    let call = create_run(&server.client()).extra_body(json!({ "x": 1 }));
    call.follow().tools(&tools).wait().await.unwrap();
    let requests = server.requests();
    assert_eq!(body(&requests[0])["x"], 1);
    assert!(
        requests[1].contains("/submit_tool_outputs"),
        "{}",
        requests[1]
    );
    assert_eq!(body(&requests[1])["x"], Value::Null);
}

#[tokio::test]
async fn what_is_not_an_object_is_an_error_before_anything_is_sent() {
    let server = ScriptedServer::start([json_response(&assistant())]).await;
    for extra in [json!([1]), json!("x"), json!(null)] {
        let call = create_run(&server.client()).extra_body(extra);
        let error = call.send().await.expect_err("it is not an object");
        assert!(error.is_invalid_argument(), "{error}");
        assert!(
            error
                .to_string()
                .contains("`extra_body`: it is not an object"),
            "{error}"
        );
    }
    assert!(server.requests().is_empty());
}
