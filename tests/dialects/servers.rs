//! What servers do beyond the form of their responses, and what the caller sees of it.

use httpmock::{Method, MockServer};
use openai_assistants::types::{CreateRunRequest, RunStepDetails};
use openai_assistants::{Client, Credentials};
use openai_assistants_fake::SkippingClock;
use serde_json::{Value, json};

use crate::shared_clock::SharedClock;
use crate::{Dialect, dialect};

const RUNS: &str = "/threads/t/runs";
const MESSAGES: &str = "/threads/t/messages";

/// A mock server with a dialect, and a client whose clock never waits.
struct Server {
    dialect: Dialect,
    mock: MockServer,
    client: Client,
}

impl Server {
    async fn start(name: &str) -> Self {
        let mock = MockServer::start_async().await;
        let client = Client::builder()
            .base_url(mock.base_url())
            .credentials(Credentials::none())
            .clock(SharedClock(SkippingClock::default()))
            .build();
        Self {
            dialect: dialect(name),
            client: client.expect("the configuration is valid"),
            mock,
        }
    }

    fn response(&self, kind: &str) -> Value {
        let response = self.dialect.response(kind);
        assert!(response.is_object(), "{kind}");
        response
    }

    fn respond(&self, method: Method, path: &str, status: u16, body: &Value) {
        self.mock.mock(|when, then| {
            when.method(method).path(path);
            then.status(status)
                .header("content-type", "application/json")
                .json_body(body.clone());
        });
    }

    fn respond_with_stream(&self, stream: &str) {
        self.mock.mock(|when, then| {
            when.method(Method::POST).path(RUNS);
            then.header("content-type", "text/event-stream")
                .body(stream);
        });
    }

    fn create_run(&self) -> openai_assistants::operations::CreateRun {
        let body = CreateRunRequest::builder().assistant_id("a");
        self.client.create_run().thread_id("t").body(body)
    }

    /// The paths of the run and of its steps.
    fn paths(&self) -> [String; 2] {
        let run = self.response("run");
        let run = run["id"].as_str().expect("it has an ID");
        [format!("{RUNS}/{run}"), format!("{RUNS}/{run}/steps")]
    }

    fn page(&self, items: Vec<Value>) -> Value {
        (self.dialect.page)(items, false)
    }
}

/// A message with another ID, time and role.
fn earlier(message: &Value, id: &str, role: &str) -> Value {
    let mut earlier = message.clone();
    earlier["id"] = id.into();
    earlier["role"] = role.into();
    earlier["created_at"] = 1.into();
    earlier
}

#[tokio::test]
async fn cogitator_creates_with_201_and_has_no_steps() {
    let server = Server::start("Cogitator").await;
    let [run, steps] = server.paths();
    let mut created = server.response("run");
    created["status"] = "in_progress".into();
    server.respond(Method::POST, RUNS, 201, &created);
    server.respond(Method::GET, &run, 200, &server.response("run"));
    server.respond(Method::GET, &steps, 404, &server.response("no_route"));
    let page = server.page(vec![server.response("message")]);
    server.respond(Method::GET, MESSAGES, 200, &page);
    let outcome = server.create_run().follow().outcome().await;
    let outcome = outcome.expect("it is complete");
    assert_eq!(outcome.text(), "It rains.");
    assert!(outcome.steps.is_empty());
    let reason = outcome.steps_unavailable.expect("a reason");
    assert!(reason.contains("listRunSteps"), "{reason}");
}

#[tokio::test]
async fn cogitator_sends_the_message_after_the_run_has_completed() {
    let server = Server::start("Cogitator").await;
    server.respond_with_stream(server.dialect.stream);
    let stream = server.create_run().stream().await.expect("it opens");
    let outcome = stream.accumulate().finish().await.expect("it is complete");
    assert_eq!(outcome.text(), "It rains.");
    assert_eq!(
        outcome.run.usage.expect("there is usage").total_tokens,
        Some(12)
    );
}

#[tokio::test]
async fn hal_9100_leaves_the_run_of_a_message_blank() {
    let server = Server::start("hal-9100").await;
    let [run, steps] = server.paths();
    let mut created = server.response("run");
    created["status"] = "queued".into();
    server.respond(Method::POST, RUNS, 200, &created);
    server.respond(Method::GET, &run, 200, &server.response("run"));
    let page = server.page(vec![server.response("step")]);
    server.respond(Method::GET, &steps, 200, &page);
    let reply = server.response("message");
    let question = earlier(&reply, "m1", "user");
    let answer = earlier(&reply, "m2", "assistant");
    let page = server.page(vec![question, answer, reply]);
    server.respond(Method::GET, MESSAGES, 200, &page);
    let outcome = server.create_run().follow().outcome().await;
    let outcome = outcome.expect("it is complete");
    assert_eq!(outcome.text(), "It rains.");
    assert_eq!(outcome.messages.len(), 1);
}

#[tokio::test]
async fn hal_9100_responds_to_a_stream_with_a_run() {
    let server = Server::start("hal-9100").await;
    server.respond(Method::POST, RUNS, 200, &server.response("run"));
    let error = server.create_run().stream().await;
    let error = error.expect_err("it is not a stream");
    assert_eq!(error.run_id(), server.response("run")["id"].as_str());
}

#[tokio::test]
async fn lumenlabs_responds_when_the_run_is_terminal_and_names_no_run_in_messages() {
    let server = Server::start("LumenLabs").await;
    let [_, steps] = server.paths();
    server.respond(Method::POST, RUNS, 201, &server.response("run"));
    server.respond(Method::GET, &steps, 404, &server.response("no_route"));
    let reply = server.response("message");
    let question = earlier(&reply, "m1", "user");
    let answer = earlier(&reply, "m2", "assistant");
    let page = server.page(vec![question, answer, reply]);
    server.respond(Method::GET, MESSAGES, 200, &page);
    let outcome = server.create_run().follow().outcome().await;
    let outcome = outcome.expect("it is complete");
    assert_eq!(outcome.text(), "It rains.");
    assert!(outcome.steps_unavailable.is_some());
}

#[tokio::test]
async fn lumenlabs_reports_errors_without_a_type() {
    let server = Server::start("LumenLabs").await;
    let [_, steps] = server.paths();
    server.respond(Method::POST, RUNS, 201, &server.response("failed"));
    let steps = steps.replace("run_6c23", "run_6c24");
    server.respond(Method::GET, &steps, 404, &server.response("no_route"));
    server.respond(Method::GET, MESSAGES, 200, &server.page(Vec::new()));
    let outcome = server.create_run().follow().outcome().await;
    let error = outcome.expect("it is terminal").into_completed();
    let error = error.expect_err("it failed").to_string();
    assert!(error.contains("The model is overloaded."), "{error}");

    let not_found = server.response("not_found");
    server.respond(Method::GET, "/threads/u/messages", 404, &not_found);
    let error = server.client.list_messages().thread_id("u").send().await;
    let error = error.expect_err("there is no thread");
    assert!(error.is_not_found());
    assert_eq!(error.code(), Some("not_found"));
    assert!(error.to_string().contains("thread_not_found"), "{error}");
}

#[tokio::test]
async fn litellm_responds_when_the_run_is_terminal_and_has_no_steps() {
    let server = Server::start("LiteLLM").await;
    let [_, steps] = server.paths();
    server.respond(Method::POST, RUNS, 200, &server.response("run"));
    server.respond(Method::GET, &steps, 404, &server.response("no_route"));
    let page = server.page(vec![server.response("message")]);
    server.respond(Method::GET, MESSAGES, 200, &page);
    let outcome = server.create_run().follow().outcome().await;
    let outcome = outcome.expect("it is complete");
    assert_eq!(outcome.text(), "It rains.");
    assert!(outcome.steps_unavailable.is_some());
}

#[tokio::test]
async fn litellm_ends_a_stream_with_an_error_of_its_own_before_done() {
    let server = Server::start("LiteLLM").await;
    server.respond_with_stream(include_str!("litellm.sse"));
    let stream = server.create_run().stream().await.expect("it opens");
    let mut deltas = stream.text_deltas();
    let text = deltas.try_next().await.expect("it has text");
    assert_eq!(text.map(|text| text.to_string()).as_deref(), Some("It "));
    let error = deltas.try_next().await.expect_err("the text is cut short");
    let text = error.to_string();
    assert!(text.contains("The deployment is overloaded."), "{text}");
    assert_eq!(error.run_id(), Some("run_Lm4"));
}

#[tokio::test]
async fn properties_that_the_service_added_later_are_kept() {
    let server = Server::start("OpenAI").await;
    server.respond_with_stream(server.dialect.stream);
    let stream = server.create_run().stream().await.expect("it opens");
    let outcome = stream.accumulate().finish().await.expect("it is complete");
    assert_eq!(outcome.text(), "It rains.");
    let usage = outcome.run.usage.expect("there is usage");
    assert_eq!(
        usage.extra["prompt_token_details"],
        json!({ "cached_tokens": 2 })
    );
    assert_eq!(outcome.run.extra["reasoning_effort"], Value::Null);
    let step = &outcome.steps[0];
    assert_eq!(step.extra["expires_at"], 1_760_000_602);
    let RunStepDetails::ToolCalls(details) = &step.step_details else {
        panic!("it has tool calls")
    };
    let calls = serde_json::to_value(&details.tool_calls).expect("it can be serialized");
    let search = &calls[0]["file_search"];
    assert_eq!(search["ranking_options"]["score_threshold"], 0.25);
    assert_eq!(
        search["results"][0]["attributes"],
        json!({ "region": "north" })
    );
}
