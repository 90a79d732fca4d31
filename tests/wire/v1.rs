//! Version 1 of the API: headers, connections, errors and streams.

use std::time::Duration;

use openai_assistants::v1::Client;
use openai_assistants::v1::types::{AssistantStreamEvent, CreateRunRequest, MessageFileObject};
use openai_assistants::{ClientBuilder, Credentials, EventStream, Method, Result};
use serde_json::{Value, json};

use crate::support::{
    ManualClock, ScriptedServer, create_run, event, event_stream, response, run, yield_often,
};

/// The beta header of a request, if it has one.
fn beta(request: &str) -> Option<&str> {
    let mut lines = request.lines();
    lines.find_map(|line| line.strip_prefix("openai-beta: "))
}

fn file() -> String {
    response(
        200,
        "",
        r#"{"id":"file_1","created_at":1,"message_id":"msg_1"}"#,
    )
}

async fn get_file(client: &Client) -> Result<MessageFileObject> {
    let call = client.get_message_file().thread_id("thread_1");
    call.message_id("msg_1").file_id("file_1").send().await
}

async fn stream(client: &Client) -> EventStream<AssistantStreamEvent> {
    let body = CreateRunRequest::builder().assistant_id("asst_1");
    let call = client.create_run().thread_id("thread_1").body(body);
    call.stream().await.expect("the stream opens")
}

fn run_event(status: &str) -> String {
    event(&format!("thread.run.{status}"), &run(status))
}

#[tokio::test]
async fn calls_are_retried() {
    let server = ScriptedServer::start([response(429, "retry-after: 7\r\n", ""), file()]).await;
    let clock = ManualClock::default();
    let client = server.builder(&clock).build().unwrap().v1();
    let file = get_file(&client)
        .await
        .expect("the second attempt succeeds");
    assert_eq!(file.id, "file_1");
    assert_eq!(clock.sleeps(), [Duration::from_secs(7)]);
    let line = "GET /v1/threads/thread_1/messages/msg_1/files/file_1";
    assert_eq!(server.request_lines(), [line; 2]);
    assert!(
        server
            .requests()
            .iter()
            .all(|request| beta(request) == Some("assistants=v1"))
    );
}

#[tokio::test]
async fn errors_contain_the_operation() {
    let server =
        ScriptedServer::start([response(404, "", r#"{"error":{"message":"No such file"}}"#)]).await;
    let error = get_file(&server.client().v1())
        .await
        .expect_err("the file is missing");
    assert!(error.is_not_found());
    assert_eq!(error.operation(), Some("getMessageFile"));
    assert_eq!(error.message(), "No such file");
}

#[tokio::test]
async fn only_the_beta_header_depends_on_the_version() {
    type Configure = fn(ClientBuilder, &str) -> ClientBuilder;
    let cases: [(Configure, Option<&str>, Option<&str>); 5] = [
        (
            |builder, _| builder,
            Some("assistants=v2"),
            Some("assistants=v1"),
        ),
        (
            |builder, _| builder.beta_header(Some("mine")),
            Some("mine"),
            Some("mine"),
        ),
        (|builder, _| builder.beta_header(None), None, None),
        (
            |builder, origin| builder.foundry(format!("{origin}/api/projects/p"), "v1"),
            None,
            None,
        ),
        (
            |builder, origin| builder.azure_openai(origin, "2024-02-15-preview"),
            Some("assistants=v2"),
            Some("assistants=v1"),
        ),
    ];
    for (configure, v2, v1) in cases {
        let server = ScriptedServer::start([response(200, "", "{}")]).await;
        let builder =
            openai_assistants::Client::builder().credentials(Credentials::bearer("token"));
        let client = configure(builder.base_url(&server.origin), &server.origin);
        let client = client.build().expect("the settings are valid");
        for client in [&client, client.v1().as_ref(), &client] {
            let call = client.request(Method::GET, "/threads");
            call.send::<Value>().await.expect("the server responds");
        }
        let requests = server.requests();
        let betas: Vec<_> = requests.iter().map(|request| beta(request)).collect();
        assert_eq!(betas, [v2, v1, v2]);
    }
}

#[tokio::test]
async fn both_versions_share_connections() {
    let queued = run("queued").to_string();
    let server = ScriptedServer::start([file(), response(200, "", &queued), file()]).await;
    let v2 = server.client();
    let v1 = v2.v1();
    get_file(&v1).await.expect("the server responds");
    yield_often().await;
    create_run(&v2).send().await.expect("the server responds");
    yield_often().await;
    get_file(&v1).await.expect("the server responds");
    assert_eq!(server.connections(), 1);
    let requests = server.requests();
    let betas: Vec<_> = requests
        .iter()
        .filter_map(|request| beta(request))
        .collect();
    assert_eq!(betas, ["assistants=v1", "assistants=v2", "assistants=v1"]);
}

#[tokio::test]
async fn text_deltas_yield_only_text() {
    let delta = |text| {
        let content = json!([{ "index": 0, "type": "text", "text": { "value": text } }]);
        let delta = json!({ "id": "msg_1", "delta": { "content": content, "file_ids": [] } });
        event("thread.message.delta", &delta)
    };
    let events = [
        run_event("queued"),
        delta("2 + 2"),
        delta(" = 4"),
        run_event("completed"),
    ];
    let server = ScriptedServer::start([event_stream(&events.concat())]).await;
    let mut texts = stream(&server.client().v1()).await.text_deltas();
    let mut pieces = Vec::new();
    while let Some(piece) = texts.try_next().await.expect("the delta is valid") {
        pieces.push(piece.text);
    }
    assert_eq!(pieces, ["2 + 2", " = 4"]);
}

#[tokio::test]
async fn a_stream_without_done_is_complete_once_the_run_is_terminal() {
    for (status, is_complete) in [("expired", true), ("in_progress", false)] {
        let server = ScriptedServer::start([event_stream(&run_event(status))]).await;
        let mut events = stream(&server.client().v1()).await;
        let event = events
            .try_next()
            .await
            .expect("the event is valid")
            .expect("an event follows");
        assert_eq!(event.run().map(|run| run.status.as_str()), Some(status));
        match events.try_next().await {
            Ok(end) => assert_eq!((end, is_complete), (None, true)),
            Err(error) => {
                assert!(error.is_interrupted() && !is_complete, "{status}: {error}");
                assert_eq!(error.run_id(), Some("run_1"));
            }
        }
    }
}

#[test]
fn a_client_is_shareable_and_its_debug_output_redacts_secrets() {
    fn shared<T: Clone + Send + Sync + 'static>(value: &T) -> T {
        value.clone()
    }
    let client = openai_assistants::Client::builder().api_key("sk-secret-key");
    let client = shared(&client.build().expect("the settings are valid").v1());
    let shown = format!("{client:?}");
    assert!(
        shown.starts_with("v1::Client") && !shown.contains("secret"),
        "{shown}"
    );
}
