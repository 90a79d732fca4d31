//! Runs that behave the same against typed mocks and the fake server.

use std::any::Any;

use httpmock::MockServer;
use openai_assistants::mock::{self, MockServerExt};
use openai_assistants::operations::CreateRun;
use openai_assistants::types::{AssistantStreamEvent, RunStatus};
use openai_assistants::{Client, RunOutcome};
use openai_assistants_fake::{Model, Reply, Script};

use crate::fake::FakeSetup;
use crate::{create_run, mocks};

/// A server to run an assistant on, and the IDs that a run needs.
struct Setup {
    name: &'static str,
    client: Client,
    thread_id: String,
    assistant_id: String,
    _server: Box<dyn Any>,
}

impl Setup {
    fn mocked(server: MockServer, client: Client) -> Self {
        Self {
            name: "mocks",
            client,
            thread_id: "thread_1".to_owned(),
            assistant_id: "asst_1".to_owned(),
            _server: Box::new(server),
        }
    }

    async fn faked(model: impl Model) -> Self {
        let fake = FakeSetup::start(model).await;
        Self {
            name: "the fake server",
            client: fake.client,
            thread_id: fake.thread_id,
            assistant_id: fake.assistant_id,
            _server: Box::new(fake.server),
        }
    }

    /// Both servers, where a run generates this text in two pieces.
    async fn both_with_text(pieces: [&str; 2]) -> [Self; 2] {
        let (server, client) = mocks::server().await;
        let events = mocks::events(pieces[0], pieces[1]);
        server.create_run(|when, then| {
            when.streamed();
            then.events(&events);
        });
        server.create_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::InProgress))));
        server.get_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::Completed))));
        let message = mocks::message(&pieces.concat());
        server.list_messages(|_, then| drop(then.ok(&mock::messages(vec![message]))));
        server.list_run_steps(|_, then| drop(then.ok(&mock::run_steps(vec![mock::run_step()]))));
        let faked = Self::faked(Script::new().say(Reply::pieces(pieces)));
        [Self::mocked(server, client), faked.await]
    }

    fn create_run(&self) -> CreateRun {
        create_run(&self.client, &self.thread_id, &self.assistant_id)
    }

    fn assert_completed(&self, outcome: &RunOutcome, text: &str) {
        assert_eq!(outcome.run.status, RunStatus::Completed, "{}", self.name);
        assert_eq!(outcome.text(), text, "{}", self.name);
        assert_eq!(outcome.messages.len(), 1, "{}", self.name);
    }
}

#[tokio::test]
async fn a_followed_run_returns_its_outcome() {
    for setup in Setup::both_with_text(["2 + 2 ", "= 4"]).await {
        let followed = setup
            .create_run()
            .follow()
            .interval(std::time::Duration::ZERO);
        let outcome = followed.outcome().await.expect("the run completes");
        setup.assert_completed(&outcome, "2 + 2 = 4");
        assert_eq!(outcome.steps.len(), 1, "{}", setup.name);
    }
}

#[tokio::test]
async fn text_arrives_as_it_is_generated() {
    for setup in Setup::both_with_text(["2 + 2 ", "= 4"]).await {
        let events = setup.create_run().stream().await.expect("the stream opens");
        let mut texts = events.text_deltas();
        let mut pieces = Vec::new();
        while let Some(text) = texts.try_next().await.expect("the event is valid") {
            pieces.push(text.text);
        }
        assert_eq!(pieces, ["2 + 2 ", "= 4"], "{}", setup.name);
    }
}

#[tokio::test]
async fn the_outcome_is_available_after_the_text() {
    for setup in Setup::both_with_text(["2 + 2 ", "= 4"]).await {
        let events = setup.create_run().stream().await.expect("the stream opens");
        let mut run = events.accumulate();
        let mut texts = run.text_deltas();
        let mut text = String::new();
        while let Some(piece) = texts.try_next().await.expect("the event is valid") {
            text += &piece.text;
        }
        assert_eq!(text, "2 + 2 = 4", "{}", setup.name);
        let outcome = run.finish().await.expect("the run completes");
        setup.assert_completed(&outcome, "2 + 2 = 4");
        assert_eq!(outcome.steps.len(), 1, "{}", setup.name);
    }
}

#[tokio::test]
async fn events_arrive_in_their_documented_order() {
    for setup in Setup::both_with_text(["2 + 2 ", "= 4"]).await {
        let mut events = setup.create_run().stream().await.expect("the stream opens");
        let mut names = Vec::new();
        while let Some(event) = events.try_next().await.expect("the event is valid") {
            assert!(
                !matches!(event, AssistantStreamEvent::Unknown { .. }),
                "{}",
                setup.name
            );
            names.push(event.event().to_owned());
        }
        let expected = [
            "thread.run.created",
            "thread.run.queued",
            "thread.run.in_progress",
            "thread.run.step.created",
            "thread.run.step.in_progress",
            "thread.message.created",
            "thread.message.in_progress",
            "thread.message.delta",
            "thread.message.delta",
            "thread.message.completed",
            "thread.run.step.completed",
            "thread.run.completed",
            "done",
        ];
        assert_eq!(names, expected, "{}", setup.name);
    }
}

#[cfg(feature = "tools")]
mod tools {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use openai_assistants::ToolSet;
    use openai_assistants::types::{SubmitToolOutputsRunRequest, ToolOutput};
    use openai_assistants_fake::{Conversation, Turn};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    struct Add {
        a: i64,
        b: i64,
    }

    /// Calls for two sums in one round, then replies with both.
    fn sum_twice(conversation: &Conversation) -> Turn {
        match conversation.outputs.as_slice() {
            [first, second] => Turn::new().say(Reply::pieces([
                format!("{} ", first.output),
                format!("and {}", second.output),
            ])),
            _ => Turn::new().calls([
                ("add", json!({ "a": 1, "b": 2 })),
                ("add", json!({ "a": 3, "b": 4 })),
            ]),
        }
    }

    /// The same conversation as mocks.
    async fn mocked_sums() -> Setup {
        let (server, client) = mocks::server().await;
        let blocked = mock::requires_action(&[
            ("call_1", "add", r#"{"a":1,"b":2}"#),
            ("call_2", "add", r#"{"a":3,"b":4}"#),
        ]);
        server.create_run(|when, then| {
            when.streamed();
            then.events(&[
                AssistantStreamEvent::ThreadRunCreated(mock::run().into()),
                AssistantStreamEvent::ThreadRunQueued(mock::run().into()),
                AssistantStreamEvent::ThreadRunInProgress(
                    mock::run_in(RunStatus::InProgress).into(),
                ),
                AssistantStreamEvent::ThreadRunRequiresAction(blocked.into()),
                AssistantStreamEvent::Done,
            ]);
        });
        let outputs = [("call_1", "3"), ("call_2", "7")]
            .map(|(id, output)| ToolOutput::builder().tool_call_id(id).output(output));
        let outputs = SubmitToolOutputsRunRequest::builder().tool_outputs(outputs);
        let outputs = outputs.build().expect("the body is complete");
        server.submit_tool_outputs_to_run(|when, then| {
            let mut body = json!(outputs);
            body["stream"] = true.into();
            when.into_inner().json_body(body);
            then.events(&mocks::events("3 ", "and 7")[1..]);
        });
        Setup::mocked(server, client)
    }

    #[tokio::test]
    async fn calls_of_a_round_run_concurrently_and_are_submitted_together() {
        for setup in [mocked_sums().await, Setup::faked(sum_twice).await] {
            // Each call waits until both have started.
            let started = Arc::new(AtomicUsize::new(0));
            let tools = ToolSet::builder().function(move |add: Add| {
                let started = started.clone();
                async move {
                    started.fetch_add(1, Ordering::SeqCst);
                    while started.load(Ordering::SeqCst) < 2 {
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, String>(add.a + add.b)
                }
            });
            let tools = tools.build().expect("the tool is valid");
            let statuses = Arc::new(Mutex::new(Vec::new()));
            let log = statuses.clone();
            let followed = setup
                .create_run()
                .follow()
                .tools(&tools)
                .on_state(move |run| log.lock().unwrap().push(run.status.clone()));
            let run = followed.stream().await.expect("the stream opens");
            let outcome = run.finish().await.expect("the run completes");
            setup.assert_completed(&outcome, "3 and 7");
            let expected = [
                RunStatus::Queued,
                RunStatus::Queued,
                RunStatus::InProgress,
                RunStatus::RequiresAction,
                RunStatus::Queued,
                RunStatus::InProgress,
                RunStatus::Completed,
            ];
            assert_eq!(*statuses.lock().unwrap(), expected, "{}", setup.name);
        }
    }
}
