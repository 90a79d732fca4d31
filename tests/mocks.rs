//! What the typed mocks match, and what they let pass.

use httpmock::MockServer;
use openai_assistants::mock::{self, MockServerExt};
use openai_assistants::types::{
    CreateMessageRequest, CreateThreadAndRunRequest, ListOrder, MessageRole, RunStepInclude,
    SubmitToolOutputsRunRequest, ToolOutput,
};
use openai_assistants::{Client, Credentials, RetryPolicy};

async fn server() -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    let client = Client::builder()
        .base_url(server.base_url())
        .credentials(Credentials::none())
        .retry(RetryPolicy::never())
        .build()
        .expect("the configuration is valid");
    (server, client)
}

#[tokio::test]
async fn ids_are_matched_as_they_stand_in_the_path() {
    let (server, client) = server().await;
    let odd = server.get_thread(|when, then| {
        when.thread_id("a.b c/ü");
        then.ok(&mock::thread());
    });
    assert!(
        client
            .get_thread()
            .thread_id("a.b c/ü")
            .send()
            .await
            .is_ok()
    );
    assert!(
        client
            .get_thread()
            .thread_id("aXb c/ü")
            .send()
            .await
            .is_err()
    );
    odd.assert_calls(1);
}

#[tokio::test]
async fn one_of_several_ids_is_enough_to_match() {
    let (server, client) = server().await;
    let mocked = server.get_run(|when, then| {
        when.run_id("run_7");
        then.ok(&mock::run());
    });
    assert!(
        client
            .get_run()
            .thread_id("any")
            .run_id("run_7")
            .send()
            .await
            .is_ok()
    );
    assert!(
        client
            .get_run()
            .thread_id("run_7")
            .run_id("any")
            .send()
            .await
            .is_err()
    );
    mocked.assert_calls(1);
}

#[tokio::test]
async fn query_parameters_are_matched_by_value_or_by_absence() {
    let (server, client) = server().await;
    let first = server.list_runs(|when, then| {
        when.after(None::<&str>).order(ListOrder::Asc).limit(2);
        then.ok(&mock::runs(vec![mock::run()]));
    });
    let list = || client.list_runs().thread_id("t").order("asc").limit(2);
    assert!(list().send().await.is_ok());
    assert!(list().after("run_1").send().await.is_err());
    first.assert_calls(1);
}

#[tokio::test]
async fn arrays_in_the_query_are_matched() {
    let (server, client) = server().await;
    let include = [RunStepInclude::StepDetailsToolCallsFileSearchResultsContent];
    let mocked = server.get_run_step(|when, then| {
        when.include(&include);
        then.ok(&mock::run_step());
    });
    let get = || {
        client
            .get_run_step()
            .thread_id("t")
            .run_id("r")
            .step_id("s")
    };
    assert!(get().include(include.clone()).send().await.is_ok());
    assert!(get().send().await.is_err());
    mocked.assert_calls(1);
}

#[tokio::test]
async fn bodies_are_matched() {
    let (server, client) = server().await;
    let hello = CreateMessageRequest::builder()
        .role(MessageRole::User)
        .content("Hello");
    let expected = hello.clone().build().expect("the body is complete");
    let mocked = server.create_message(|when, then| {
        when.body(&expected);
        then.ok(&mock::message());
    });
    let create = || client.create_message().thread_id("t");
    assert!(create().body(hello.clone()).send().await.is_ok());
    assert!(
        create()
            .body(hello.content("Good-bye"))
            .send()
            .await
            .is_err()
    );
    mocked.assert_calls(1);
}

#[tokio::test]
async fn an_operation_does_not_answer_for_another_of_a_like_path() {
    let (server, client) = server().await;
    let modified = server.modify_thread(|_, then| {
        then.ok(&mock::thread());
    });
    let both = server.create_thread_and_run(|_, then| {
        then.ok(&mock::run());
    });
    let body = CreateThreadAndRunRequest::builder().assistant_id("asst_1");
    assert!(
        client
            .create_thread_and_run()
            .body(body)
            .send()
            .await
            .is_ok()
    );
    modified.assert_calls(0);
    both.assert_calls(1);
}

#[tokio::test]
async fn the_misspelt_operation_has_its_right_name_as_well() {
    let (server, client) = server().await;
    let mocked = server.submit_tool_outputs_to_run(|_, then| {
        then.ok(&mock::run());
    });
    let outputs = [ToolOutput::builder().tool_call_id("call_1").output("12 °C")];
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs(outputs);
    let submit = client
        .submit_tool_outputs_to_run()
        .thread_id("t")
        .run_id("r");
    assert!(submit.body(body).send().await.is_ok());
    mocked.assert_calls(1);
}

#[tokio::test]
async fn errors_are_answered_with_their_status() {
    let (server, client) = server().await;
    server.get_thread(|_, then| {
        then.client_error(429, &mock::error("Slow down."));
    });
    let error = client
        .get_thread()
        .thread_id("t")
        .send()
        .await
        .expect_err("it is an error");
    assert!(error.is_rate_limited());
    assert_eq!(error.message(), "Slow down.");
}
