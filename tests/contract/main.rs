//! The contract of every operation: what goes over the wire, and what comes back to
//! the caller, whatever the server makes of its answer.
//!
//! - `operations`: one row for each operation: a call, and what it has to send
//! - `document`: what `openapi.yaml` says of bodies and answers
//! - `server`: a mock that records requests
//! - `servers`: what goes to each of the servers that speak this API

mod document;
mod operations;
mod server;
mod servers;

use std::collections::BTreeSet;

use document::{Document, Oddity};
use operations::{Contract, contracts};
use serde_json::{Value, json};
use server::{Answer, Server};

/// Runs a check for every operation and reports all that fail at once.
async fn for_every_operation<F>(check: impl Fn(Contract) -> F)
where
    F: Future<Output = Result<(), String>>,
{
    let mut failures = Vec::new();
    for contract in contracts() {
        let id = contract.id;
        if let Err(reason) = check(contract).await {
            failures.push(format!("{id}: {reason}"));
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
    let document: BTreeSet<String> = Document::read().operation_ids();
    let covered: BTreeSet<String> = contracts()
        .into_iter()
        .map(|contract| contract.id.to_owned())
        .collect();
    let missing: Vec<&String> = document.difference(&covered).collect();
    assert!(
        missing.is_empty(),
        "add a row to tests/contract/operations.rs for {missing:?}"
    );
    let gone: Vec<&String> = covered.difference(&document).collect();
    assert!(
        gone.is_empty(),
        "drop from tests/contract/operations.rs what the document lacks: {gone:?}"
    );
    let generated: BTreeSet<String> = openai_assistants::operations::ALL
        .iter()
        .map(|operation| operation.id.to_owned())
        .collect();
    assert_eq!(generated, document);
}

#[tokio::test]
async fn requests_have_the_method_path_query_headers_and_body_of_the_document() {
    let document = Document::read();
    for_every_operation(|contract| {
        let document = &document;
        async move {
            let server = Server::start(Answer::json(200, contract.answer.clone())).await;
            (contract.call)(server.client())
                .await
                .map_err(|error| format!("the call fails: {error}"))?;
            let request = server.only_request()?;
            expect("the method", request.method.as_str(), contract.method)?;
            expect("the path", request.path.as_str(), contract.path)?;
            let query: Vec<(&str, &str)> = request
                .query
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            expect("the query", query, contract.query.to_vec())?;
            expect(
                "Authorization",
                request.header("authorization"),
                Some("Bearer sk-contract"),
            )?;
            expect(
                "OpenAI-Beta",
                request.header("openai-beta"),
                Some("assistants=v2"),
            )?;
            expect("Accept", request.header("accept"), Some("application/json"))?;
            expect("api-version", request.header("api-version"), None)?;
            expect(
                "Content-Type",
                request.header("content-type"),
                contract.body.as_ref().map(|_| "application/json"),
            )?;
            expect("the body", request.json()?, contract.body.clone())?;
            if let Some(body) = &contract.body {
                document.validate_body(contract.id, body)?;
            }
            Ok(())
        }
    })
    .await;
}

#[tokio::test]
async fn answers_come_back_whole() {
    let document = Document::read();
    for_every_operation(|contract| {
        let document = &document;
        async move {
            document.validate_answer(contract.id, &contract.answer)?;
            let server = Server::start(Answer::json(200, contract.answer.clone())).await;
            let answer = (contract.call)(server.client())
                .await
                .map_err(|error| error.to_string())?;
            same(&answer, &contract.answer)
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_api_has_its_status_code_and_request_id() {
    for_every_operation(|contract| async move {
        let body = json!({ "error": {
            "message": "No such thing.", "type": "invalid_request_error", "param": "thing", "code": "not_there",
        } });
        let server = Server::start(Answer::json(404, body).header("x-request-id", "req_7")).await;
        let error = failure(&contract, &server).await?;
        expect("the status", error.status().map(|status| status.as_u16()), Some(404))?;
        expect("the code", error.code(), Some("not_there"))?;
        expect("the parameter", error.param(), Some("thing"))?;
        expect("the request id", error.request_id(), Some("req_7"))?;
        expect("is_not_found", error.is_not_found(), true)?;
        expect("the operation", error.operation(), Some(contract.id))?;
        if error.to_string().contains("No such thing.") { Ok(()) } else { Err(format!("the message is lost: {error}")) }
    })
    .await;
}

#[tokio::test]
async fn an_error_that_is_not_json_has_its_status_and_request_id() {
    for_every_operation(|contract| async move {
        let page = "<html><body>Bad Gateway</body></html>";
        let server = Server::start(Answer::text(502, page).header("x-request-id", "req_8")).await;
        let error = failure(&contract, &server).await?;
        expect(
            "the status",
            error.status().map(|status| status.as_u16()),
            Some(502),
        )?;
        expect("the request id", error.request_id(), Some("req_8"))?;
        expect("the body", error.body(), Some(page))?;
        expect("is_server_error", error.is_server_error(), true)
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_a_decode_error_with_its_status_and_request_id() {
    for_every_operation(|contract| async move {
        let server =
            Server::start(Answer::text(200, "<html></html>").header("x-request-id", "req_9")).await;
        let error = failure(&contract, &server).await?;
        expect("is_decode", error.is_decode(), true)?;
        expect(
            "the status",
            error.status().map(|status| status.as_u16()),
            Some(200),
        )?;
        expect("the request id", error.request_id(), Some("req_9"))
    })
    .await;
}

async fn failure(contract: &Contract, server: &Server) -> Result<openai_assistants::Error, String> {
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

/// Bends the answer of every operation in each place where the document says that it
/// can be bent, and looks at what the caller gets.
async fn odd_answers(wanted: impl Fn(&Oddity) -> bool, keep: Keep) {
    let document = Document::read();
    let wanted = &wanted;
    let bent = &std::cell::Cell::new(0);
    for_every_operation(|contract| {
        let document = &document;
        async move {
            let server = Server::start(Answer::json(200, Value::Null)).await;
            for (place, oddity, answer) in document.bend(contract.id, &contract.answer) {
                if !wanted(&oddity) {
                    continue;
                }
                bent.set(bent.get() + 1);
                server.answer_with(Answer::json(200, answer.clone()));
                let decoded: Value = (contract.call)(server.client())
                    .await
                    .map_err(|error| format!("{place}: {error}"))?;
                if let Keep::Whole = keep {
                    same(&decoded, &answer).map_err(|reason| format!("{place} bent: {reason}"))?;
                }
            }
            Ok(())
        }
    })
    .await;
    assert!(
        bent.get() > 0,
        "no answer could be bent this way, so nothing was tested"
    );
}
