//! Servers that bend the rules: answers and streams as they send them, with what the caller
//! gets. `tests/dialects/` holds a file of answers and a stream of each server.

#![cfg(assistants_document = "openapi.yaml")]

use std::collections::BTreeSet;

use httpmock::{Method, MockServer};
use openai_assistants::types::{CreateRunRequest, MessageObject, TextAnnotation};
use openai_assistants::{Client, Credentials, RawEvent, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

struct Dialect {
    name: &'static str,
    /// An answer of each kind.
    answers: &'static str,
    stream: &'static str,
    line_end: &'static str,
    /// Properties that the document does not know: they are passed over.
    passed_over: &'static [&'static str],
    /// A page of a list, and whether there is another behind it.
    page: fn(Vec<Value>, bool) -> Value,
    /// How the stream ends without an event that says so.
    end: End,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    Done,
    /// The connection closes once the run is at rest.
    Closed,
    /// The connection closes while nothing has said that the run is at rest.
    Interrupted,
}

macro_rules! files {
    ($name:literal) => {
        (
            include_str!(concat!("dialects/", $name, ".json")),
            include_str!(concat!("dialects/", $name, ".sse")),
        )
    };
}

fn dialects() -> Vec<Dialect> {
    let dialect = |name, (answers, stream), end| Dialect {
        name,
        answers,
        stream,
        line_end: "\n",
        passed_over: &[],
        page: |items, has_more| {
            let id = |item: Option<&Value>| item.map(|item| item["id"].clone());
            let ids = (id(items.first()), id(items.last()));
            json!({ "object": "list", "data": items, "first_id": ids.0, "last_id": ids.1, "has_more": has_more })
        },
        end,
    };
    vec![
        Dialect {
            line_end: "\r\n",
            passed_over: &[
                "/additional_instructions",
                "/extra_body",
                "/file_ids",
                "/message_id",
                "/metadata_",
                "/step/expires_at",
                "/stream_options",
                "/updated_at",
            ],
            ..dialect(
                "open-assistant-api",
                files!("open_assistant_api"),
                End::Closed,
            )
        },
        Dialect {
            // It has all in one page, and no cursors.
            page: |items, _| json!({ "object": "runs", "data": items, "first_id": "none", "last_id": "none", "has_more": false }),
            ..dialect(
                "Astra Assistants",
                files!("astra_assistants"),
                End::Interrupted,
            )
        },
        Dialect {
            // What is null is left out.
            page: |items, has_more| json!({ "data": items, "has_more": has_more }),
            ..dialect("a gateway", files!("gateway"), End::Done)
        },
        Dialect {
            passed_over: &[
                "/run/tool_resources",
                "/data/tool_resources",
                "/step/expires_at",
            ],
            ..dialect("Azure OpenAI", files!("azure_openai"), End::Done)
        },
        Dialect {
            passed_over: &[
                "/run/tool_resources",
                "/tool_resources/azure_ai_search",
                "/file_citation/quote",
            ],
            ..dialect("Foundry Agents classic", files!("foundry"), End::Done)
        },
    ]
}

impl Dialect {
    fn answer(&self, kind: &str) -> Value {
        let answers: Value = serde_json::from_str(self.answers).expect("the fixture is JSON");
        answers[kind].clone()
    }

    /// Checks that all that was sent has reached the caller, and that nothing was made up.
    fn check(&self, kind: &str, sent: &Value, got: &impl Serialize) {
        let got = serde_json::to_value(got).expect("it can be written");
        if let Some(difference) = self.difference(sent, &got, format!("/{kind}")) {
            panic!("{}: {difference}", self.name);
        }
    }

    fn difference(&self, sent: &Value, got: &Value, place: String) -> Option<String> {
        let is_nothing = |value: &Value| {
            [
                json!(null),
                json!([]),
                json!({}),
                json!(false),
                json!(""),
                json!(0),
            ]
            .contains(value)
        };
        match (sent, got) {
            // The constant `object` is known from the endpoint, whatever a server says.
            _ if place.ends_with("/object") => None,
            _ if self.passed_over.iter().any(|end| place.ends_with(end)) => None,
            (Value::Object(sent), Value::Object(got)) => {
                let names: BTreeSet<&String> = sent.keys().chain(got.keys()).collect();
                names.into_iter().find_map(|name| {
                    let value = |side: &serde_json::Map<String, Value>| {
                        side.get(name).cloned().unwrap_or_default()
                    };
                    self.difference(&value(sent), &value(got), format!("{place}/{name}"))
                })
            }
            (Value::Array(sent), Value::Array(got)) if sent.len() == got.len() => {
                let mut pairs = sent.iter().zip(got).enumerate();
                pairs.find_map(|(at, (sent, got))| {
                    self.difference(sent, got, format!("{place}/{at}"))
                })
            }
            (Value::Number(sent), Value::Number(got)) if sent.as_f64() == got.as_f64() => None,
            (Value::Null, got) if is_nothing(got) => None,
            _ => (sent != got).then(|| format!("{place} was {sent} and is {got}")),
        }
    }

    /// A client of a server that answers a GET of that path.
    async fn client(&self) -> (MockServer, Client) {
        let server = MockServer::start_async().await;
        let client = Client::builder()
            .base_url(server.base_url())
            .credentials(Credentials::none())
            .build()
            .expect("the configuration is valid");
        (server, client)
    }

    async fn streaming(&self) -> (MockServer, Client) {
        let (server, client) = self.client().await;
        let stream = self.stream.replace('\n', self.line_end);
        server.mock(|when, then| {
            when.method(Method::POST).path("/threads/t/runs");
            then.header("content-type", "text/event-stream; charset=utf-8")
                .body(stream);
        });
        (server, client)
    }
}

fn get(server: &MockServer, path: &str, answer: &Value) {
    server.mock(|when, then| {
        when.method(Method::GET).path(path);
        then.json_body(answer.clone());
    });
}

#[tokio::test]
async fn answers_are_decoded_without_loss() {
    for dialect in dialects() {
        let (server, client) = dialect.client().await;
        let answer = |kind: &str, path: &str| {
            let answer = dialect.answer(kind);
            get(&server, path, &answer);
            answer
        };

        let sent = answer("assistant", "/assistants/a");
        let got = client.get_assistant().assistant_id("a").send().await;
        dialect.check("assistant", &sent, &got.expect(dialect.name));

        let sent = answer("thread", "/threads/t");
        let got = client.get_thread().thread_id("t").send().await;
        dialect.check("thread", &sent, &got.expect(dialect.name));

        let sent = answer("message", "/threads/t/messages/m");
        let call = client.get_message().thread_id("t").message_id("m");
        let message = call.send().await.expect(dialect.name);
        dialect.check("message", &sent, &message);
        assert!(message.text().starts_with("It rains"), "{}", dialect.name);

        let sent = answer("run", "/threads/t/runs/r");
        let got = client.get_run().thread_id("t").run_id("r").send().await;
        dialect.check("run", &sent, &got.expect(dialect.name));

        let sent = answer("step", "/threads/t/runs/r/steps/s");
        let call = client.get_run_step().thread_id("t").run_id("r");
        let got = call.step_id("s").send().await;
        dialect.check("step", &sent, &got.expect(dialect.name));
    }
}

/// open-assistant-api speaks version 1, where files are no strangers.
#[cfg(feature = "v1")]
#[tokio::test]
async fn answers_of_version_1_are_decoded_without_loss() {
    let mut dialect = dialects().swap_remove(0);
    assert_eq!(dialect.name, "open-assistant-api");
    dialect.passed_over = &[
        "/additional_instructions",
        "/assistant/response_format",
        "/assistant/temperature",
        "/assistant/tool_resources",
        "/assistant/top_p",
        "/extra_body",
        "/message_id",
        "/metadata_",
        "/stream_options",
        "/updated_at",
    ];
    let (server, client) = dialect.client().await;
    let client = client.v1();
    let answer = |kind: &str, path: &str| {
        let answer = dialect.answer(kind);
        get(&server, path, &answer);
        answer
    };

    let sent = answer("assistant", "/assistants/a");
    let got = client.get_assistant().assistant_id("a").send().await;
    dialect.check("assistant", &sent, &got.expect(dialect.name));

    let sent = answer("message", "/threads/t/messages/m");
    let call = client.get_message().thread_id("t").message_id("m");
    dialect.check("message", &sent, &call.send().await.expect(dialect.name));

    let sent = answer("run", "/threads/t/runs/r");
    let got = client.get_run().thread_id("t").run_id("r").send().await;
    dialect.check("run", &sent, &got.expect(dialect.name));

    let (_server, client) = dialect.streaming().await;
    let body = openai_assistants::v1::types::CreateRunRequest::builder().assistant_id("a");
    let call = client.v1().create_run().thread_id("t").body(body);
    let mut texts = call.stream().await.expect(dialect.name).text_deltas();
    let mut text = String::new();
    while let Some(piece) = texts.try_next().await.expect(dialect.name) {
        text += &piece;
    }
    assert!(text.starts_with("It rains"), "{text}");
}

#[tokio::test]
async fn lists_are_walked_to_their_end() {
    for dialect in dialects() {
        let (server, client) = dialect.client().await;
        let message = |id: &str| {
            let mut message = dialect.answer("message");
            message["id"] = id.into();
            message
        };
        let first = (dialect.page)(vec![message("m1"), message("m2")], true);
        let second = (dialect.page)(vec![message("m3")], false);
        let expected: &[&str] = if first["has_more"] == true {
            &["m1", "m2", "m3"]
        } else {
            &["m1", "m2"]
        };
        server.mock(|when, then| {
            let when = when.method(Method::GET).path("/threads/t/messages");
            when.query_param_missing("after");
            then.json_body(first);
        });
        server.mock(|when, then| {
            let when = when.method(Method::GET).path("/threads/t/messages");
            when.query_param("after", "m2");
            then.json_body(second);
        });
        let mut ids = Vec::new();
        let mut messages = client.list_messages().thread_id("t").items();
        while let Some(message) = messages.try_next().await.expect(dialect.name) {
            ids.push(message.id);
        }
        assert_eq!(ids, expected, "{}", dialect.name);
    }
}

#[tokio::test]
async fn lists_of_nothing_are_empty() {
    for dialect in dialects() {
        for data in [json!([]), Value::Null] {
            let (server, client) = dialect.client().await;
            let mut page = (dialect.page)(Vec::new(), false);
            page["data"] = data;
            get(&server, "/threads/t/runs", &page);
            let mut runs = client.list_runs().thread_id("t").items();
            assert_eq!(runs.try_next().await.expect(dialect.name), None);
        }
    }
}

/// The name and the data of an event, which may have both in its data.
fn told(event: &RawEvent) -> (String, Value) {
    let data = event
        .json::<Value>()
        .unwrap_or_else(|_| event.data.clone().into());
    match (&*event.event, data["event"].as_str()) {
        ("", Some(name)) => (name.to_owned(), data["data"].clone()),
        (name, _) => (name.to_owned(), data),
    }
}

#[tokio::test]
async fn events_are_decoded_without_loss() {
    for dialect in dialects() {
        let (_server, client) = dialect.streaming().await;
        let body = CreateRunRequest::builder().assistant_id("a");
        let call = client.create_run().thread_id("t").body(body);
        let mut events = call.stream().await.expect(dialect.name);
        let raw = client.request(openai_assistants::Method::POST, "/threads/t/runs");
        let mut raw = raw.stream().await.expect(dialect.name);
        let mut last = String::new();
        let error = loop {
            let sent = raw.try_next().await;
            match (events.try_next().await, sent) {
                (Ok(Some(event)), Ok(Some(sent))) => {
                    let (name, sent) = told(&sent);
                    assert_eq!(event.event(), name, "{}", dialect.name);
                    last = name;
                    if sent != "[DONE]" {
                        let got: Value = event
                            .data()
                            .and_then(|data| serde_json::from_str(&data))
                            .expect("its data is JSON");
                        dialect.check("data", &sent, &got);
                    }
                }
                (Ok(None), Ok(None)) => break None,
                (Err(error), Ok(None) | Err(_)) => break Some(error),
                (typed, raw) => panic!("{}: {typed:?} and {raw:?}", dialect.name),
            }
        };
        let is_interrupted = error.as_ref().is_some_and(|error| error.is_interrupted());
        let end = match last.as_str() {
            "done" => End::Done,
            _ if is_interrupted => End::Interrupted,
            _ => End::Closed,
        };
        assert_eq!(end, dialect.end, "{}: {error:?}", dialect.name);
        assert_eq!(
            error.is_some(),
            is_interrupted,
            "{}: {error:?}",
            dialect.name
        );
        let run = dialect.answer("run")["id"].clone();
        assert_eq!(events.run_id(), run.as_str(), "{}", dialect.name);
        if let Some(error) = error {
            assert_eq!(error.run_id(), run.as_str(), "{}", dialect.name);
        }
    }
}

#[tokio::test]
async fn text_streams_in_every_dialect() {
    for dialect in dialects() {
        let (_server, client) = dialect.streaming().await;
        let body = CreateRunRequest::builder().assistant_id("a");
        let call = client.create_run().thread_id("t").body(body);
        let mut deltas = call.stream().await.expect(dialect.name).text_deltas();
        let mut pieces = Vec::new();
        let end = loop {
            match deltas.try_next().await {
                Ok(Some(piece)) => pieces.push(piece),
                end => break end,
            }
        };
        assert_eq!(pieces, ["It ", "rains."], "{}", dialect.name);
        assert_eq!(
            end.is_err(),
            dialect.end == End::Interrupted,
            "{}",
            dialect.name
        );
    }
}

#[tokio::test]
async fn a_run_adds_up_in_every_dialect_whose_streams_tell_of_its_end() {
    for dialect in dialects() {
        let (_server, client) = dialect.streaming().await;
        let body = CreateRunRequest::builder().assistant_id("a");
        let call = client.create_run().thread_id("t").body(body);
        let run = call.stream().await.expect(dialect.name).accumulate();
        match run.finish().await {
            Ok(outcome) => {
                assert_ne!(dialect.end, End::Interrupted, "{}", dialect.name);
                assert_eq!(outcome.run.status.as_str(), "completed", "{}", dialect.name);
                assert!(outcome.text().starts_with("It rains."), "{}", dialect.name);
            }
            Err(error) => {
                assert_eq!(dialect.end, End::Interrupted, "{}: {error}", dialect.name);
                assert!(error.is_interrupted());
            }
        }
    }
}

#[tokio::test]
async fn a_count_that_is_no_whole_number_is_an_error_that_tells_its_place() {
    for dialect in dialects() {
        let (server, client) = dialect.client().await;
        let mut run = dialect.answer("run");
        run["usage"] =
            json!({ "completion_tokens": 4.5, "prompt_tokens": 8.0, "total_tokens": 12 });
        get(&server, "/threads/t/runs/r", &run);
        let answer = client.get_run().thread_id("t").run_id("r").send().await;
        let error = answer.expect_err("half a token is none");
        assert!(error.is_decode(), "{}: {error}", dialect.name);
        let text = error.to_string();
        assert!(text.contains("`usage.completion_tokens`"), "{text}");
    }
}

#[test]
fn what_a_server_adds_reaches_the_caller_in_its_place() {
    let dialects = dialects();
    let find = |name: &str| {
        let dialect = dialects.iter().find(|dialect| dialect.name == name);
        dialect.expect("there is such a dialect")
    };

    let assistant = find("open-assistant-api").answer("assistant");
    let assistant: openai_assistants::types::AssistantObject =
        serde_json::from_value(assistant).expect("it decodes");
    assert_eq!(assistant.created_at, Timestamp::from(1_714_525_804));
    let metadata = assistant.metadata.expect("it has some");
    assert_eq!(metadata["owner"], "ada");
    assert_eq!(metadata["department"], 7);
    assert_eq!(metadata["reviewed_by"], Value::Null);

    let step = find("Foundry Agents classic").answer("activities");
    let decoded: openai_assistants::types::RunStepObject =
        serde_json::from_value(step.clone()).expect("it decodes");
    find("Foundry Agents classic").check("step", &step, &decoded);

    let message = find("Foundry Agents classic").answer("message");
    let message: MessageObject = serde_json::from_value(message).expect("it decodes");
    let openai_assistants::types::MessageContent::Text(part) = &message.content[0] else {
        panic!("it is no text")
    };
    assert!(matches!(
        &part.text.annotations[..],
        [TextAnnotation::Unknown(_), TextAnnotation::Unknown(_), TextAnnotation::FileCitation(file)]
            if file.start_index.is_none()
    ));
}

#[tokio::test]
async fn bytes_of_an_answer_that_are_not_utf8_are_replaced() {
    let (server, client) = dialects()[0].client().await;
    server.mock(|when, then| {
        when.method(Method::GET).path("/threads/t");
        then.body(b"{\"id\": \"t\", \"object\": \"thread\", \"created_at\": 1, \"metadata\": {\"name\": \"M\xfcller\"}}");
    });
    let thread = client.get_thread().thread_id("t").send().await;
    let metadata = thread.expect("it decodes").metadata.expect("it has some");
    assert_eq!(metadata["name"], "M\u{fffd}ller");

    server.mock(|when, then| {
        when.method(Method::GET).path("/threads/u");
        then.body(b"{\"metadata\": {\"\xfc\": \"\xfc\"}, \"id\": 1, \"object\": \"thread\"}");
    });
    let error = client.get_thread().thread_id("u").send().await;
    let error = error.expect_err("an id is text").to_string();
    assert!(error.contains("at `id`"), "{error}");
}
