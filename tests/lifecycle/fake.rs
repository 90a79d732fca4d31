//! Runs that need a stateful server. The fake server validates its own responses against the
//! document, and the clock skips all waits.

use std::sync::Arc;
use std::time::Duration;

use openai_assistants::operations::{CreateRun, GetRun};
use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, ListOrder, MessageRole, RunObject,
};
use openai_assistants::{Client, ClientBuilder, RetryPolicy};
use openai_assistants_fake::{
    Clock, FailureCode, Fake, Fault, IncompleteReason, Model, Reply, RetryAfter, Script, Server,
    SkippingClock,
};
use tokio::sync::Notify;

use crate::create_run;
use crate::shared_clock::SharedClock;

/// A builder of clients that share the clock of their server.
fn client_builder(server: &Server, clock: &SkippingClock) -> ClientBuilder {
    Client::builder()
        .base_url(server.url())
        .api_key(server.api_key())
        .clock(SharedClock(clock.clone()))
}

/// A fake server with an assistant and a thread.
pub(crate) struct FakeSetup {
    pub(crate) server: Server,
    pub(crate) client: Client,
    clock: SkippingClock,
    pub(crate) assistant_id: String,
    pub(crate) thread_id: String,
}

impl FakeSetup {
    pub(crate) async fn start(model: impl Model) -> Self {
        let clock = SkippingClock::default();
        let fake = Fake::builder().checked().clock(clock.clone()).model(model);
        let server = fake.start().await.expect("a free port");
        let client = client_builder(&server, &clock);
        let client = client.build().expect("the settings are valid");
        let assistant = client
            .create_assistant()
            .body(CreateAssistantRequest::builder().model("gpt-4o"));
        let assistant_id = assistant.send().await.expect("the server creates it").id;
        let thread_id = client
            .create_thread()
            .send()
            .await
            .expect("the server creates it")
            .id;
        Self {
            server,
            client,
            clock,
            assistant_id,
            thread_id,
        }
    }

    async fn add_question(&self, question: &str) {
        let message = CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content(question);
        let create = self.client.create_message().thread_id(&self.thread_id);
        create
            .body(message)
            .send()
            .await
            .expect("the message is added");
    }

    fn create_run(&self) -> CreateRun {
        create_run(&self.client, &self.thread_id, &self.assistant_id)
    }

    fn get_run(&self, run: &RunObject) -> GetRun {
        let get = self.client.get_run().thread_id(&run.thread_id);
        get.run_id(&run.id)
    }

    /// The texts of the thread, read in pages of two messages.
    async fn texts(&self) -> Vec<String> {
        let list = self.client.list_messages().thread_id(&self.thread_id);
        let mut messages = list.order(ListOrder::Asc).limit(2).items();
        let mut texts = Vec::new();
        while let Some(message) = messages
            .try_next()
            .await
            .expect("the server returns a page")
        {
            texts.push(message.text());
        }
        texts
    }
}

#[tokio::test]
async fn cancelling_a_run_unlocks_its_thread() {
    let minute = Duration::from_secs(60);
    let setup = FakeSetup::start(Script::new().wait(minute).say("Too late.").say("Hello")).await;
    let run = setup
        .create_run()
        .send()
        .await
        .expect("the server creates it");
    let rejected = setup.create_run().send().await;
    assert!(rejected.expect_err("a run is active").is_bad_request());

    let cancel = setup.client.cancel_run().thread_id(&setup.thread_id);
    let cancelled = cancel.run_id(&run.id).follow().wait().await;
    let cancelled = cancelled.expect("the run can be cancelled");
    assert_eq!(cancelled.status.as_str(), "cancelled");
    assert_eq!(setup.texts().await, [""; 0]);

    let outcome = setup.create_run().follow().outcome().await;
    assert_eq!(outcome.expect("the thread is free").text(), "Hello");
}

#[tokio::test]
async fn cancelling_the_wait_cancels_the_run_on_the_server() {
    let setup =
        FakeSetup::start(Script::new().wait(Duration::from_secs(60)).say("Too late.")).await;
    let started = Arc::new(Notify::new());
    let observed = started.clone();
    let followed = setup
        .create_run()
        .follow()
        .on_state(move |_| observed.notify_one())
        .cancel_on(async move { started.notified().await })
        .cancel_run(true);
    let error = followed.wait().await.expect_err("the caller cancels");
    assert!(error.is_cancelled() && error.is_run_cancelled(), "{error}");
    let run = setup
        .client
        .get_run()
        .thread_id(error.thread_id().expect("the ID is known"))
        .run_id(error.run_id().expect("the ID is known"));
    let run = run.follow().wait().await.expect("the run exists");
    assert_eq!(run.status.as_str(), "cancelled");
}

#[tokio::test]
async fn a_run_expires() {
    let lifetime = Duration::from_secs(600);
    let call = Script::new().call("add", serde_json::json!({}));
    let setup = FakeSetup::start(call).await;
    let run = setup
        .create_run()
        .follow()
        .wait()
        .await
        .expect("the run completes");
    assert_eq!(run.status.as_str(), "requires_action");
    setup.clock.skip(lifetime);
    let run = setup.get_run(&run).follow().wait().await;
    assert_eq!(run.expect("the run exists").status.as_str(), "expired");

    // The same in a stream, with a model that takes too long.
    let setup = FakeSetup::start(Script::new().wait(lifetime).say("Too late.")).await;
    let events = setup.create_run().stream().await.expect("the stream opens");
    let outcome = events.accumulate().finish().await.expect("the stream ends");
    assert_eq!(outcome.run.status.as_str(), "expired");
}

#[tokio::test]
async fn a_terminal_status_is_not_an_error_polled_or_streamed() {
    let script = Script::new()
        .incomplete("It is", IncompleteReason::MaxCompletionTokens)
        .fail(FailureCode::RateLimitExceeded, "Too much.")
        .repeat();
    let setup = FakeSetup::start(script).await;
    for is_streamed in [false, true] {
        for (status, reason, text) in [
            ("incomplete", "max_completion_tokens", "It is"),
            ("failed", "rate_limit_exceeded", ""),
        ] {
            let outcome = if is_streamed {
                let events = setup.create_run().stream().await.expect("the stream opens");
                events.accumulate().finish().await
            } else {
                setup.create_run().follow().outcome().await
            };
            let outcome = outcome.expect("a status is not an error");
            let run = &outcome.run;
            let details = run.incomplete_details.as_ref();
            let details = details.and_then(|details| details.reason.as_ref());
            let failure = run.last_error.as_ref().map(|error| &error.code);
            let found = details.map_or_else(
                || failure.map_or("", |code| code.as_str()),
                |reason| reason.as_str(),
            );
            assert_eq!((run.status.as_str(), found), (status, reason));
            assert_eq!(outcome.text(), text);
        }
    }
}

#[tokio::test]
async fn a_list_is_paginated_in_both_directions() {
    let setup = FakeSetup::start(Script::new()).await;
    for question in ["1", "2", "3", "4", "5"] {
        setup.add_question(question).await;
    }
    assert_eq!(setup.texts().await, ["1", "2", "3", "4", "5"]);

    let list = setup.client.list_messages().thread_id(&setup.thread_id);
    let mut pages = list.clone().limit(2).pages();
    let mut found = Vec::new();
    while let Some(page) = pages.try_next().await.expect("the server returns a page") {
        let texts = page.data.iter().map(|message| message.text());
        found.push((texts.collect::<Vec<_>>().join(" "), page.has_more));
    }
    let expected = [("5 4", true), ("3 2", true), ("1", false)];
    assert_eq!(
        found,
        expected.map(|(texts, has_more)| (texts.to_owned(), has_more))
    );

    let oldest = list.clone().order(ListOrder::Asc).limit(1).send().await;
    let oldest = oldest.expect("the server returns a page").data.remove(0).id;
    let mut newer = list.before(oldest).limit(2).items();
    let mut texts = Vec::new();
    while let Some(message) = newer.try_next().await.expect("the server returns a page") {
        texts.push(message.text());
    }
    texts.sort();
    assert_eq!(texts, ["2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_run_whose_stream_was_cut_can_be_resumed() {
    // The stream is cut in the middle of each event, the last one included.
    let events = 13;
    for after in 0..events {
        let setup = FakeSetup::start(Script::new().say(Reply::pieces(["2 + 2 ", "= 4"]))).await;
        let fault = Fault::cut().after(after).to_string();
        let create = setup.create_run().header("x-fake-fault", fault);
        let stream = create.stream().await.expect("the stream opens");
        let error = match stream.accumulate().finish().await {
            Err(error) => error,
            // The run was terminal, and no content is missing.
            Ok(outcome) => {
                assert_eq!((after, outcome.text().as_str()), (events - 1, "2 + 2 = 4"));
                continue;
            }
        };
        assert!(error.is_interrupted() && error.is_cut(), "{after}: {error}");
        let Some(run_id) = error.run_id() else {
            assert_eq!(after, 0, "the run is known from its first event on");
            continue;
        };
        let thread_id = error.thread_id().expect("the thread is known with the run");
        let run = setup.client.get_run().thread_id(thread_id).run_id(run_id);
        let outcome = run.follow().outcome().await.expect("the run completes");
        assert_eq!(outcome.text(), "2 + 2 = 4");
        assert_eq!(setup.texts().await, ["2 + 2 = 4"]);
    }
}

#[tokio::test]
async fn each_form_of_retry_after_is_honored() {
    let seconds = Duration::from_secs_f64;
    for (form, wait) in [
        (RetryAfter::Millis(50), seconds(0.05)),
        (RetryAfter::Seconds(1.5), seconds(1.5)),
        (RetryAfter::Seconds(3.0), seconds(3.0)),
        (RetryAfter::Date(2), seconds(2.0)),
    ] {
        let clock = SkippingClock::default();
        let fault = Fault::status(429).retry_after(form);
        let fake = Fake::builder().checked().clock(clock.clone());
        let fake = fake.fault_times(3, "createThread", fault);
        let server = fake.start().await.expect("a free port");
        let client = |retries| {
            let client = client_builder(&server, &clock);
            client
                .retry(RetryPolicy::default().max_retries(retries))
                .build()
                .expect("the settings are valid")
        };
        let start = clock.now();
        let rejected = client(0).create_thread().send().await;
        let error = rejected.expect_err("there are no retries");
        assert!(error.is_rate_limited());
        assert_eq!(error.retry_after(), Some(wait), "{form:?}");
        assert_eq!(clock.now(), start);

        let thread = client(2).create_thread().send().await;
        assert!(thread.is_ok(), "{form:?}");
        let waited = clock.now().duration_since(start);
        assert_eq!(waited.expect("time passes"), 2 * wait, "{form:?}");
    }
}

#[cfg(feature = "tools")]
mod tools {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use openai_assistants::{Parsed, ToolSet, response_format};
    use openai_assistants_fake::{Conversation, Turn};
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    struct Double {
        number: i64,
    }

    /// Calls for the double of the last message, then replies with it and the number of messages.
    fn doubler(conversation: &Conversation) -> Turn {
        match conversation.outputs.last() {
            None => {
                let number: i64 = conversation.last_text().parse().unwrap_or_default();
                Turn::new().calls([("double", json!({ "number": number }))])
            }
            Some(double) => {
                let count = conversation.messages.len();
                Turn::new().say(format!("{} after {count}", double.output))
            }
        }
    }

    /// The tool, and the number of its calls.
    fn tools() -> (ToolSet, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let tools = ToolSet::builder().function(move |double: Double| {
            count.fetch_add(1, Ordering::SeqCst);
            async move { Ok::<_, String>(2 * double.number) }
        });
        (tools.build().expect("the tool is valid"), calls)
    }

    #[tokio::test]
    async fn a_conversation_of_several_runs_is_the_same_polled_and_streamed() {
        for is_streamed in [false, true] {
            let setup = FakeSetup::start(doubler).await;
            for question in ["1", "20", "300"] {
                setup.add_question(question).await;
                let (tools, calls) = tools();
                let followed = setup.create_run().follow().tools(&tools);
                let outcome = if is_streamed {
                    let run = followed.stream().await.expect("the stream opens");
                    run.finish().await
                } else {
                    followed.outcome().await
                };
                let outcome = outcome.expect("the run completes");
                assert_eq!(outcome.run.status.as_str(), "completed");
                assert_eq!((outcome.messages.len(), outcome.steps.len()), (1, 2));
                assert_eq!(calls.load(Ordering::SeqCst), 1);
            }
            let expected = ["1", "2 after 1", "20", "40 after 3", "300", "600 after 5"];
            assert_eq!(setup.texts().await, expected);
        }
    }

    #[tokio::test]
    async fn tools_are_called_once_although_their_stream_is_cut() {
        // Each of the two streams has fewer than 20 events.
        for after in 1..20 {
            let setup = FakeSetup::start(doubler).await;
            setup.add_question("4").await;
            let (tools, calls) = tools();
            let fault = Fault::cut().after(after).to_string();
            let create = setup.create_run().header("x-fake-fault", fault);
            let opened = create.follow().tools(&tools).stream().await;
            let outcome = match opened.expect("the stream opens").finish().await {
                Err(error) => {
                    assert!(error.is_interrupted(), "{after}: {error}");
                    let run = setup.client.get_run().thread_id(&setup.thread_id);
                    let run = run.run_id(error.run_id().expect("the ID is known"));
                    run.follow().tools(&tools).outcome().await
                }
                outcome => outcome,
            };
            let outcome = outcome.expect("the run completes");
            assert_eq!(outcome.text(), "8 after 1", "{after}");
            assert_eq!(outcome.steps.len(), 2, "{after}");
            assert_eq!(calls.load(Ordering::SeqCst), 1, "{after}");
            assert_eq!(setup.texts().await, ["4", "8 after 1"], "{after}");
        }
    }

    #[tokio::test]
    async fn structured_output_is_a_value_a_refusal_or_incomplete() {
        #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
        struct Sum {
            result: i64,
        }

        let script = Script::new()
            .say(r#"{ "result": 4 }"#)
            .refuse("I would rather not.")
            .incomplete(r#"{ "res"#, IncompleteReason::MaxCompletionTokens);
        let setup = FakeSetup::start(script).await;
        for expected in [
            Parsed::Value(Sum { result: 4 }),
            Parsed::Refusal("I would rather not.".to_owned()),
            Parsed::Incomplete {
                status: "incomplete".to_owned(),
                reason: Some("max_completion_tokens".to_owned()),
            },
        ] {
            let body = openai_assistants::types::CreateRunRequest::builder()
                .assistant_id(&setup.assistant_id)
                .response_format(response_format::<Sum>().expect("the schema is supported"));
            let create = setup
                .client
                .create_run()
                .thread_id(&setup.thread_id)
                .body(body);
            let outcome = create.follow().outcome().await.expect("the run completes");
            let parsed = outcome.parse::<Sum>().expect("the output is valid");
            assert_eq!(parsed, expected);
        }
    }
}
