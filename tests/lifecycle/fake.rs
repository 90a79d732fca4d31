//! What only a server with a state can show. Whatever it sends is compared with the
//! document on the way, and nobody waits: the clock is turned on instead.

use std::sync::Arc;
use std::time::Duration;

use openai_assistants::operations::{CreateRun, GetRun};
use openai_assistants::types::{
    CreateAssistantRequest, CreateMessageRequest, ListOrder, MessageRole, RunObject,
};
use openai_assistants::{Client, Clock, RetryPolicy};
use openai_assistants_fake::{
    FailureCode, Fake, Fault, IncompleteReason, Model, Reply, RetryAfter, Script, Server,
    SkippingClock,
};
use tokio::sync::Notify;

use crate::create_run;

/// An assistant and a thread on a fake server.
pub(crate) struct Talk {
    pub(crate) server: Server,
    pub(crate) client: Client,
    clock: SkippingClock,
    pub(crate) assistant_id: String,
    pub(crate) thread_id: String,
}

impl Talk {
    pub(crate) async fn begin(model: impl Model) -> Self {
        let clock = SkippingClock::default();
        let fake = Fake::builder().checked().clock(clock.clone()).model(model);
        let server = fake.start().await.expect("there is a free port");
        let client = server.client_builder().clock(clock.clone());
        let client = client.build().expect("the settings are good");
        let assistant = client
            .create_assistant()
            .body(CreateAssistantRequest::builder().model("gpt-4o"));
        let assistant_id = assistant.send().await.expect("it is made").id;
        let thread_id = client.create_thread().send().await.expect("it is made").id;
        Self {
            server,
            client,
            clock,
            assistant_id,
            thread_id,
        }
    }

    async fn ask(&self, question: &str) {
        let message = CreateMessageRequest::builder()
            .role(MessageRole::User)
            .content(question);
        let create = self.client.create_message().thread_id(&self.thread_id);
        create.body(message).send().await.expect("it is added");
    }

    fn create_run(&self) -> CreateRun {
        create_run(&self.client, &self.thread_id, &self.assistant_id)
    }

    fn get_run(&self, run: &RunObject) -> GetRun {
        let get = self.client.get_run().thread_id(&run.thread_id);
        get.run_id(&run.id)
    }

    /// Everything on the thread, two messages a page.
    async fn texts(&self) -> Vec<String> {
        let list = self.client.list_messages().thread_id(&self.thread_id);
        let mut messages = list.order(ListOrder::Asc).limit(2).items();
        let mut texts = Vec::new();
        while let Some(message) = messages.try_next().await.expect("there is a page") {
            texts.push(message.text());
        }
        texts
    }
}

#[tokio::test]
async fn a_run_that_is_cancelled_leaves_the_thread_to_others() {
    let minute = Duration::from_secs(60);
    let talk = Talk::begin(Script::new().wait(minute).say("Too late.").say("Hello")).await;
    let run = talk.create_run().send().await.expect("it is made");
    let refused = talk.create_run().send().await;
    assert!(refused.expect_err("a run is active").is_bad_request());

    let cancel = talk.client.cancel_run().thread_id(&talk.thread_id);
    let cancelled = cancel.run_id(&run.id).follow().wait().await;
    let cancelled = cancelled.expect("it can be cancelled");
    assert_eq!(cancelled.status.as_str(), "cancelled");
    assert_eq!(talk.texts().await, [""; 0]);

    let outcome = talk.create_run().follow().outcome().await;
    assert_eq!(outcome.expect("the thread is free").text(), "Hello");
}

#[tokio::test]
async fn who_gives_up_waiting_cancels_the_run_at_the_server() {
    let talk = Talk::begin(Script::new().wait(Duration::from_secs(60)).say("Too late.")).await;
    let begun = Arc::new(Notify::new());
    let seen = begun.clone();
    let followed = talk
        .create_run()
        .follow()
        .on_state(move |_| seen.notify_one())
        .cancel_on(async move { begun.notified().await })
        .cancel_run(true);
    let error = followed.wait().await.expect_err("it is given up");
    assert!(error.is_cancelled() && error.is_run_cancelled(), "{error}");
    let run = talk
        .client
        .get_run()
        .thread_id(error.thread_id().expect("it is known"))
        .run_id(error.run_id().expect("it is known"));
    let run = run.follow().wait().await.expect("it is there");
    assert_eq!(run.status.as_str(), "cancelled");
}

#[tokio::test]
async fn a_run_that_waits_too_long_expires() {
    let lifetime = Duration::from_secs(600);
    let call = Script::new().call("add", serde_json::json!({}));
    let talk = Talk::begin(call).await;
    let run = talk
        .create_run()
        .follow()
        .wait()
        .await
        .expect("all is well");
    assert_eq!(run.status.as_str(), "requires_action");
    talk.clock.skip(lifetime);
    let run = talk.get_run(&run).follow().wait().await;
    assert_eq!(run.expect("it is there").status.as_str(), "expired");

    // The same for a model that takes too long, in a stream.
    let talk = Talk::begin(Script::new().wait(lifetime).say("Too late.")).await;
    let events = talk.create_run().stream().await.expect("it opens");
    let outcome = events.accumulate().finish().await.expect("it ends");
    assert_eq!(outcome.run.status.as_str(), "expired");
}

#[tokio::test]
async fn a_state_without_an_answer_is_no_error_polled_or_streamed() {
    let script = Script::new()
        .incomplete("It is", IncompleteReason::MaxCompletionTokens)
        .fail(FailureCode::RateLimitExceeded, "Too much.")
        .repeat();
    let talk = Talk::begin(script).await;
    for is_streamed in [false, true] {
        for (status, reason, text) in [
            ("incomplete", "max_completion_tokens", "It is"),
            ("failed", "rate_limit_exceeded", ""),
        ] {
            let outcome = if is_streamed {
                let events = talk.create_run().stream().await.expect("it opens");
                events.accumulate().finish().await
            } else {
                talk.create_run().follow().outcome().await
            };
            let outcome = outcome.expect("a state is no error");
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
async fn a_list_is_walked_page_by_page_both_ways() {
    let talk = Talk::begin(Script::new()).await;
    for question in ["1", "2", "3", "4", "5"] {
        talk.ask(question).await;
    }
    assert_eq!(talk.texts().await, ["1", "2", "3", "4", "5"]);

    let list = talk.client.list_messages().thread_id(&talk.thread_id);
    let mut pages = list.clone().limit(2).pages();
    let mut found = Vec::new();
    while let Some(page) = pages.try_next().await.expect("there is a page") {
        let texts = page.data.iter().map(|message| message.text());
        found.push((texts.collect::<Vec<_>>().join(" "), page.has_more));
    }
    let expected = [("5 4", true), ("3 2", true), ("1", false)];
    assert_eq!(
        found,
        expected.map(|(texts, has_more)| (texts.to_owned(), has_more))
    );

    let oldest = list.clone().order(ListOrder::Asc).limit(1).send().await;
    let oldest = oldest.expect("there is a page").data.remove(0).id;
    let mut newer = list.before(oldest).limit(2).items();
    let mut texts = Vec::new();
    while let Some(message) = newer.try_next().await.expect("there is a page") {
        texts.push(message.text());
    }
    texts.sort();
    assert_eq!(texts, ["2", "3", "4", "5"]);
}

#[tokio::test]
async fn a_run_whose_stream_is_cut_is_followed_to_its_end() {
    // In the middle of each of its events, the last one included.
    let events = 13;
    for after in 0..events {
        let talk = Talk::begin(Script::new().say(Reply::pieces(["2 + 2 ", "= 4"]))).await;
        let fault = Fault::cut().after(after).to_string();
        let create = talk.create_run().header("x-fake-fault", fault);
        let stream = create.stream().await.expect("it opens");
        let error = match stream.accumulate().finish().await {
            Err(error) => error,
            // The run was at rest, and nothing is missing.
            Ok(outcome) => {
                assert_eq!((after, outcome.text().as_str()), (events - 1, "2 + 2 = 4"));
                continue;
            }
        };
        assert!(error.is_interrupted() && error.is_cut(), "{after}: {error}");
        let Some(run_id) = error.run_id() else {
            assert_eq!(after, 0, "a run is known from its first event on");
            continue;
        };
        let thread_id = error.thread_id().expect("it is known with the run");
        let run = talk.client.get_run().thread_id(thread_id).run_id(run_id);
        let outcome = run.follow().outcome().await.expect("it goes on");
        assert_eq!(outcome.text(), "2 + 2 = 4");
        assert_eq!(talk.texts().await, ["2 + 2 = 4"]);
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_out_in_each_spelling() {
    let seconds = Duration::from_secs_f64;
    for (spelling, wait) in [
        (RetryAfter::Millis(50), seconds(0.05)),
        (RetryAfter::Seconds(1.5), seconds(1.5)),
        (RetryAfter::Seconds(3.0), seconds(3.0)),
        (RetryAfter::Date(2), seconds(2.0)),
    ] {
        let clock = SkippingClock::default();
        let fault = Fault::status(429).retry_after(spelling);
        let fake = Fake::builder().checked().clock(clock.clone());
        let fake = fake.fault_times(3, "createThread", fault);
        let server = fake.start().await.expect("there is a free port");
        let client = |retries| {
            let client = server.client_builder().clock(clock.clone());
            client
                .retry(RetryPolicy::default().max_retries(retries))
                .build()
                .expect("good settings")
        };
        let start = clock.now();
        let refused = client(0).create_thread().send().await;
        let error = refused.expect_err("there are no retries");
        assert!(error.is_rate_limited());
        assert_eq!(error.retry_after(), Some(wait), "{spelling:?}");
        assert_eq!(clock.now(), start);

        let thread = client(2).create_thread().send().await;
        assert!(thread.is_ok(), "{spelling:?}");
        let waited = clock.now().duration_since(start);
        assert_eq!(waited.expect("time passes"), 2 * wait, "{spelling:?}");
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

    /// Has the number doubled that it is told, and says how many messages there were.
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

    /// The tool, and how often it was called.
    fn tools() -> (ToolSet, Arc<AtomicUsize>) {
        let calls = Arc::new(AtomicUsize::new(0));
        let count = calls.clone();
        let tools = ToolSet::builder().function(move |double: Double| {
            count.fetch_add(1, Ordering::SeqCst);
            async move { Ok::<_, String>(2 * double.number) }
        });
        (tools.build().expect("the tool is good"), calls)
    }

    #[tokio::test]
    async fn a_conversation_over_several_runs_is_the_same_polled_and_streamed() {
        for is_streamed in [false, true] {
            let talk = Talk::begin(doubler).await;
            for question in ["1", "20", "300"] {
                talk.ask(question).await;
                let (tools, calls) = tools();
                let followed = talk.create_run().follow().tools(&tools);
                let outcome = if is_streamed {
                    let run = followed.stream().await.expect("it opens");
                    run.finish().await
                } else {
                    followed.outcome().await
                };
                let outcome = outcome.expect("all is well");
                assert_eq!(outcome.run.status.as_str(), "completed");
                assert_eq!((outcome.messages.len(), outcome.steps.len()), (1, 2));
                assert_eq!(calls.load(Ordering::SeqCst), 1);
            }
            let expected = ["1", "2 after 1", "20", "40 after 3", "300", "600 after 5"];
            assert_eq!(talk.texts().await, expected);
        }
    }

    #[tokio::test]
    async fn tools_are_called_once_though_their_stream_is_cut() {
        // Each of the two streams has fewer events.
        for after in 1..20 {
            let talk = Talk::begin(doubler).await;
            talk.ask("4").await;
            let (tools, calls) = tools();
            let fault = Fault::cut().after(after).to_string();
            let create = talk.create_run().header("x-fake-fault", fault);
            let opened = create.follow().tools(&tools).stream().await;
            let outcome = match opened.expect("it opens").finish().await {
                Err(error) => {
                    assert!(error.is_interrupted(), "{after}: {error}");
                    let run = talk.client.get_run().thread_id(&talk.thread_id);
                    let run = run.run_id(error.run_id().expect("it is known"));
                    run.follow().tools(&tools).outcome().await
                }
                outcome => outcome,
            };
            let outcome = outcome.expect("it goes on");
            assert_eq!(outcome.text(), "8 after 1", "{after}");
            assert_eq!(outcome.steps.len(), 2, "{after}");
            assert_eq!(calls.load(Ordering::SeqCst), 1, "{after}");
            assert_eq!(talk.texts().await, ["4", "8 after 1"], "{after}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_a_value_a_refusal_or_unfinished() {
        #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
        struct Sum {
            result: i64,
        }

        let script = Script::new()
            .say(r#"{ "result": 4 }"#)
            .refuse("I would rather not.")
            .incomplete(r#"{ "res"#, IncompleteReason::MaxCompletionTokens);
        let talk = Talk::begin(script).await;
        for expected in [
            Parsed::Answer(Sum { result: 4 }),
            Parsed::Refused("I would rather not.".to_owned()),
            Parsed::Unfinished {
                status: "incomplete".to_owned(),
                reason: Some("max_completion_tokens".to_owned()),
            },
        ] {
            let body = openai_assistants::types::CreateRunRequest::builder()
                .assistant_id(&talk.assistant_id)
                .response_format(response_format::<Sum>().expect("it can be expressed"));
            let create = talk
                .client
                .create_run()
                .thread_id(&talk.thread_id)
                .body(body);
            let outcome = create.follow().outcome().await.expect("all is well");
            let parsed = outcome.parse::<Sum>().expect("it can be read");
            assert_eq!(parsed, expected);
        }
    }
}
