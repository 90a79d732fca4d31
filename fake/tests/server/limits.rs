//! Limits, time-outs, shutdown and the request log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use openai_assistants_fake::{Conversation, Echo, Fake, Script, Server, SkippingClock, Turn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{pause, timeout};

use crate::files::upload;
use crate::{conversation, fake, get, http, ok, post, rejected, serve, text};

/// Longer than every time-out of the server. The tests pause tokio's clock and do not wait.
const LONG: Duration = Duration::from_secs(3600);

/// Opens a connection and sends a partial request.
async fn connect_and_send(server: &Server, bytes: &str) -> TcpStream {
    let connection = TcpStream::connect(server.address()).await;
    let mut connection = connection.expect("the server accepts connections");
    let sent = connection.write_all(bytes.as_bytes()).await;
    sent.expect("the bytes are sent");
    connection
}

#[tokio::test]
async fn a_large_body_is_rejected() {
    let fake = fake(&SkippingClock::default()).max_body(100);
    let server = fake.start().await.expect("a port is free");
    let body = json!({ "model": "m".repeat(100) });
    let (status, _) = rejected(&server, "POST", "/assistants", body).await;
    assert_eq!(status, 413);
    post(&server, "/assistants", json!({ "model": "m" })).await;
}

#[tokio::test]
async fn an_unreadable_body_is_not_reported_as_too_large() {
    let server = serve(Echo).await;
    let head = "POST /v1/threads HTTP/1.1\r\nauthorization: Bearer k\r\n";
    let chunks = "transfer-encoding: chunked\r\n\r\nno size\r\n";
    let mut connection = connect_and_send(&server, &format!("{head}{chunks}")).await;
    let mut response = String::new();
    let _ = connection.read_to_string(&mut response).await;
    assert!(response.starts_with("HTTP/1.1 400"), "{response}");
    assert!(
        response.contains("Cannot read the request body"),
        "{response}"
    );
}

#[tokio::test]
async fn the_number_of_objects_is_limited() {
    let fake = fake(&SkippingClock::default()).max_objects(4);
    let server = fake.start().await.expect("a port is free");
    let (_, thread) = conversation(&server).await; // an assistant, a thread and a message
    let other = text(&post(&server, "/threads", Value::Null).await["id"]);
    for path in ["/threads".to_owned(), format!("/threads/{thread}/messages")] {
        let body = if path == "/threads" {
            Value::Null
        } else {
            json!({ "role": "user", "content": "a" })
        };
        let (status, error) = rejected(&server, "POST", &path, body).await;
        assert_eq!((status, &error["code"]), (400, &json!("too_many_objects")));
    }
    ok(&server, "DELETE", &format!("/threads/{other}"), Value::Null).await;
    post(&server, "/threads", Value::Null).await;
    // Deleting a thread deletes its messages and runs.
    ok(
        &server,
        "DELETE",
        &format!("/threads/{thread}"),
        Value::Null,
    )
    .await;
    post(&server, "/threads", Value::Null).await;
    post(&server, "/threads", Value::Null).await;
    rejected(&server, "POST", "/threads", Value::Null).await;
}

#[tokio::test]
async fn a_request_that_exceeds_the_object_limit_creates_nothing() {
    let fake = fake(&SkippingClock::default()).max_objects(5);
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await; // three objects
    let message = json!({ "role": "user", "content": "a" });
    let runs = format!("/threads/{thread}/runs");
    for (path, body) in [
        ("/threads", json!({ "messages": [message, message] })),
        (
            "/threads/runs",
            json!({ "assistant_id": assistant, "thread": { "messages": [message] } }),
        ),
        (
            &runs,
            json!({ "assistant_id": assistant, "additional_messages": [message, message] }),
        ),
    ] {
        let (status, error) = rejected(&server, "POST", path, body).await;
        assert_eq!((status, &error["code"]), (400, &json!("too_many_objects")));
    }
    post(&server, "/threads", json!({ "messages": [message] })).await;
}

#[tokio::test]
async fn the_size_of_all_objects_is_limited() {
    let fake = fake(&SkippingClock::default()).max_bytes(30_000);
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let messages = format!("/threads/{thread}/messages");
    let message = json!({ "role": "user", "content": "a".repeat(10_000) });
    let first = text(&post(&server, &messages, message.clone()).await["id"]);
    let run = crate::run(&server, &thread, &assistant).await;
    crate::fetch_run(&server, &run).await; // the echo repeats the message
    let large = json!({ "model": "m", "instructions": "i".repeat(10_000) });
    let assistant = format!("/assistants/{assistant}");
    for (path, body) in [
        (messages.as_str(), &message),
        ("/threads", &json!({ "messages": [message] })),
        ("/assistants", &large),
        (&assistant, &large),
    ] {
        let (status, error) = rejected(&server, "POST", path, body.clone()).await;
        assert_eq!((status, &error["code"]), (400, &json!("too_many_objects")));
    }
    let first = format!("{messages}/{first}");
    ok(&server, "DELETE", &first, Value::Null).await;
    post(&server, &assistant, large.clone()).await;
    rejected(&server, "POST", &messages, message.clone()).await;
    let thread = format!("/threads/{thread}");
    ok(&server, "DELETE", &thread, Value::Null).await;
    post(&server, "/threads", json!({ "messages": [message] })).await;
}

#[tokio::test]
async fn tool_outputs_count_towards_the_size_limit() {
    let script = Script::new().call("f", json!({})).say("Done");
    let fake = fake(&SkippingClock::default())
        .model(script)
        .max_bytes(10_000);
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let run = crate::run(&server, &thread, &assistant).await;
    let waiting = crate::fetch_run(&server, &run).await;
    let call = &waiting["required_action"]["submit_tool_outputs"]["tool_calls"][0];
    post(&server, "/threads", Value::Null).await;
    let output = json!({ "tool_call_id": call["id"], "output": "o".repeat(10_000) });
    let path = format!("{}/submit_tool_outputs", crate::path(&run));
    post(&server, &path, json!({ "tool_outputs": [output] })).await;
    let (status, error) = rejected(&server, "POST", "/threads", Value::Null).await;
    assert_eq!((status, &error["code"]), (400, &json!("too_many_objects")));
}

#[tokio::test]
async fn a_run_continues_when_the_object_limit_is_reached() {
    let script = Script::new().call("f", json!({})).say("Done");
    let fake = fake(&SkippingClock::default()).model(script).max_objects(4);
    let server = fake.start().await.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    let run = crate::run(&server, &thread, &assistant).await; // the fourth
    let waiting = crate::fetch_run(&server, &run).await;
    let call = &waiting["required_action"]["submit_tool_outputs"]["tool_calls"][0];
    rejected(&server, "POST", "/threads", Value::Null).await;
    let outputs = json!({ "tool_outputs": [{ "tool_call_id": call["id"], "output": "1" }] });
    let path = crate::path(&run);
    post(&server, &format!("{path}/submit_tool_outputs"), outputs).await;
    assert_eq!(crate::fetch_run(&server, &run).await["status"], "completed");
}

#[tokio::test]
async fn a_run_expires_after_its_lifetime_unless_that_is_unlimited() {
    let minute = Duration::from_secs(60);
    for (lifetime, expires_at, status) in [
        (minute, json!(1_700_000_060), "expired"),
        (Duration::MAX, Value::Null, "requires_action"),
    ] {
        let clock = SkippingClock::default();
        let script = Script::new().call("f", json!({}));
        let fake = fake(&clock).model(script).run_lifetime(lifetime);
        let server = fake.start().await.expect("a port is free");
        let (assistant, thread) = conversation(&server).await;
        let run = crate::run(&server, &thread, &assistant).await;
        assert_eq!(run["expires_at"], expires_at);
        let waiting = crate::fetch_run(&server, &run).await;
        assert_eq!(waiting["status"], "requires_action");
        clock.skip(minute);
        assert_eq!(crate::fetch_run(&server, &run).await["status"], status);
    }
}

#[tokio::test]
async fn a_stopped_server_ends_streams_and_refuses_connections() {
    let server = serve(Echo).await;
    let address = server.address();
    let (assistant, thread) = conversation(&server).await;
    let target = format!("/v1/threads/{thread}/runs");
    let body = json!({ "assistant_id": assistant, "stream": true }).to_string();
    let headers = [("authorization", "Bearer k"), ("x-fake-fault", "stall")];
    let mut stalled = http::open(&server, "POST", &target, &headers, &body).await;
    let mut head = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut stalled, &mut head)
        .await
        .expect("the response starts");
    server.stop().await;
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stalled, &mut rest).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_server_stops_despite_partial_requests_and_unread_responses() {
    let long = |_: &Conversation| Turn::new().say("x".repeat(32 << 20));
    let server = Fake::builder().model(long).start().await;
    let server = server.expect("a port is free");
    let (assistant, thread) = conversation(&server).await;
    crate::run(&server, &thread, &assistant).await;
    let post = "POST /v1/threads HTTP/1.1\r\nauthorization: Bearer k\r\n";
    let list =
        format!("GET /v1/threads/{thread}/messages HTTP/1.1\r\nauthorization: Bearer k\r\n\r\n");
    let mut open = Vec::new();
    for bytes in [post, &format!("{post}content-length: 9\r\n\r\n{{"), &list] {
        open.push(connect_and_send(&server, bytes).await);
    }
    // Connections are accepted in order, so all of them are open once the list responds.
    let mut head = [0; 12];
    open[2]
        .read_exact(&mut head)
        .await
        .expect("the response starts");
    get(&server, "/assistants").await;
    pause();
    timeout(LONG, server.stop())
        .await
        .expect("the server stops");
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_until_another_is_closed() {
    let fake = fake(&SkippingClock::default()).max_connections(1);
    let server = fake.start().await.expect("a port is free");
    let first = connect_and_send(&server, "GET /v1/assistants HTTP/1.1\r\n").await;
    let request = "GET /v1/assistants HTTP/1.1\r\nauthorization: Bearer k\r\n\r\n";
    let mut second = connect_and_send(&server, request).await;
    let mut head = [0; 12];
    pause();
    let early = timeout(Duration::from_secs(1), second.read_exact(&mut head)).await;
    assert!(early.is_err(), "{head:?}");
    drop(first);
    let response = timeout(LONG, second.read_exact(&mut head)).await;
    response
        .expect("the connection is accepted")
        .expect("the request succeeds");
    assert_eq!(&head, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_connection_without_a_request_head_is_closed() {
    let server = serve(Echo).await;
    for bytes in ["", "GET /v1/assistants HTTP/1.1\r\n"] {
        let mut connection = connect_and_send(&server, bytes).await;
        pause();
        let end = timeout(LONG, connection.read_to_end(&mut Vec::new())).await;
        assert!(end.is_ok(), "{bytes:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn each_request_is_logged_in_one_line() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let fake = fake(&SkippingClock::default())
        .on_request(move |exchange| kept.lock().unwrap().push(exchange.to_string()));
    let server = fake.start().await.expect("a port is free");
    get(&server, "/assistants?limit=1").await;
    rejected(&server, "GET", "/assistants/asst_9", Value::Null).await;
    http::with(
        &server,
        "GET",
        "/assistants",
        &[("x-fake-fault", "status=503")],
        &Value::Null,
    )
    .await;
    assert_eq!(
        *lines.lock().unwrap(),
        [
            "GET /v1/assistants?limit=1 200 req_0001",
            "GET /v1/assistants/asst_9 404 req_0002 No assistant found with id 'asst_9'.",
            "GET /v1/assistants 503 req_0003 status=503",
        ]
    );
}

#[tokio::test]
async fn log_lines_escape_control_characters() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let fake = fake(&SkippingClock::default())
        .on_request(move |exchange| kept.lock().unwrap().push(exchange.to_string()));
    let server = fake.start().await.expect("a port is free");
    http::raw(&server, "GET", "/\u{9b}31m", &[], "").await;
    assert_eq!(
        *lines.lock().unwrap(),
        [r"GET /\u{9b}31m 404 req_0001 Unknown request URL: GET /\u{9b}31m."]
    );
}

#[tokio::test]
async fn stores_of_tool_resources_and_attachments_count() {
    let fake = fake(&SkippingClock::default()).max_objects(4);
    let server = fake.start().await.expect("a port is free");
    let file = upload(&server, "a.md", "a").await;
    let thread = text(&post(&server, "/threads", Value::Null).await["id"]);
    // Each needs three objects: the first store and its file, and what they belong to.
    let described = json!({ "file_search": { "vector_stores": [{ "file_ids": [file] }] } });
    let tools = json!([{ "type": "file_search" }]);
    let attachments = json!([{ "file_id": file, "tools": tools }]);
    let message = json!({ "role": "user", "content": "a", "attachments": attachments });
    for (path, body) in [
        (
            "/assistants",
            json!({ "model": "m", "tool_resources": described }),
        ),
        ("/threads", json!({ "tool_resources": described })),
        ("/threads", json!({ "messages": [message] })),
        (&format!("/threads/{thread}/messages"), message.clone()),
    ] {
        let (_, error) = rejected(&server, "POST", path, body).await;
        assert_eq!(error["code"], "too_many_objects", "{path}");
    }
    let path = format!("/threads/{thread}");
    post(&server, &path, json!({ "tool_resources": described })).await;
    let (_, error) = rejected(&server, "POST", "/threads", Value::Null).await;
    assert_eq!(error["code"], "too_many_objects");
}

#[tokio::test]
async fn the_size_of_modified_objects_counts() {
    let fake = fake(&SkippingClock::default()).max_bytes(6000);
    let server = fake.start().await.expect("a port is free");
    let (_, thread) = conversation(&server).await;
    let message =
        text(&get(&server, &format!("/threads/{thread}/messages")).await["data"][0]["id"]);
    post(&server, "/vector_stores", json!({})).await;
    let body =
        json!({ "metadata": { "1": "a".repeat(500), "2": "a".repeat(500), "3": "a".repeat(500) } });
    for path in [
        "/vector_stores/vs_0001".to_owned(),
        format!("/threads/{thread}"),
        format!("/threads/{thread}/messages/{message}"),
    ] {
        post(&server, &path, body.clone()).await;
    }
    let (_, error) = rejected(&server, "POST", "/vector_stores", body).await;
    assert_eq!(error["code"], "too_many_objects");
}
