//! What the server does not take.

use std::sync::{Arc, Mutex};

use openai_assistants_fake::{Echo, SkippingClock};
use serde_json::{Value, json};

use crate::{conversation, fake, get, http, ok, post, refused, serve, text};

#[tokio::test]
async fn a_body_may_be_too_large() {
    let fake = fake(&SkippingClock::default()).max_body(100);
    let server = fake.start().await.expect("there is a free port");
    let body = json!({ "model": "m".repeat(100) });
    let (status, _) = refused(&server, "POST", "/assistants", body).await;
    assert_eq!(status, 413);
    post(&server, "/assistants", json!({ "model": "m" })).await;
}

#[tokio::test]
async fn there_may_be_too_many_objects() {
    let fake = fake(&SkippingClock::default()).max_objects(4);
    let server = fake.start().await.expect("there is a free port");
    let (_, thread) = conversation(&server).await; // an assistant, a thread and a message
    let other = text(&post(&server, "/threads", Value::Null).await["id"]);
    for path in ["/threads".to_owned(), format!("/threads/{thread}/messages")] {
        let body = if path == "/threads" {
            Value::Null
        } else {
            json!({ "role": "user", "content": "a" })
        };
        let (status, error) = refused(&server, "POST", &path, body).await;
        assert_eq!((status, &error["code"]), (400, &json!("too_many_objects")));
    }
    ok(&server, "DELETE", &format!("/threads/{other}"), Value::Null).await;
    post(&server, "/threads", Value::Null).await;
    // A thread leaves with all that is in it.
    ok(
        &server,
        "DELETE",
        &format!("/threads/{thread}"),
        Value::Null,
    )
    .await;
    post(&server, "/threads", Value::Null).await;
    post(&server, "/threads", Value::Null).await;
    refused(&server, "POST", "/threads", Value::Null).await;
}

#[tokio::test]
async fn a_server_that_was_stopped_ends_its_streams_and_takes_no_more() {
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
        .expect("it begins");
    server.stop().await;
    let mut rest = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stalled, &mut rest).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn each_request_makes_a_line_for_those_who_want_it() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = lines.clone();
    let fake = fake(&SkippingClock::default())
        .on_request(move |exchange| kept.lock().unwrap().push(exchange.to_string()));
    let server = fake.start().await.expect("there is a free port");
    get(&server, "/assistants?limit=1").await;
    refused(&server, "GET", "/assistants/asst_9", Value::Null).await;
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
