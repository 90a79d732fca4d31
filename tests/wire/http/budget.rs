//! The retry budget, which clones of a client share.

use openai_assistants::{Client, Error};

use super::THREAD;
use crate::support::{ManualClock, ScriptedServer, response};

async fn failure(client: &Client) -> Error {
    let call = client.get_thread().thread_id("thread_1");
    call.send().await.expect_err("every attempt fails")
}

#[tokio::test]
async fn an_outage_of_1000_calls_makes_at_most_1100_requests() {
    let server = ScriptedServer::start([response(503, "", "down")]).await;
    let client = server.client();
    for _ in 0..1000 {
        failure(&client.clone()).await;
    }
    assert_eq!(server.requests().len(), 1100);
    let error = failure(&client).await;
    assert_eq!(error.attempts(), 1);
    let note = "down; no retry: the retry budget of the client is used up";
    assert!(error.to_string().contains(note), "{error}");
}

#[tokio::test]
async fn clients_of_one_builder_have_a_budget_each() {
    let server = ScriptedServer::start([response(503, "", "down")]).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.clone().build().unwrap();
    for _ in 0..100 {
        failure(&client).await;
    }
    assert_eq!(failure(&client).await.attempts(), 1);
    let other = builder.build().unwrap();
    assert_eq!(failure(&other).await.attempts(), 3);
}

#[tokio::test]
async fn a_retry_after_a_time_out_costs_twice_as_much() {
    let server = ScriptedServer::start([]).await;
    let client = server.builder(&ManualClock::expired()).build().unwrap();
    let mut attempts = 0;
    for _ in 0..30 {
        attempts += failure(&client).await.attempts();
    }
    assert_eq!(attempts, 30 + 50);
}

#[tokio::test]
async fn calls_that_succeed_pay_for_retries() {
    let server = ScriptedServer::start([response(503, "", "")]).await;
    let client = server.client();
    for _ in 0..100 {
        failure(&client).await;
    }
    assert_eq!(failure(&client).await.attempts(), 1);
    server.then(response(200, "", THREAD));
    for _ in 0..5 {
        let call = client.get_thread().thread_id("thread_1");
        call.send().await.expect("the server is back");
    }
    server.then(response(503, "", ""));
    assert_eq!(failure(&client).await.attempts(), 2);
    assert_eq!(failure(&client).await.attempts(), 1);
}

#[tokio::test]
async fn the_budget_can_be_switched_off() {
    let server = ScriptedServer::start([response(503, "", "")]).await;
    let builder = server.builder(&ManualClock::default());
    let client = builder.retry_budget(false).build().unwrap();
    for _ in 0..60 {
        assert_eq!(failure(&client).await.attempts(), 3);
    }
}
