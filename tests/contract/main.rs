//! The contract of every operation: what goes over the wire, and what comes back to
//! the caller, whatever the server makes of its answer.
//!
//! - `version`: which versions there are
//! - `operations`, `operations_v1`: one row for each operation
//! - `objects`, `objects_v1`: what the rows and the events are answered with
//! - `contract`: what a row says
//! - `document`: what the document says of bodies, answers and events
//! - `server`: a mock that records requests
//! - `lists`, `streams`, `mocks`: what only some operations have, or only tests
//! - `servers`: what goes to each of the servers that speak this API

#![cfg(assistants_document = "openapi.yaml")]

mod contract;
mod document;
mod lists;
mod mocks;
mod objects;
#[cfg(feature = "v1")]
mod objects_v1;
mod operations;
#[cfg(feature = "v1")]
mod operations_v1;
mod server;
mod servers;
mod streams;
mod version;

use std::collections::BTreeSet;

use contract::Contract;
use document::Oddity;
use openai_assistants::Error;
use serde_json::{Value, json};
use server::{Answer, Server};
use version::{Version, on_the_wire, versions};

/// Runs a check for every operation of every version and reports all that fail at once.
async fn for_every_operation(check: impl AsyncFn(&Version, &Contract) -> Result<(), String>) {
    let mut failures = Vec::new();
    for version in versions() {
        for contract in &version.contracts {
            if let Err(reason) = check(version, contract).await {
                failures.push(format!("{} {}: {reason}", version.beta, contract.id));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{what} is {found:?} and not {expected:?}"))
    }
}

/// Tells the first place where two values differ.
fn same(found: &Value, expected: &Value) -> Result<(), String> {
    fn difference(found: &Value, expected: &Value, place: String) -> Option<String> {
        match (found, expected) {
            (Value::Object(left), Value::Object(right)) => {
                let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
                names.into_iter().find_map(|name| {
                    let place = format!("{place}/{name}");
                    match (left.get(name), right.get(name)) {
                        (Some(left), Some(right)) => difference(left, right, place),
                        (None, _) => Some(format!("{place} is lost")),
                        (_, None) => Some(format!("{place} was not sent")),
                    }
                })
            }
            (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
                let mut pairs = left.iter().zip(right).enumerate();
                pairs.find_map(|(index, (left, right))| {
                    difference(left, right, format!("{place}/{index}"))
                })
            }
            _ => (found != expected).then(|| format!("{place} is {found} and not {expected}")),
        }
    }
    difference(found, expected, String::new()).map_or(Ok(()), Err)
}

#[test]
fn every_operation_of_the_document_has_a_contract() {
    for version in versions() {
        let rows = version.rows;
        let document: BTreeSet<&str> = version.document.operation_ids();
        let covered: BTreeSet<&str> = version.contracts.iter().map(|row| row.id).collect();
        let missing: Vec<_> = document.difference(&covered).collect();
        assert!(missing.is_empty(), "add a row to {rows} for {missing:?}");
        let gone: Vec<_> = covered.difference(&document).collect();
        assert!(
            gone.is_empty(),
            "drop from {rows} what the document lacks: {gone:?}"
        );
        let generated: BTreeSet<&str> = version.operations.iter().map(|info| info.id).collect();
        assert_eq!(generated, document);
    }
}

#[tokio::test]
async fn requests_have_the_method_path_query_headers_and_body_of_the_document() {
    for_every_operation(async |version, contract| {
        let server = Server::start(Answer::json(200, contract.answer.clone())).await;
        (contract.call)(server.client())
            .await
            .map_err(|error| format!("the call fails: {error}"))?;
        let request = server.only_request()?;
        let header = |name| request.header(name);
        let content = contract.body.as_ref().map(|_| "application/json");
        expect("the method", request.method.as_str(), contract.method)?;
        expect("the path", request.path.as_str(), contract.path)?;
        expect("the query", request.query(), contract.query.clone())?;
        expect(
            "Authorization",
            header("authorization"),
            Some("Bearer sk-contract"),
        )?;
        expect("OpenAI-Beta", header("openai-beta"), Some(version.beta))?;
        expect("Accept", header("accept"), Some("application/json"))?;
        expect("api-version", header("api-version"), None)?;
        expect("Content-Type", header("content-type"), content)?;
        expect("the body", request.json()?, contract.body.clone())?;
        if let Some(body) = &contract.body {
            version.document.validate_body(contract.id, body)?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn answers_come_back_whole() {
    for_every_operation(async |version, contract| {
        let schema = version.document.answer_schema(contract.id);
        version.document.validate(schema, &contract.answer)?;
        let server = Server::start(Answer::json(200, contract.answer.clone())).await;
        let answer = (contract.call)(server.client())
            .await
            .map_err(|error| error.to_string())?;
        same(&answer, &contract.answer)
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_api_has_its_status_code_and_request_id() {
    for_every_operation(async |_, contract| {
        let body = json!({ "error": contract::error() });
        let server = Server::start(Answer::json(404, body).header("x-request-id", "req_7")).await;
        let error = failure(contract, &server).await?;
        let status = error.status().map(|status| status.as_u16());
        expect("the status", status, Some(404))?;
        expect("the code", error.code(), Some("not_there"))?;
        expect("the parameter", error.param(), Some("thing"))?;
        expect("the request id", error.request_id(), Some("req_7"))?;
        expect("is_not_found", error.is_not_found(), true)?;
        expect("the operation", error.operation(), Some(contract.id))?;
        if error.to_string().contains("No such thing.") {
            Ok(())
        } else {
            Err(format!("the message is lost: {error}"))
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_that_is_not_json_has_its_status_and_request_id() {
    for_every_operation(async |_, contract| {
        let page = "<html><body>Bad Gateway</body></html>";
        let server = Server::start(Answer::text(502, page).header("x-request-id", "req_8")).await;
        let error = failure(contract, &server).await?;
        let status = error.status().map(|status| status.as_u16());
        expect("the status", status, Some(502))?;
        expect("the request id", error.request_id(), Some("req_8"))?;
        expect("the body", error.body(), Some(page))?;
        expect("is_server_error", error.is_server_error(), true)
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_a_decode_error_with_its_status_and_request_id() {
    for_every_operation(async |_, contract| {
        let answer = Answer::text(200, "<html></html>").header("x-request-id", "req_9");
        let error = failure(contract, &Server::start(answer).await).await?;
        expect("is_decode", error.is_decode(), true)?;
        let status = error.status().map(|status| status.as_u16());
        expect("the status", status, Some(200))?;
        expect("the request id", error.request_id(), Some("req_9"))
    })
    .await;
}

async fn failure(contract: &Contract, server: &Server) -> Result<Error, String> {
    match (contract.call)(server.client()).await {
        Ok(answer) => Err(format!("the call succeeds with {answer}")),
        Err(error) => Ok(error),
    }
}

#[tokio::test]
async fn unknown_enum_values_are_kept() {
    odd_answers(|oddity| matches!(oddity, Oddity::Enum), Keep::Whole).await;
}

#[tokio::test]
async fn unknown_union_members_are_kept() {
    odd_answers(|oddity| matches!(oddity, Oddity::Union), Keep::Whole).await;
}

#[tokio::test]
async fn properties_that_servers_leave_out_may_be_missing() {
    odd_answers(|oddity| matches!(oddity, Oddity::Missing), Keep::Decodable).await;
}

#[tokio::test]
async fn properties_that_servers_send_as_null_may_be_null() {
    odd_answers(|oddity| matches!(oddity, Oddity::Null), Keep::Decodable).await;
}

#[tokio::test]
async fn unknown_properties_are_passed_over() {
    odd_answers(|oddity| matches!(oddity, Oddity::Extra), Keep::Decodable).await;
}

/// How much of an odd answer has to reach the caller.
#[derive(Clone, Copy)]
enum Keep {
    Whole,
    Decodable,
}

impl Keep {
    fn check(self, decoded: Result<Value, Error>, odd: &Value) -> Result<(), String> {
        let decoded = decoded.map_err(|error| error.to_string())?;
        match self {
            Self::Whole => same(&decoded, odd),
            Self::Decodable => Ok(()),
        }
    }
}

/// Bends the answer of every operation, and the data of every event, in each place where
/// the document says that it can be bent, and looks at what the caller gets.
async fn odd_answers(wanted: impl Fn(&Oddity) -> bool, keep: Keep) {
    let mut failures = Vec::new();
    for version in versions() {
        let bend = |schema: &Value, value: &Value| {
            let mut bent = version.document.bend(schema, value);
            bent.retain(|(_, oddity, _)| wanted(oddity));
            bent
        };
        let mut bent = 0;
        let mut note = |what: &str, place: &str, outcome: Result<(), String>| {
            bent += 1;
            if let Err(reason) = outcome {
                failures.push(format!("{} {what} {place}: {reason}", version.beta));
            }
        };
        let server = Server::start(Answer::json(200, Value::Null)).await;
        for contract in &version.contracts {
            let schema = version.document.answer_schema(contract.id);
            for (place, _, answer) in bend(schema, &contract.answer) {
                server.answer_with(Answer::json(200, answer.clone()));
                let decoded = (contract.call)(server.client()).await;
                note(contract.id, &place, keep.check(decoded, &answer));
            }
        }
        for event in version.events() {
            for (place, _, data) in bend(event.schema, &event.data) {
                let told = (version.decode_event)(event.name, &on_the_wire(&data));
                let decoded = told.map(|told| told.data);
                note(event.name, &place, keep.check(decoded, &data));
            }
        }
        assert!(bent > 0, "nothing of {} can be bent this way", version.beta);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
