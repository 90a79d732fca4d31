//! `create_thread_and_run` with `once`: the thread first, then the run.

use openai_assistants::operations::CreateThreadAndRun;
use openai_assistants::types::{
    CreateMessageRequest, CreateThreadAndRunRequest, CreateThreadRequest, MessageRole, Metadata,
};
use openai_assistants::{Client, ONCE_KEY};
use serde_json::{Value, json};

use crate::support::{
    CLOSE, DONE, MARKER, ScriptedServer, event_stream, json_response, response, run, run_event,
};

const THREAD: &str = "POST /v1/threads";
const RUN: &str = "POST /v1/threads/thread_1/runs";
const LOOK_UP: &str = "GET /v1/threads/thread_1/runs?limit=100&order=desc";

fn create(client: &Client) -> CreateThreadAndRun {
    let message = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("Hi");
    let named = |name: &str| Metadata([("name".to_owned(), name.into())].into_iter().collect());
    let thread = CreateThreadRequest::builder()
        .messages([message])
        .metadata(named("thread"));
    let body = CreateThreadAndRunRequest::builder()
        .assistant_id("asst_1")
        .thread(thread)
        .metadata(named("run"));
    client.create_thread_and_run().body(body).once()
}

fn thread() -> String {
    json_response(&json!({ "id": "thread_1", "object": "thread", "created_at": 1 }))
}

fn found(mut run: Value) -> String {
    run["metadata"] = json!({ ONCE_KEY: MARKER });
    json_response(&json!({ "data": [run], "has_more": false }))
}

/// The JSON bodies of the requests.
fn bodies(server: &ScriptedServer) -> Vec<Value> {
    let requests = server.requests();
    let bodies = requests
        .iter()
        .map(|request| request.split_once("\r\n\r\n").unwrap().1);
    bodies
        .filter(|body| !body.is_empty())
        .map(|body| serde_json::from_str(body).unwrap())
        .collect()
}

#[tokio::test]
async fn the_thread_is_created_empty_and_the_run_adds_the_messages() {
    let server = ScriptedServer::start([thread(), json_response(&run("queued"))]).await;
    let response = create(&server.client()).send_response().await.unwrap();
    assert_eq!(response.attempts(), 2);
    assert_eq!(response.into_inner().id, "run_1");
    assert_eq!(server.request_lines(), [THREAD, RUN]);
    let mut bodies = bodies(&server);
    let marker = bodies[1]["metadata"]
        .as_object_mut()
        .unwrap()
        .remove(ONCE_KEY);
    assert_eq!(marker.unwrap().as_str().map(str::len), Some(32));
    let messages = json!([{ "role": "user", "content": "Hi" }]);
    let run = json!({
        "assistant_id": "asst_1",
        "metadata": { "name": "run" },
        "additional_messages": messages,
    });
    assert_eq!(bodies, [json!({ "metadata": { "name": "thread" } }), run]);
}

#[tokio::test]
async fn resources_of_the_run_become_those_of_the_thread() {
    let server = ScriptedServer::start([thread(), json_response(&run("queued"))]).await;
    let resources = json!({ "code_interpreter": { "file_ids": ["file_1"] } });
    let body: CreateThreadAndRunRequest =
        serde_json::from_value(json!({ "assistant_id": "asst_1", "tool_resources": resources }))
            .unwrap();
    let call = server.client().create_thread_and_run().body(body).once();
    call.send().await.unwrap();
    let bodies = bodies(&server);
    assert_eq!(bodies[0], json!({ "tool_resources": resources }));
    assert_eq!(bodies[1].get("tool_resources"), None);
}

#[tokio::test]
async fn an_empty_thread_whose_response_was_lost_is_created_again() {
    let cut = "HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n{";
    for lost in [
        response(502, "", ""),
        CLOSE.to_string(),
        format!("{cut}{CLOSE}"),
    ] {
        let script = [lost, thread(), json_response(&run("queued"))];
        let server = ScriptedServer::start(script).await;
        let response = create(&server.client()).send_response().await.unwrap();
        assert_eq!(server.request_lines(), [THREAD, THREAD, RUN]);
        assert_eq!(response.attempts(), 3);
    }
}

#[tokio::test]
async fn a_run_whose_response_was_lost_is_looked_up_on_its_thread() {
    let script = [thread(), CLOSE.to_string(), found(run("queued"))];
    let server = ScriptedServer::start(script).await;
    let run = create(&server.client()).send().await.unwrap();
    assert_eq!(run.id, "run_1");
    assert_eq!(server.request_lines(), [THREAD, RUN, LOOK_UP]);
}

#[tokio::test]
async fn an_error_names_the_operation_and_the_thread() {
    let script = [thread(), response(400, "", "no"), response(400, "", "no")];
    let server = ScriptedServer::start(script).await;
    let error = create(&server.client()).send().await.unwrap_err();
    assert_eq!(error.thread_id(), Some("thread_1"));
    assert_eq!(
        (error.attempts(), error.may_have_been_processed()),
        (2, false)
    );
    assert!(error.to_string().contains("createThreadAndRun"), "{error}");

    // Without a thread.
    let error = create(&server.client()).send().await.unwrap_err();
    assert_eq!((error.thread_id(), error.attempts()), (None, 1));
    assert_eq!(server.request_lines(), [THREAD, RUN, THREAD]);
}

#[tokio::test]
async fn a_followed_run_is_adopted() {
    for (is_lost, of_follow) in [(false, false), (true, false), (true, true)] {
        let created = match is_lost {
            true => vec![response(502, "", ""), found(run("queued"))],
            false => vec![json_response(&run("queued"))],
        };
        let script = [
            vec![thread()],
            created,
            vec![json_response(&run("completed"))],
        ];
        let server = ScriptedServer::start(script.concat()).await;
        let follow = match of_follow {
            true => create(&server.client()).follow().once(),
            false => create(&server.client()).once().follow(),
        };
        let run = follow.wait().await.unwrap();
        assert_eq!(run.status.as_str(), "completed");
        let posts = server.request_lines();
        let posts = posts.iter().filter(|line| line.starts_with("POST"));
        assert_eq!(posts.collect::<Vec<_>>(), [THREAD, RUN]);
    }
}

#[tokio::test]
async fn a_stream_is_that_of_the_run() {
    let events = event_stream(&(run_event(&run("completed")) + DONE));
    let server = ScriptedServer::start([thread(), events]).await;
    let mut events = create(&server.client()).stream().await.unwrap();
    assert_eq!(
        (events.thread_id(), events.attempts()),
        (Some("thread_1"), 2)
    );
    while events.try_next().await.unwrap().is_some() {}
    assert_eq!(server.request_lines(), [THREAD, RUN]);
    let bodies = bodies(&server);
    assert_eq!(
        (bodies[0].get("stream"), &bodies[1]["stream"]),
        (None, &json!(true))
    );

    // A stream that got no response continues by polling.
    let empty = json_response(&json!({ "data": [], "has_more": false }));
    let script = [
        thread(),
        response(502, "", ""),
        found(run("queued")),
        json_response(&run("completed")),
        empty,
    ];
    let server = ScriptedServer::start(script).await;
    let follow = create(&server.client()).follow();
    let outcome = follow.stream().await.unwrap().finish().await.unwrap();
    assert_eq!(outcome.run.status.as_str(), "completed");
    assert_eq!(server.request_lines()[..3], [THREAD, RUN, LOOK_UP]);
}

#[tokio::test]
async fn properties_beyond_the_document_are_those_of_the_run() {
    let server = ScriptedServer::start([thread(), json_response(&run("queued"))]).await;
    let call = create(&server.client()).extra_body(json!({ "vendor": 1 }));
    call.send().await.unwrap();
    let bodies = bodies(&server);
    assert_eq!(
        (bodies[0].get("vendor"), &bodies[1]["vendor"]),
        (None, &json!(1))
    );
}
