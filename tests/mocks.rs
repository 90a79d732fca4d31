//! What the typed mocks match.

#![cfg(assistants_document = "openapi.yaml")]

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
async fn ids_are_matched_unencoded() {
    let (server, client) = server().await;
    let mocked = server.get_thread(|when, then| {
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
    mocked.assert_calls(1);
}

#[tokio::test]
async fn one_of_several_ids_suffices() {
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
async fn query_parameters_are_matched_by_value_or_absence() {
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
async fn an_operation_does_not_match_a_similar_path() {
    let (server, client) = server().await;
    let modified = server.modify_thread(|_, then| {
        then.ok(&mock::thread());
    });
    let created = server.create_thread_and_run(|_, then| {
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
    created.assert_calls(1);
}

#[tokio::test]
#[expect(
    deprecated,
    reason = "the spelling of the operation ID in the document"
)]
async fn the_upstream_spelling_is_a_deprecated_alias() {
    let (server, client) = server().await;
    let mocked = server.submit_tool_outputs_to_run(|when, then| {
        when.run_id("r");
        then.ok(&mock::run());
    });
    let misspelled = server.submit_tool_ouputs_to_run(|when, then| {
        when.run_id("misspelled");
        then.ok(&mock::run());
    });
    let outputs = [ToolOutput::builder().tool_call_id("call_1").output("12 °C")];
    let body = SubmitToolOutputsRunRequest::builder().tool_outputs(outputs);
    let submit = client.submit_tool_outputs_to_run().thread_id("t");
    let submit = submit.run_id("r").body(body.clone());
    assert!(submit.send().await.is_ok());
    let submit = client.submit_tool_ouputs_to_run().thread_id("t");
    let submit = submit.run_id("misspelled").body(body);
    assert!(submit.send().await.is_ok());
    mocked.assert_calls(1);
    misspelled.assert_calls(1);
}

#[tokio::test]
async fn error_responses_have_their_status() {
    let (server, client) = server().await;
    server.get_thread(|_, then| {
        then.client_error(429, &mock::error("Slow down."));
    });
    let error = client
        .get_thread()
        .thread_id("t")
        .send()
        .await
        .expect_err("the status is an error");
    assert!(error.is_rate_limited());
    assert_eq!(error.message(), "Slow down.");
}

#[cfg(feature = "v1")]
mod v1 {
    use openai_assistants::v1::mock::MockServerExt;
    use openai_assistants::v1::types::{
        AssistantStreamEvent, CreateAssistantFileRequest, CreateRunRequest, MessageFileObject,
    };
    use serde_json::json;

    #[tokio::test]
    async fn each_id_is_matched_at_its_position() {
        let (server, client) = super::server().await;
        let file = json!({ "id": "file_1", "message_id": "msg_1", "created_at": 1 });
        let file: MessageFileObject = serde_json::from_value(file).expect("a valid file");
        let mocked = server.get_message_file(|when, then| {
            when.message_id("msg_1").file_id("file_1");
            then.ok(&file);
        });
        let client = client.v1();
        let get = || client.get_message_file().thread_id("thread_1");
        let found = get().message_id("msg_1").file_id("file_1").send().await;
        assert_eq!(found.expect("the call is mocked"), file);
        let swapped = get().message_id("file_1").file_id("msg_1").send().await;
        assert!(swapped.is_err());
        mocked.assert_calls(1);
    }

    #[tokio::test]
    async fn requests_of_the_other_version_do_not_match() {
        let (server, client) = super::server().await;
        let thread = serde_json::from_value(json!({ "id": "thread_1" })).expect("a valid thread");
        let mocked = server.get_thread(|_, then| drop(then.ok(&thread)));
        let other = client.get_thread().thread_id("thread_1").send().await;
        assert!(other.is_err());
        let found = client.v1().get_thread().thread_id("thread_1").send().await;
        assert_eq!(found.expect("the call is mocked"), thread);
        mocked.assert_calls(1);
    }

    #[tokio::test]
    async fn bodies_are_matched() {
        let (server, client) = super::server().await;
        let body = |id| CreateAssistantFileRequest::builder().file_id(id);
        let expected = body("file_1").build().expect("the body is complete");
        let file = json!({ "id": "file_1", "assistant_id": "asst_1", "created_at": 1 });
        let file = serde_json::from_value(file).expect("a valid file");
        let mocked = server.create_assistant_file(|when, then| {
            when.body(&expected);
            then.ok(&file);
        });
        let client = client.v1();
        let attach = |id| {
            client
                .create_assistant_file()
                .assistant_id("asst_1")
                .body(body(id))
                .send()
        };
        assert!(attach("file_1").await.is_ok());
        assert!(attach("file_2").await.is_err());
        mocked.assert_calls(1);
    }

    #[tokio::test]
    async fn streams_yield_the_mocked_events() {
        let (server, client) = super::server().await;
        let thread = json!({ "id": "thread_1", "created_at": 1 });
        let thread = serde_json::from_value(thread).expect("a valid thread");
        let run = json!({ "id": "run_1", "thread_id": "thread_1", "status": "completed" });
        let run = serde_json::from_value(run).expect("a valid run");
        let expected = [
            AssistantStreamEvent::ThreadCreated(thread),
            AssistantStreamEvent::ThreadRunCompleted(run),
            AssistantStreamEvent::Done,
        ];
        server.create_run(|when, then| {
            when.streamed();
            then.events(&expected);
        });
        let body = CreateRunRequest::builder().assistant_id("asst_1");
        let create = client.v1().create_run().thread_id("thread_1").body(body);
        assert!(create.clone().send().await.is_err());
        let mut stream = create.stream().await.expect("the call is mocked");
        let mut events = Vec::new();
        while let Some(event) = stream.try_next().await.expect("the event is valid") {
            events.push(event);
        }
        assert_eq!(events, expected);
    }
}

#[cfg(feature = "files")]
#[tokio::test]
async fn an_upload_is_matched_by_its_file_name_and_its_fields() {
    use openai_assistants::Upload;
    use openai_assistants::types::{CreateFileRequest, FileExpirationAfter, FileObject};

    let (server, client) = server().await;
    let json = r#"{"id":"file_1","object":"file","filename":"a.md","purpose":"assistants"}"#;
    let file: FileObject = serde_json::from_str(json).expect("it is a file");
    let mocked = server.create_file(|when, then| {
        when.file_name("a.md")
            .field("purpose", "assistants")
            .field("expires_after[seconds]", "3600");
        then.ok(&file);
    });
    let upload = |name: &str, purpose: &str| {
        let expires = FileExpirationAfter::builder().seconds(3600);
        let body = CreateFileRequest::builder()
            .purpose(purpose)
            .expires_after(expires);
        let file = Upload::bytes(name, "# A");
        client.create_file().body(body).file(file).send()
    };
    assert_eq!(
        upload("a.md", "assistants").await.expect("it matches"),
        file
    );
    assert!(upload("b.md", "assistants").await.is_err());
    assert!(upload("a.md", "assistants_output").await.is_err());
    mocked.assert_calls(1);

    let quoted = server.create_file(|when, then| {
        when.file_name("a \"b\".md");
        then.ok(&file);
    });
    assert!(upload("a \"b\".md", "assistants").await.is_ok());
    quoted.assert_calls(1);
}

#[cfg(feature = "files")]
#[tokio::test]
async fn a_download_responds_with_bytes() {
    let (server, client) = server().await;
    let mocked = server.download_file(|when, then| {
        when.file_id("file_1");
        then.ok([0, 159, 146, 150]);
    });
    let content = client.download_file().file_id("file_1").bytes().await;
    assert_eq!(content.expect("it matches")[..], [0, 159, 146, 150]);
    assert!(
        client
            .download_file()
            .file_id("file_2")
            .bytes()
            .await
            .is_err()
    );
    mocked.assert_calls(1);
}

#[test]
#[should_panic(expected = "`client_error` takes a status from 400 to 499, not 500")]
fn a_client_error_has_a_status_of_its_class() {
    let server = MockServer::start();
    server.get_run(|_, then| drop(then.client_error(500, &mock::error("down"))));
}

#[test]
#[should_panic(expected = "`server_error` takes a status from 500 to 599, not 499")]
fn a_server_error_has_a_status_of_its_class() {
    let server = MockServer::start();
    server.get_run(|_, then| drop(then.server_error(599, &mock::error("down"))));
    server.get_run(|_, then| drop(then.server_error(499, &mock::error("down"))));
}
