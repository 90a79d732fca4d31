//! Deserialization of responses.

use super::{THREAD, create_thread};
use crate::support::{ScriptedServer, response};

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
