//! The server as a service: clients without a socket.

use futures_util::future::join_all;
use openai_assistants::ErrorKind;
use openai_assistants::types::{CreateAssistantRequest, CreateThreadAndRunRequest};
use openai_assistants_fake::{Fault, Script, SkippingClock};

use crate::fake;
use crate::fake_client::FakeClient;
use crate::shared_clock::SharedClock;

/// Runs a future on a runtime where opening a socket panics.
fn without_sockets<T>(future: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().build().expect("a runtime");
    runtime.block_on(future)
}

#[test]
fn clients_of_a_service_open_no_socket_and_share_its_state() {
    let service = fake(&SkippingClock::default()).model(Script::new().say("Hello you"));
    let service = service.service().expect("a service");
    without_sockets(async {
        let client = || service.client_builder().build().expect("a client");
        let body = CreateAssistantRequest::builder().model("gpt-4o");
        let assistant = client().create_assistant().body(body).send().await;
        let id = assistant.expect("an assistant").id;

        let body = CreateThreadAndRunRequest::builder().assistant_id(id);
        let call = client().create_thread_and_run().body(body);
        let outcome = call.clone().follow().outcome().await;
        assert_eq!(outcome.expect("an outcome").text(), "Hello you");

        let mut texts = call.stream().await.expect("a stream").text_deltas();
        let mut deltas = Vec::new();
        while let Some(delta) = texts.try_next().await.expect("a delta") {
            deltas.push(delta.text);
        }
        assert_eq!(deltas, ["Hello ", "you"]);

        let threads = join_all((0..50).map(|_| client().create_thread().send())).await;
        assert!(threads.iter().all(Result::is_ok));
    });
    assert!(service.violations().is_empty());
}

#[test]
fn a_lost_response_of_a_service_is_a_failed_connection() {
    let clock = SkippingClock::default();
    let service = fake(&clock).fault_times(1, "createThread", Fault::lost());
    let service = service.service().expect("a service");
    without_sockets(async {
        let client = service.client_builder().clock(SharedClock(clock)).build();
        let client = client.expect("a client");
        let error = client.create_thread().send().await;
        let error = error.expect_err("the response is lost");
        assert_eq!(error.kind(), ErrorKind::Connection);
        assert!(error.may_have_been_processed(), "{error}");
        client.create_thread().send().await.expect("a thread");
    });
}
