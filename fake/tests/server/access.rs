//! Keys, headers, and where the operations are.

use openai_assistants_fake::{Echo, SkippingClock};

use crate::{fake, header, http, serve};

#[tokio::test]
async fn any_key_is_right_but_there_has_to_be_one() {
    let server = serve(Echo).await;
    for (headers, status) in [
        (vec![], 401),
        (vec![("authorization", "Bearer ")], 401),
        (vec![("authorization", "Basic abc")], 401),
        (vec![("authorization", "Bearer any")], 200),
        (vec![("authorization", "bearer any")], 200),
        (vec![("api-key", "any")], 200),
    ] {
        let reply = http::raw(&server, "POST", "/v1/threads", &headers, "").await;
        assert_eq!(reply.status, status, "{headers:?}");
        if status == 401 {
            assert_eq!(reply.json()["error"]["type"], "invalid_request_error");
        }
    }
}

#[tokio::test]
async fn a_server_with_a_key_takes_no_other() {
    let fake = fake(&SkippingClock::default()).api_key("sk-right");
    let server = fake.start().await.expect("there is a free port");
    let wrong = [("authorization", "Bearer sk-wrong")];
    let reply = http::raw(&server, "POST", "/v1/threads", &wrong, "").await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["error"]["code"], "invalid_api_key");
    assert!(!reply.body.contains("sk-"), "{}", reply.body);
    server
        .client()
        .create_thread()
        .send()
        .await
        .expect("its client has the right key");
}

#[tokio::test]
async fn the_beta_header_is_asked_for_on_demand() {
    let fake = fake(&SkippingClock::default()).require_beta_header();
    let server = fake.start().await.expect("there is a free port");
    let key = ("authorization", "Bearer k");
    let reply = http::raw(&server, "POST", "/v1/threads", &[key], "").await;
    assert_eq!(
        (reply.status, reply.json()["error"]["code"].as_str()),
        (400, Some("invalid_beta"))
    );
    let beta = ("openai-beta", "assistants=v2");
    let reply = http::raw(&server, "POST", "/v1/threads", &[key, beta], "").await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn the_operations_are_with_and_without_the_version() {
    let server = serve(Echo).await;
    let key = [("authorization", "Bearer k")];
    for target in [
        "/v1/threads",
        "/threads",
        "/threads?api-version=2024-05-01-preview",
    ] {
        let reply = http::raw(&server, "POST", target, &key, "").await;
        assert_eq!(reply.status, 200, "{target}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let server = serve(Echo).await;
    let key = [("authorization", "Bearer k")];
    for (target, id) in [("/v1/threads", "req_0001"), ("/v1/nothing", "req_0002")] {
        let reply = http::raw(&server, "POST", target, &key, "").await;
        assert_eq!(header(&reply, "x-request-id"), Some(id));
    }
}
