//! Raw calls: any method and path, with the settings of the client.

use std::time::Duration;

use openai_assistants::{Client, Method, RawEvent, Result};
use serde_json::{Value, json};

use crate::support::{
    DONE, ManualClock, STALL, STREAM_HEAD, ScriptedServer, event, event_stream, json_response,
    response, run, run_event, until,
};

#[tokio::test]
async fn a_raw_call_is_configured_like_any_call() {
    let moved = response(307, "location: /v2/stores\r\n", "");
    let found = response(200, "x-request-id: req_1\r\n", r#"{"id":"vs_1"}"#);
    let server = ScriptedServer::start([response(503, "", ""), moved, found]).await;
    let clock = ManualClock::default();
    let client = server
        .builder(&clock)
        .query("api-version", "v1")
        .header("x-a", "client")
        .build()
        .unwrap();
    let call = client
        .request(Method::PUT, "/vector_stores")
        .segment("vs 1/a")
        .query("b", "c d")
        .header("x-a", "call")
        .timeout(Duration::from_secs(7))
        .json(&json!({ "name": "n" }));
    let store = call.send_response::<Value>().await.unwrap();
    assert_eq!(store.get_ref()["id"], "vs_1");
    assert_eq!((store.request_id(), store.attempts()), (Some("req_1"), 2));
    let line = "PUT /v1/vector_stores/vs%201%2Fa?api-version=v1&b=c+d";
    assert_eq!(server.request_lines(), [line, line, "PUT /v2/stores"]);
    for line in [
        "authorization: Bearer sk-secret-key",
        "openai-beta: assistants=v2",
        "accept: application/json",
        "content-type: application/json",
        "x-a: call",
    ] {
        let request = &server.requests()[2];
        assert!(
            request.lines().any(|other| other == line),
            "{line} in {request}"
        );
    }
    assert!(server.requests()[2].ends_with(r#"{"name":"n"}"#));
    assert_eq!(clock.timeouts(), [Duration::from_secs(7); 2]);
}

#[tokio::test]
async fn an_error_status_is_an_error() {
    let body = r#"{"error":{"message":"No such store, sk-secret-key.","code":"not_there"}}"#;
    let server = ScriptedServer::start([response(404, "x-request-id: req_1\r\n", body)]).await;
    let call = server
        .client()
        .request(Method::DELETE, "vector_stores/vs_1");
    let error = call.send::<Value>().await.expect_err("it does not exist");
    assert!(error.is_not_found());
    assert_eq!(
        (error.code(), error.operation()),
        (Some("not_there"), Some("DELETE /v1/vector_stores/vs_1"))
    );
    assert_eq!(error.message(), "No such store, ***.");
    assert_eq!(server.request_lines(), ["DELETE /v1/vector_stores/vs_1"]);
}

#[tokio::test]
async fn an_empty_body_deserializes_like_null() {
    let server = ScriptedServer::start([response(204, "", "")]).await;
    let call = server
        .client()
        .request(Method::DELETE, "/vector_stores/vs_1");
    call.clone().send::<()>().await.unwrap();
    let nothing = call.clone().send::<Option<Value>>().await.unwrap();
    assert_eq!(nothing, None);
    let error = call.send::<String>().await.expect_err("it is not a string");
    assert!(
        error.is_decode() && error.to_string().contains("the response body is empty"),
        "{error}"
    );
}

#[tokio::test]
async fn a_path_that_could_leave_the_base_url_is_rejected() {
    let server = ScriptedServer::start([json_response(&json!({}))]).await;
    let client = server.client();
    for path in [
        "",
        "/",
        "//elsewhere/v1",
        "https://elsewhere/v1",
        "/threads/",
        "/threads//runs",
        "/..",
        "/../admin",
        "/threads/../../admin",
        "/threads/./runs",
        "/threads/%2e%2E/admin",
        "/.%2e/admin",
        "/threads/.\t./admin",
        "\\\\elsewhere\\v1",
        "/threads\\..\\..\\admin",
        "/threads?limit=1",
        "/threads#top",
        "/threads/a b",
        "/threads/\u{fc}",
        "/threads\n",
    ] {
        let call = client.request(Method::GET, path).segment("x");
        for error in [
            call.clone().send::<Value>().await.expect_err(path),
            call.stream().await.expect_err(path),
        ] {
            assert!(error.is_invalid_argument(), "{path}: {error}");
            assert!(
                error.to_string().starts_with("request failed: `path`: it "),
                "{error}"
            );
        }
    }
    for segment in ["", " ", ".", ".."] {
        let call = client
            .request(Method::GET, "/threads")
            .segment(segment)
            .segment("x");
        let error = call.send::<Value>().await.expect_err(segment);
        assert!(error.is_invalid_argument(), "{segment}: {error}");
    }
    assert!(server.requests().is_empty());

    for path in ["/a:b@c/d-e.f_g~h,i;j=k/%2F..%2F", "a...b", "x:"] {
        client
            .request(Method::GET, path)
            .send::<Value>()
            .await
            .expect(path);
    }
    let lines = [
        "GET /v1/a:b@c/d-e.f_g~h,i;j=k/%2F..%2F",
        "GET /v1/a...b",
        "GET /v1/x:",
    ];
    assert_eq!(server.request_lines(), lines);
}

#[tokio::test]
async fn a_base_url_may_have_no_path() {
    let server = ScriptedServer::start([json_response(&json!({}))]).await;
    let builder = server
        .builder(&ManualClock::default())
        .base_url(&server.origin);
    let client = builder.build().unwrap();
    client
        .request(Method::GET, "/threads")
        .send::<Value>()
        .await
        .unwrap();
    assert!(
        client
            .request(Method::GET, "//elsewhere")
            .send::<Value>()
            .await
            .is_err()
    );
    assert_eq!(server.request_lines(), ["GET /threads"]);
}

#[tokio::test]
async fn an_invalid_body_is_an_error_before_anything_is_sent() {
    let server = ScriptedServer::start([json_response(&json!({}))]).await;
    let body = std::collections::HashMap::from([((1, 2), 3)]);
    let call = server.client().request(Method::POST, "/x").json(&body);
    let error = call
        .send::<Value>()
        .await
        .expect_err("keys must be strings");
    assert!(
        error.is_invalid_argument() && error.to_string().contains("`json`"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn events_are_returned_as_received() {
    let events = [
        event("thread.new", &json!({ "a": 1 })).as_str(),
        "data: x\n\n",
        DONE,
    ]
    .concat();
    let server = ScriptedServer::start([response(503, "", ""), event_stream(&events)]).await;
    let call = server.client().request(Method::POST, "/threads/runs");
    let mut stream = call
        .json(&json!({ "stream": true }))
        .stream()
        .await
        .unwrap();
    assert_eq!(stream.attempts(), 2);
    let first = stream.try_next().await.unwrap().unwrap();
    assert_eq!(first.event, "thread.new");
    assert_eq!(first.json::<Value>().unwrap(), json!({ "a": 1 }));
    let second = stream.try_next().await.unwrap().unwrap();
    assert_eq!((second.event.as_str(), second.data.as_str()), ("", "x"));
    assert!(
        second
            .json::<Value>()
            .expect_err("it is not JSON")
            .is_decode()
    );
    assert_eq!(stream.try_next().await.unwrap().unwrap().data, "[DONE]");
    assert!(stream.try_next().await.unwrap().is_none());
    assert!(server.requests()[1].contains("accept: text/event-stream\r\n"));
    assert!(server.requests()[1].ends_with(r#"{"stream":true}"#));
}

#[tokio::test]
async fn an_event_is_not_unwrapped() {
    let data = r#"{"event":"progress","id":7,"data":{"x":1}}"#;
    let server = ScriptedServer::start([event_stream(&format!("data: {data}\n\n{DONE}"))]).await;
    let call = server.client().request(Method::POST, "/responses");
    let mut stream = call.stream().await.unwrap();
    let event = stream.try_next().await.unwrap().expect("there is one");
    assert_eq!((&*event.event, &*event.data), ("", data));
}

/// How a stream ends after one event.
async fn end_of(script: String) -> Result<Option<RawEvent>> {
    let server = ScriptedServer::start([script]).await;
    let call = server.client().request(Method::POST, "/responses");
    let mut stream = call.stream().await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    let end = stream.try_next().await;
    if let Err(error) = &end {
        assert_eq!(error.operation(), Some("POST /v1/responses"));
    }
    end
}

#[tokio::test]
async fn a_stream_ends_with_its_connection_unless_a_run_is_active() {
    let other = event("response.created", &json!({ "id": "resp_1" }));
    assert_eq!(end_of(event_stream(&other)).await.unwrap(), None);
    let cut = end_of(event_stream(&[&other, "data: {"].concat())).await;
    assert!(cut.expect_err("it is cut").is_cut());
    assert_eq!(
        end_of(event_stream(&run_event(&run("completed"))))
            .await
            .unwrap(),
        None
    );
    let active = end_of(event_stream(&run_event(&run("in_progress")))).await;
    let error = active.expect_err("the run is active");
    assert!(error.is_ended_early());
    assert_eq!(error.run_id(), Some("run_1"));
    let failed = event("error", &json!({ "message": "no" }));
    let error = end_of(event_stream(&format!("{other}{failed}"))).await;
    assert!(
        error
            .expect_err("the server sent an error")
            .is_stream_error()
    );
}

#[tokio::test]
async fn a_response_that_is_not_a_stream_is_an_error() {
    let server =
        ScriptedServer::start([response(200, "content-type: application/json\r\n", "{}")]).await;
    let call = server.client().request(Method::GET, "/threads");
    assert!(call.stream().await.expect_err("it is JSON").is_decode());
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let server = ScriptedServer::start([format!("{STREAM_HEAD}\r\ndata: 1\n\n{STALL}")]).await;
    let mut stream = server
        .client()
        .request(Method::GET, "/x")
        .stream()
        .await
        .unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    drop(stream);
    until(|| server.closed_by_client() == 1).await;
}

#[test]
fn debug_shows_no_secret() {
    let client = Client::builder()
        .base_url("http://host/v1")
        .api_key("hush")
        .build()
        .unwrap();
    let call = client
        .request(Method::GET, "/x")
        .header("x-token", "hush")
        .query("q", "hush");
    let text = format!("{:?}", call.json(&"hush"));
    assert!(text.contains("x-token") && !text.contains("hush"), "{text}");
}

#[tokio::test]
async fn a_body_may_be_bytes_of_any_media_type() {
    let server = ScriptedServer::start([response(503, "", ""), response(204, "", "")]).await;
    let call = server.client().request(Method::PUT, "/notes/1");
    call.body("12 °C", "text/plain; charset=utf-8")
        .send::<()>()
        .await
        .unwrap();
    for request in server.requests() {
        assert!(
            request.contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\n12 °C"), "{request}");
    }
    let call = server.client().request(Method::PUT, "/notes/1");
    let error = call.body("x", "text/plain\n").send::<()>().await;
    let error = error.expect_err("a line break is invalid");
    assert!(
        error.is_invalid_argument() && error.to_string().contains("`content_type`"),
        "{error}"
    );
}

#[tokio::test]
async fn the_body_of_a_response_is_returned_as_received() {
    let server =
        ScriptedServer::start([response(200, "x-request-id: req_1\r\n", "\u{feff}a\r\n")]).await;
    let call = server.client().request(Method::GET, "/notes/1");
    let response = call.send_bytes().await.unwrap();
    assert_eq!(response.request_id(), Some("req_1"));
    assert_eq!(response.into_inner(), "\u{feff}a\r\n");
    assert!(server.requests()[0].contains("\r\naccept: */*\r\n"));
}

#[tokio::test]
async fn a_raw_list_is_paginated_by_its_cursor_or_the_last_id() {
    let pages = [
        json!({ "data": [{ "id": "a" }, { "id": "b" }], "has_more": true }),
        json!({ "data": [{ "id": "c" }, "d", { "id": "e" }], "has_more": true, "last_id": "f" }),
        json!({ "data": [], "has_more": false, "last_id": null }),
    ];
    let server = ScriptedServer::start(pages.iter().map(json_response)).await;
    let call = server
        .client()
        .request(Method::GET, "/batches")
        .query("limit", "2")
        .query("after", "z");
    let mut items = call.items::<std::collections::BTreeMap<String, String>>();
    let mut ids = Vec::new();
    loop {
        match items.try_next().await {
            Ok(Some(item)) => ids.push(item["id"].clone()),
            Ok(None) => break,
            Err(error) => {
                assert!(
                    error.is_decode() && error.message().contains("data[1]"),
                    "{error}"
                );
                ids.push("malformed".to_owned());
            }
        }
    }
    assert_eq!(ids, ["a", "b", "c", "malformed", "e"]);
    assert_eq!(
        server.request_lines(),
        [
            "GET /v1/batches?limit=2&after=z",
            "GET /v1/batches?limit=2&after=b",
            "GET /v1/batches?limit=2&after=f",
        ]
    );
}

#[tokio::test]
async fn a_raw_list_with_only_before_is_read_backwards() {
    let page = |ids: &[&str], has_more: bool| {
        let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id })).collect();
        json_response(&json!({ "data": data, "has_more": has_more }))
    };
    let server = ScriptedServer::start([page(&["c", "d"], true), page(&["a"], false)]).await;
    let call = server
        .client()
        .request(Method::GET, "/batches")
        .query("before", "e");
    let mut pages = call.pages::<Value>();
    let mut sizes = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        sizes.push(page.data.len());
    }
    assert_eq!(sizes, [2, 1]);
    assert_eq!(
        server.request_lines(),
        ["GET /v1/batches?before=e", "GET /v1/batches?before=c"]
    );
}

#[tokio::test]
async fn a_response_without_data_is_not_a_page() {
    let server = ScriptedServer::start([json_response(&json!({ "has_more": false }))]).await;
    let mut items = server
        .client()
        .request(Method::GET, "/batches")
        .items::<Value>();
    assert!(
        items
            .try_next()
            .await
            .expect_err("it has no data")
            .is_decode()
    );
}
