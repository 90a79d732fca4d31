//! Deserialization of responses.

use openai_assistants::{Client, Error, Method, RetryPolicy};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{THREAD, create_thread};
use crate::support::{CLOSE, ManualClock, ScriptedServer, response};

#[tokio::test]
async fn any_2xx_is_a_success() {
    for status in [200, 201, 202, 299] {
        let server = ScriptedServer::start([response(status, "", THREAD)]).await;
        let thread = create_thread(&server.client()).send().await.unwrap();
        assert_eq!(thread.id, "thread_1");
    }
}

#[tokio::test]
async fn an_unexpected_body_is_a_decode_error() {
    for (body, text) in [
        ("", "the response body is empty"),
        (r#"{"id":7}"#, "at `id`"),
        ("<html>", "it starts with `<html>`"),
    ] {
        let script = [response(200, "x-request-id: req_1\r\n", body)];
        let server = ScriptedServer::start(script).await;
        let error = create_thread(&server.client())
            .send()
            .await
            .expect_err("it is not a thread");
        assert!(
            error.is_decode() && error.to_string().contains(text),
            "{error}"
        );
        assert_eq!(
            (error.status().unwrap().as_u16(), error.request_id()),
            (200, Some("req_1"))
        );
        assert_eq!(error.body(), Some(body));
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_very_long_error_body_is_cut() {
    let script = [response(418, "", &"x".repeat(1_000_000))];
    let server = ScriptedServer::start(script).await;
    let error = create_thread(&server.client())
        .send()
        .await
        .expect_err("the status is 418");
    assert_eq!(error.body().map(str::len), Some(64 * 1024));
    assert_eq!(error.status().unwrap().as_u16(), 418);
}

#[tokio::test]
async fn a_body_without_a_length_that_is_cut_is_interrupted() {
    let head = "HTTP/1.1 200 X\r\nx-request-id: req_1\r\n\r\n";
    for body in [r#"{"id":"thre"#, r#"{"id":"thread_1""#, "\u{feff}{", "[1,"] {
        let server = ScriptedServer::start([format!("{head}{body}{CLOSE}")]).await;
        let client = server.client();
        let get = client.get_thread().thread_id("thread_1");
        let error = get.send().await.expect_err("the body is cut");
        assert!(error.is_connect() && error.is_retryable(), "{error}");
        assert_eq!((error.attempts(), error.request_id()), (3, Some("req_1")));

        let call = create_thread(&client);
        let error = call.send().await.expect_err("the body is cut");
        assert!(error.is_connect() && error.may_have_been_processed());
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test]
async fn a_body_without_a_length_that_is_complete_or_no_json_is_not_interrupted() {
    let error = async |body: &str| {
        let script = format!("HTTP/1.1 200 X\r\n\r\n{body}{CLOSE}");
        let server = ScriptedServer::start([script]).await;
        let get = server.client().get_thread().thread_id("thread_1");
        get.send().await.err()
    };
    assert!(error(THREAD).await.is_none());
    for body in ["", "<html>", r#"{"id":7}"#] {
        assert!(error(body).await.is_some_and(|error| error.is_decode()));
    }
}

#[tokio::test]
async fn a_connection_that_is_reset_in_a_body_is_interrupted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let received = stream.read(&mut [0; 4096]).await;
            assert!(received.is_ok_and(|length| length > 0));
            let response = b"HTTP/1.1 200 X\r\n\r\n{\"id\":";
            stream.write_all(response).await.unwrap();
            stream.set_zero_linger().unwrap();
        }
    });
    let builder = Client::builder().base_url(origin).api_key("k");
    let client = builder.clock(ManualClock::default()).build().unwrap();
    let get = client.get_thread().thread_id("thread_1");
    let error = get.send().await.expect_err("the connection is reset");
    assert!(error.is_connect(), "{error}");
    assert_eq!(error.attempts(), 3);
}

#[tokio::test]
async fn an_unknown_content_encoding_is_named() {
    let error = async |status: u16, encoding: &str, body: &str| -> Option<Error> {
        let header = format!("content-encoding: {encoding}\r\n");
        let server = ScriptedServer::start([response(status, &header, body)]).await;
        let builder = server.builder(&ManualClock::default());
        let client = builder.retry(RetryPolicy::never()).build().unwrap();
        create_thread(&client).send().await.err()
    };
    for status in [200, 404, 500] {
        let error = error(status, "br", "\u{b}\u{e}").await.unwrap();
        let text = "the response body has the content encoding `br`, which is not supported";
        assert!(error.to_string().contains(text), "{error}");
    }
    // What can be read is read, whatever the header says.
    assert!(error(200, "utf-8", THREAD).await.is_none());
    let quoted = error(400, "gzip", r#"{"error":{"message":"no"}}"#).await;
    assert_eq!(quoted.unwrap().message(), "no");
    let plain = error(400, "Identity", "no").await;
    assert_eq!(plain.unwrap().message(), "no");
}

#[tokio::test]
async fn a_body_with_too_many_values_is_an_error_before_it_takes_memory() {
    let list = |count| {
        let items = vec![r#"{"id":""}"#; count].join(",");
        format!(r#"{{"data":[{items}],"has_more":false}}"#)
    };
    let server = ScriptedServer::start([response(200, "", &list(150_000))]).await;
    let client = server.client();
    let page = client.list_assistants().send().await.unwrap();
    assert_eq!(page.data.len(), 150_000);

    server.then(response(200, "", &list(600_000)));
    let error = client.list_assistants().send().await;
    let error = error.expect_err("there are too many values");
    assert!(error.is_decode(), "{error}");
    assert!(error.message().contains("more than 500000 values"));
    // The type of a raw call is that of the caller.
    let raw = client.request(Method::GET, "/assistants");
    assert!(raw.send::<Value>().await.is_ok());
}

#[tokio::test]
async fn the_body_of_an_error_with_a_success_status_is_not_requested_again() {
    let body = r#"{"error":{"message":"pay","code":"insufficient_quota"}}"#;
    let server = ScriptedServer::start([response(200, "", body)]).await;
    let error = server.client().list_assistants().send().await;
    assert_eq!(error.expect_err("it is an error").attempts(), 1);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn content_in_an_encoding_is_an_error() {
    for (encoding, is_known) in [
        ("gzip", true),
        ("x, BR", true),
        ("utf-8", false),
        ("identity", false),
    ] {
        let header = format!("content-encoding: {encoding}\r\nx-request-id: req_1\r\n");
        let server = ScriptedServer::start([response(200, &header, "\u{b}\u{e}")]).await;
        let client = server.client();
        let call = client.request(Method::GET, "/files/file_1/content");
        let received = call.send_bytes().await;
        let Err(error) = received else {
            assert!(!is_known, "{encoding}");
            continue;
        };
        assert!(is_known && error.is_decode(), "{error}");
        let name = encoding
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let text =
            format!("the response body has the content encoding `{name}`, which is not supported");
        assert!(error.to_string().contains(&text), "{error}");
        assert_eq!((error.request_id(), error.attempts()), (Some("req_1"), 1));
    }
}
