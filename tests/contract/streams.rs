//! Streams: their requests and events.

use openai_assistants::Error;
use serde_json::{Value, json};

use crate::contract::{ReceivedEvents, error};
use crate::server::{MockResponse, Server};
use crate::version::{NamedEvent, ReceivedEvent, Version, on_the_wire, versions};
use crate::{expect, for_every_operation, same};

/// Every event that does not end a stream, an unknown one, and the end.
fn events(version: &Version) -> Vec<ReceivedEvent> {
    let known = version.events().into_iter();
    let known = known.filter(|event| !["done", "error"].contains(&event.name));
    let known = known.map(|event| stream_event(event.name, event.data, true));
    known
        .chain([
            stream_event("thread.brand_new", json!({ "n": [1, 2.5, null] }), false),
            stream_event("done", "[DONE]".into(), true),
        ])
        .collect()
}

fn stream_event(name: &str, data: Value, is_typed: bool) -> ReceivedEvent {
    ReceivedEvent {
        name: name.to_owned(),
        data,
        is_typed,
    }
}

fn response(events: &[ReceivedEvent]) -> MockResponse {
    let text = events.iter().map(|event| {
        format!(
            "event: {}\ndata: {}\n\n",
            event.name,
            on_the_wire(&event.data)
        )
    });
    let response = MockResponse::text(200, &text.collect::<String>());
    response.header("content-type", "text/event-stream")
}

/// All events, or the first error.
fn all(received: Result<ReceivedEvents, Error>) -> Result<Vec<ReceivedEvent>, Error> {
    received?.into_iter().collect()
}

#[tokio::test]
async fn a_stream_is_requested_in_the_body_and_yields_every_event() {
    for_every_operation(async |version, contract| {
        let has_stream = version.document.has_stream(contract.id);
        expect(
            "whether the contract has `events`",
            contract.events.is_some(),
            has_stream,
        )?;
        let Some(stream) = contract.events else {
            return Ok(());
        };
        let sent = events(version);
        let server = Server::start(response(&sent)).await;
        let received = all(stream(server.client()).await);
        let received = received.map_err(|error| format!("the stream fails: {error}"))?;
        expect("the events", received, sent)?;

        let request = server.only_request()?;
        let mut body = contract.body.clone().unwrap_or_else(|| json!({}));
        body["stream"] = true.into();
        version.document.validate_body(contract.id, &body)?;
        expect("the method", request.method.as_str(), contract.method)?;
        expect("the path", request.path.as_str(), contract.path)?;
        expect("the query", request.query(), contract.query.clone())?;
        let beta = request.header("openai-beta");
        expect("OpenAI-Beta", beta, Some(version.beta))?;
        expect(
            "Accept",
            request.header("accept"),
            Some("text/event-stream"),
        )?;
        expect("the body", request.json()?, Some(body))
    })
    .await;
}

#[tokio::test]
async fn an_error_event_is_an_error() {
    for_every_operation(async |_, contract| {
        let Some(stream) = contract.events else {
            return Ok(());
        };
        for data in [error(), json!({ "error": error() })] {
            let server = Server::start(response(&[stream_event("error", data, true)])).await;
            let Err(error) = all(stream(server.client()).await) else {
                return Err("the stream succeeds".to_owned());
            };
            expect("is_stream_error", error.is_stream_error(), true)?;
            expect("the code", error.code(), Some("not_there"))?;
            expect("the operation", error.operation(), Some(contract.id))?;
        }
        Ok(())
    })
    .await;
}

#[test]
fn every_event_of_the_document_has_a_type_and_keeps_its_data() {
    fn check(version: &Version, event: &NamedEvent<'_>) -> Result<(), String> {
        version.document.validate(event.schema, &event.data)?;
        let received = (version.decode_event)(event.name, &on_the_wire(&event.data));
        let received = received.map_err(|error| error.to_string())?;
        expect("the name", received.name.as_str(), event.name)?;
        expect("is_typed", received.is_typed, true)?;
        same(&received.data, &event.data)
    }

    for version in versions() {
        for event in version.events() {
            if let Err(reason) = check(version, &event) {
                panic!("{} {}: {reason}", version.beta, event.name);
            }
        }
    }
}
