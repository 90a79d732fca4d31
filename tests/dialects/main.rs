//! Responses and streams of servers that deviate from the document.
//!
//! This folder has responses and a stream of each server, as it sends them. `servers` has what a
//! server does beyond that.

#![cfg(assistants_document = "openapi.yaml")]

mod servers;
#[path = "../shared_clock/mod.rs"]
mod shared_clock;

use std::collections::BTreeSet;

use httpmock::{Method, MockServer};
use openai_assistants::types::{CreateRunRequest, MessageObject, TextAnnotation};
use openai_assistants::{Client, Credentials, RawEvent, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

struct Dialect {
    name: &'static str,
    /// A response of each kind.
    responses: &'static str,
    /// Empty if the server does not stream.
    stream: &'static str,
    line_end: &'static str,
    /// The text deltas of the stream.
    pieces: &'static [&'static str],
    /// Returns a page of a list, with whether there are more.
    page: fn(Vec<Value>, bool) -> Value,
    /// How the stream ends.
    end: End,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    /// With `[DONE]`.
    Done,
    /// The connection closes after the run is terminal or blocked.
    Closed,
    /// The connection closes before the run is terminal or blocked.
    Interrupted,
}

macro_rules! files {
    ($name:literal) => {
        (
            include_str!(concat!($name, ".json")),
            include_str!(concat!($name, ".sse")),
        )
    };
}

fn dialects() -> Vec<Dialect> {
    let dialect = |name, (responses, stream), end| Dialect {
        name,
        responses,
        stream,
        line_end: "\n",
        pieces: &["It ", "rains."],
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
            ..dialect(
                "open-assistant-api",
                files!("open_assistant_api"),
                End::Closed,
            )
        },
        Dialect {
            // It returns one page and no cursors.
            page: |items, _| json!({ "object": "runs", "data": items, "first_id": "none", "last_id": "none", "has_more": false }),
            ..dialect(
                "Astra Assistants",
                files!("astra_assistants"),
                End::Interrupted,
            )
        },
        Dialect {
            // It leaves out null properties.
            page: |items, has_more| json!({ "data": items, "has_more": has_more }),
            ..dialect("a gateway", files!("gateway"), End::Done)
        },
        dialect("Azure OpenAI", files!("azure_openai"), End::Done),
        dialect("Foundry Agents classic", files!("foundry"), End::Done),
        dialect("OpenAI", files!("openai"), End::Done),
        Dialect {
            // Its streams report statuses. The message follows when it is complete.
            pieces: &[],
            ..dialect("Cogitator", files!("cogitator"), End::Done)
        },
        dialect("hal-9100", (include_str!("hal_9100.json"), ""), End::Closed),
        Dialect {
            // It returns one page and no cursors.
            page: |items, _| json!({ "object": "list", "data": items, "has_more": false }),
            ..dialect(
                "LumenLabs",
                (include_str!("lumenlabs.json"), ""),
                End::Closed,
            )
        },
        // Its streams are those of the gateway.
        dialect("LiteLLM", (include_str!("litellm.json"), ""), End::Closed),
    ]
}

fn streaming_dialects() -> impl Iterator<Item = Dialect> {
    dialects()
        .into_iter()
        .filter(|dialect| !dialect.stream.is_empty())
}

fn dialect(name: &str) -> Dialect {
    let mut dialects = dialects().into_iter();
    let dialect = dialects.find(|dialect| dialect.name == name);
    dialect.expect("the dialect exists")
}

impl Dialect {
    fn response(&self, kind: &str) -> Value {
        let responses: Value = serde_json::from_str(self.responses).expect("the fixture is JSON");
        responses[kind].clone()
    }

    /// Checks that the deserialized value has everything that was sent and nothing else.
    fn check(&self, kind: &str, sent: &Value, got: &impl Serialize) {
        let got = serde_json::to_value(got).expect("it can be serialized");
        if let Some(difference) = self.difference(sent, &got, format!("/{kind}")) {
            panic!("{}: {difference}", self.name);
        }
    }

    fn difference(&self, sent: &Value, got: &Value, place: String) -> Option<String> {
        let is_default = |value: &Value| {
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
            // The constant `object` is known from the endpoint.
            _ if place.ends_with("/object") => None,
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
            (Value::Null, got) if is_default(got) => None,
            _ => (sent != got).then(|| format!("{place} was {sent} and is {got}")),
        }
    }

    /// Starts a mock server. Returns it with a client.
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

fn get(server: &MockServer, path: &str, response: &Value) {
    server.mock(|when, then| {
        when.method(Method::GET).path(path);
        then.json_body(response.clone());
    });
}

#[tokio::test]
async fn responses_are_deserialized_without_loss() {
    for dialect in dialects() {
        let (server, client) = dialect.client().await;
        let response = |kind: &str, path: &str| {
            let response = dialect.response(kind);
            get(&server, path, &response);
            response
        };

        let sent = response("assistant", "/assistants/a");
        let got = client.get_assistant().assistant_id("a").send().await;
        dialect.check("assistant", &sent, &got.expect(dialect.name));

        let sent = response("thread", "/threads/t");
        let got = client.get_thread().thread_id("t").send().await;
        dialect.check("thread", &sent, &got.expect(dialect.name));

        let sent = response("message", "/threads/t/messages/m");
        let call = client.get_message().thread_id("t").message_id("m");
        let message = call.send().await.expect(dialect.name);
        dialect.check("message", &sent, &message);
        assert!(message.text().starts_with("It rains"), "{}", dialect.name);

        let sent = response("run", "/threads/t/runs/r");
        let got = client.get_run().thread_id("t").run_id("r").send().await;
        dialect.check("run", &sent, &got.expect(dialect.name));

        let sent = response("step", "/threads/t/runs/r/steps/s");
        if sent.is_null() {
            continue; // The server has no steps.
        }
        let call = client.get_run_step().thread_id("t").run_id("r");
        let got = call.step_id("s").send().await;
        dialect.check("step", &sent, &got.expect(dialect.name));
    }
}

/// open-assistant-api implements version 1, which has file IDs.
#[cfg(feature = "v1")]
#[tokio::test]
async fn responses_of_version_1_are_deserialized_without_loss() {
    let dialect = dialects().swap_remove(0);
    assert_eq!(dialect.name, "open-assistant-api");
    let (server, client) = dialect.client().await;
    let client = client.v1();
    let response = |kind: &str, path: &str| {
        let response = dialect.response(kind);
        get(&server, path, &response);
        response
    };

    let sent = response("assistant", "/assistants/a");
    let got = client.get_assistant().assistant_id("a").send().await;
    dialect.check("assistant", &sent, &got.expect(dialect.name));

    let sent = response("message", "/threads/t/messages/m");
    let call = client.get_message().thread_id("t").message_id("m");
    dialect.check("message", &sent, &call.send().await.expect(dialect.name));

    let sent = response("run", "/threads/t/runs/r");
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
async fn lists_are_read_to_their_end() {
    for dialect in dialects() {
        let (server, client) = dialect.client().await;
        let message = |id: &str| {
            let mut message = dialect.response("message");
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
async fn a_list_without_items_is_empty() {
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

/// The name and the data of an event, which may be an envelope with both.
fn unwrap_envelope(event: &RawEvent) -> (String, Value) {
    let data = event
        .json::<Value>()
        .unwrap_or_else(|_| event.data.clone().into());
    match (&*event.event, data["event"].as_str()) {
        ("", Some(name)) => (name.to_owned(), data["data"].clone()),
        (name, _) => (name.to_owned(), data),
    }
}

#[tokio::test]
async fn events_are_deserialized_without_loss() {
    for dialect in streaming_dialects() {
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
                    let (name, sent) = unwrap_envelope(&sent);
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
        let run = dialect.response("run")["id"].clone();
        assert_eq!(events.run_id(), run.as_str(), "{}", dialect.name);
        if let Some(error) = error {
            assert_eq!(error.run_id(), run.as_str(), "{}", dialect.name);
        }
    }
}

#[tokio::test]
async fn text_streams_in_every_dialect() {
    for dialect in streaming_dialects() {
        let (_server, client) = dialect.streaming().await;
        let body = CreateRunRequest::builder().assistant_id("a");
        let call = client.create_run().thread_id("t").body(body);
        let mut deltas = call.stream().await.expect(dialect.name).text_deltas();
        let mut pieces = Vec::new();
        let end = loop {
            match deltas.try_next().await {
                Ok(Some(piece)) => pieces.push(piece.text),
                end => break end,
            }
        };
        assert_eq!(pieces, dialect.pieces, "{}", dialect.name);
        assert_eq!(
            end.is_err(),
            dialect.end == End::Interrupted,
            "{}",
            dialect.name
        );
    }
}

#[tokio::test]
async fn a_stream_accumulates_to_an_outcome_unless_it_is_interrupted() {
    for dialect in streaming_dialects() {
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
async fn a_fractional_count_is_kept_as_received() {
    for dialect in dialects() {
        let (server, client) = dialect.client().await;
        let mut run = dialect.response("run");
        run["usage"] =
            json!({ "completion_tokens": 4.5, "prompt_tokens": 8.0, "total_tokens": 12 });
        get(&server, "/threads/t/runs/r", &run);
        let response = client.get_run().thread_id("t").run_id("r").send().await;
        let usage = response.expect("only the count is malformed").usage;
        let usage = usage.expect("there is usage");
        assert_eq!(
            (usage.completion_tokens, usage.prompt_tokens),
            (None, Some(8))
        );
        assert_eq!(usage.extra["completion_tokens"], 4.5, "{}", dialect.name);
    }
}

#[test]
fn extensions_of_a_server_are_kept() {
    let assistant = dialect("open-assistant-api").response("assistant");
    let assistant: openai_assistants::types::AssistantObject =
        serde_json::from_value(assistant).expect("it matches the type");
    assert_eq!(assistant.created_at, Timestamp::from(1_714_525_804));
    let metadata = assistant.metadata.expect("there is metadata");
    assert_eq!(metadata["owner"], "ada");
    assert_eq!(metadata["department"], 7);
    assert_eq!(metadata["reviewed_by"], Value::Null);

    let step = dialect("Foundry Agents classic").response("activities");
    let decoded: openai_assistants::types::RunStepObject =
        serde_json::from_value(step.clone()).expect("it matches the type");
    dialect("Foundry Agents classic").check("step", &step, &decoded);

    let message = dialect("Foundry Agents classic").response("message");
    let message: MessageObject = serde_json::from_value(message).expect("it matches the type");
    let openai_assistants::types::MessageContent::Text(part) = &message.content[0] else {
        panic!("it is text")
    };
    let [pages @ .., TextAnnotation::FileCitation(file)] = &part.text.annotations[..] else {
        panic!("the last one cites a file")
    };
    assert!(file.start_index.is_none());
    #[cfg(feature = "foundry")]
    assert!(matches!(
        pages,
        [
            TextAnnotation::UrlCitation(_),
            TextAnnotation::UrlCitation(_)
        ]
    ));
    #[cfg(not(feature = "foundry"))]
    assert!(matches!(
        pages,
        [TextAnnotation::Unknown(_), TextAnnotation::Unknown(_)]
    ));
}

#[tokio::test]
async fn invalid_utf8_in_a_response_is_replaced() {
    let (server, client) = dialects()[0].client().await;
    server.mock(|when, then| {
        when.method(Method::GET).path("/threads/t");
        then.body(b"{\"id\": \"t\", \"object\": \"thread\", \"created_at\": 1, \"metadata\": {\"name\": \"M\xfcller\"}}");
    });
    let thread = client.get_thread().thread_id("t").send().await;
    let metadata = thread
        .expect("it matches the type")
        .metadata
        .expect("there is metadata");
    assert_eq!(metadata["name"], "M\u{fffd}ller");

    server.mock(|when, then| {
        when.method(Method::GET).path("/threads/u");
        then.body(b"{\"metadata\": {\"\xfc\": \"\xfc\"}, \"id\": 1, \"object\": \"thread\"}");
    });
    let error = client.get_thread().thread_id("u").send().await;
    let error = error.expect_err("an ID is a string").to_string();
    assert!(error.contains("at `id`"), "{error}");
}
