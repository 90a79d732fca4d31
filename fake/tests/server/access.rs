//! API keys, headers and paths.

use openai_assistants_fake::{Echo, SkippingClock};

use crate::fake_client::FakeClient;
use crate::{fake, header, http, serve};

#[tokio::test]
async fn any_api_key_is_valid_but_one_is_required() {
    let server = serve(Echo).await;
    for (headers, status) in [
        (vec![], 401),
        (vec![("authorization", "Bearer ")], 401),
        (vec![("authorization", "Basic abc")], 401),
        (vec![("authorization", "Bearer any")], 200),
        (vec![("authorization", "bearer any")], 200),
        (vec![("api-key", "any")], 200),
    ] {
        let response = http::raw(&server, "POST", "/v1/threads", &headers, "").await;
        assert_eq!(response.status, status, "{headers:?}");
        if status == 401 {
            assert_eq!(response.json()["error"]["type"], "invalid_request_error");
        }
    }
}

#[tokio::test]
async fn a_server_with_an_api_key_rejects_other_keys() {
    let fake = fake(&SkippingClock::default()).api_key("sk-right");
    let server = fake.start().await.expect("a port is free");
    let wrong = [("authorization", "Bearer sk-wrong")];
    let response = http::raw(&server, "POST", "/v1/threads", &wrong, "").await;
    assert_eq!(response.status, 401);
    assert_eq!(response.json()["error"]["code"], "invalid_api_key");
    assert!(!response.body.contains("sk-"), "{}", response.body);
    server
        .client()
        .create_thread()
        .send()
        .await
        .expect("the client of the server has its key");
}

#[tokio::test]
async fn the_beta_header_can_be_required() {
    let fake = fake(&SkippingClock::default()).require_beta_header();
    let server = fake.start().await.expect("a port is free");
    let key = ("authorization", "Bearer k");
    let response = http::raw(&server, "POST", "/v1/threads", &[key], "").await;
    assert_eq!(
        (response.status, response.json()["error"]["code"].as_str()),
        (400, Some("invalid_beta"))
    );
    let beta = ("openai-beta", "assistants=v2");
    let response = http::raw(&server, "POST", "/v1/threads", &[key, beta], "").await;
    assert_eq!(response.status, 200);
}

#[tokio::test]
async fn operations_are_served_with_and_without_the_version_prefix() {
    let server = serve(Echo).await;
    let key = [("authorization", "Bearer k")];
    for target in [
        "/v1/threads",
        "/threads",
        "/threads?api-version=2024-05-01-preview",
    ] {
        let response = http::raw(&server, "POST", target, &key, "").await;
        assert_eq!(response.status, 200, "{target}");
    }
}

#[tokio::test]
async fn every_response_has_a_request_id() {
    let server = serve(Echo).await;
    let key = [("authorization", "Bearer k")];
    for (target, id) in [("/v1/threads", "req_0001"), ("/v1/nothing", "req_0002")] {
        let response = http::raw(&server, "POST", target, &key, "").await;
        assert_eq!(header(&response, "x-request-id"), Some(id));
    }
}
