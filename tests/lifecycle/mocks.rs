//! Runs against typed mocks with fixed responses.

use std::time::Duration;

use httpmock::MockServer;
use openai_assistants::mock::{self, MockServerExt};
use openai_assistants::types::{
    AssistantStreamEvent, CreateRunRequest, CreateThreadAndRunRequest, MessageObject, RunStatus,
    SubmitToolOutputsRunRequest, ToolOutput,
};
use openai_assistants::{Client, Credentials};

pub(crate) async fn server() -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    let client = Client::builder()
        .base_url(server.base_url())
        .credentials(Credentials::none())
        .build()
        .expect("the configuration is valid");
    (server, client)
}

pub(crate) fn message(text: &str) -> MessageObject {
    let mut message = mock::message();
    message.content = vec![mock::text(text)];
    message
}

/// The events of a run that generates this text in two pieces.
pub(crate) fn events(first: &str, second: &str) -> Vec<AssistantStreamEvent> {
    let mut empty = mock::message();
    empty.content.clear();
    vec![
        AssistantStreamEvent::ThreadRunCreated(mock::run().into()),
        AssistantStreamEvent::ThreadRunQueued(mock::run().into()),
        AssistantStreamEvent::ThreadRunInProgress(mock::run_in(RunStatus::InProgress).into()),
        AssistantStreamEvent::ThreadRunStepCreated(mock::run_step().into()),
        AssistantStreamEvent::ThreadRunStepInProgress(mock::run_step().into()),
        AssistantStreamEvent::ThreadMessageCreated(empty.clone().into()),
        AssistantStreamEvent::ThreadMessageInProgress(empty.into()),
        AssistantStreamEvent::ThreadMessageDelta(mock::message_delta(first).into()),
        AssistantStreamEvent::ThreadMessageDelta(mock::message_delta(second).into()),
        AssistantStreamEvent::ThreadMessageCompleted(message(&format!("{first}{second}")).into()),
        AssistantStreamEvent::ThreadRunStepCompleted(mock::run_step().into()),
        AssistantStreamEvent::ThreadRunCompleted(mock::run_in(RunStatus::Completed).into()),
        AssistantStreamEvent::Done,
    ]
}

#[tokio::test]
async fn every_operation_on_a_run_can_be_followed() {
    let (server, client) = server().await;
    server.create_thread_and_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::Queued))));
    server.submit_tool_outputs_to_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::Queued))));
    server.cancel_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::Cancelling))));
    let polls = server.get_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::Incomplete))));

    let interval = Duration::ZERO;
    let created = client
        .create_thread_and_run()
        .body(CreateThreadAndRunRequest::builder().assistant_id("asst_1"));
    let submitted = client
        .submit_tool_outputs_to_run()
        .thread_id("thread_1")
        .run_id("run_1")
        .body(SubmitToolOutputsRunRequest::builder().tool_outputs([ToolOutput::builder()]));
    let cancelled = client.cancel_run().thread_id("thread_1").run_id("run_1");
    let existing = client.get_run().thread_id("thread_1").run_id("run_1");
    for run in [
        created.follow().interval(interval).wait().await,
        submitted.follow().interval(interval).wait().await,
        cancelled.follow().interval(interval).wait().await,
        existing.follow().interval(interval).wait().await,
    ] {
        assert_eq!(
            run.expect("the run completes").status,
            RunStatus::Incomplete
        );
    }
    polls.assert_calls(4);
}

#[tokio::test]
async fn every_streaming_operation_streams() {
    let (server, client) = server().await;
    let events = events("2 + 2 ", "= 4");
    let mocks = [
        server.create_run(|when, then| {
            when.streamed();
            then.events(&events);
        }),
        server.create_thread_and_run(|when, then| {
            when.streamed();
            then.events(&events);
        }),
        server.submit_tool_outputs_to_run(|when, then| {
            when.streamed();
            then.events(&events);
        }),
    ];
    let streams = [
        client
            .create_run()
            .thread_id("thread_1")
            .body(CreateRunRequest::builder().assistant_id("asst_1"))
            .stream()
            .await,
        client
            .create_thread_and_run()
            .body(CreateThreadAndRunRequest::builder().assistant_id("asst_1"))
            .stream()
            .await,
        client
            .submit_tool_outputs_to_run()
            .thread_id("thread_1")
            .run_id("run_1")
            .body(SubmitToolOutputsRunRequest::builder().tool_outputs([ToolOutput::builder()]))
            .stream()
            .await,
    ];
    for stream in streams {
        let mut stream = stream.expect("the stream opens");
        let mut received = Vec::new();
        while let Some(event) = stream.try_next().await.expect("the event is valid") {
            received.push(event);
        }
        assert_eq!(received, events);
        assert_eq!(stream.run_id(), Some("run_1"));
    }
    for mock in mocks {
        mock.assert_calls(1);
    }
}

#[tokio::test]
async fn a_mock_of_a_stream_does_not_match_plain_calls() {
    let (server, client) = server().await;
    server.create_run(|when, then| {
        when.streamed();
        then.events(&[AssistantStreamEvent::Done]);
    });
    let create = client
        .create_run()
        .thread_id("thread_1")
        .body(CreateRunRequest::builder().assistant_id("asst_1"));
    assert!(
        create
            .clone()
            .send()
            .await
            .expect_err("no mock matches")
            .is_not_found()
    );
    assert!(create.stream().await.is_ok());
}

#[cfg(feature = "tools")]
#[tokio::test]
async fn structured_output_is_deserialized() {
    use openai_assistants::{Parsed, response_format};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Sum {
        result: i64,
    }

    let (server, client) = server().await;
    let body = CreateRunRequest::builder()
        .assistant_id("asst_1")
        .response_format(response_format::<Sum>().expect("the schema is supported"));
    let body = body.build().expect("the body is complete");
    assert_eq!(
        json!(body)["response_format"],
        json!({
            "type": "json_schema",
            "json_schema": {
                "name": "Sum",
                "strict": true,
                "schema": {
                    "type": "object",
                    "properties": { "result": { "type": "integer" } },
                    "required": ["result"],
                    "additionalProperties": false,
                },
            },
        })
    );
    server.create_run(|when, then| {
        when.body(&body);
        then.ok(&mock::run_in(RunStatus::Completed));
    });
    let output = message(r#"{"result": 4}"#);
    server.list_messages(|_, then| drop(then.ok(&mock::messages(vec![output]))));
    server.list_run_steps(|_, then| drop(then.ok(&mock::run_steps(vec![]))));
    let create = client.create_run().thread_id("thread_1").body(body);
    let outcome = create.follow().outcome().await.expect("the run completes");
    let parsed = outcome.parse::<Sum>().expect("the output is valid");
    assert_eq!(parsed, Parsed::Value(Sum { result: 4 }));
}
