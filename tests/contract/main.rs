//! The contract of every operation: the request that it sends, and how its response is
//! deserialized, also where the response deviates from the document.
//!
//! - `version`: the versions of the API
//! - `contract`: the contract of one operation
//! - `operations`, `operations_files`, `operations_v1`: the contracts of each version
//! - `objects`, `objects_v1`: the objects of responses and events
//! - `document`: the OpenAPI document of a version
//! - `server`: a mock server that records requests
//! - `lists`, `streams`, `mocks`: pagination, event streams, typed mocks
//! - `servers`: the requests to each kind of server
//! - `mutations`: malformed objects
//! - `recordings`, `recorded_requests`: recorded exchanges with the real service
//! - `loss`: compares JSON as received with JSON as serialized

#![cfg(assistants_document = "openapi.yaml")]

mod contract;
mod document;
mod lists;
mod loss;
mod mocks;
mod mutations;
mod objects;
#[cfg(feature = "v1")]
mod objects_v1;
mod operations;
#[cfg(feature = "files")]
mod operations_files;
#[cfg(feature = "v1")]
mod operations_v1;
mod recorded_requests;
mod recordings;
mod server;
mod servers;
#[path = "../shared_clock/mod.rs"]
mod shared_clock;
mod streams;
mod version;

use std::collections::BTreeSet;

use contract::Contract;
use document::Deviation;
use openai_assistants::{Error, OperationInfo};
use serde_json::{Value, json};
use server::{MockResponse, Server};
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

/// Fails with the first place where two values differ.
fn same(found: &Value, expected: &Value) -> Result<(), String> {
    fn difference(found: &Value, expected: &Value, place: String) -> Option<String> {
        match (found, expected) {
            (Value::Object(left), Value::Object(right)) => {
                let names: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
                names.into_iter().find_map(|name| {
                    let place = format!("{place}/{name}");
                    match (left.get(name), right.get(name)) {
                        (Some(left), Some(right)) => difference(left, right, place),
                        (None, _) => Some(format!("{place} is missing")),
                        (_, None) => Some(format!("{place} is not in the response")),
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
        let covered: BTreeSet<&str> = version
            .contracts
            .iter()
            .map(|contract| contract.id)
            .collect();
        // Its response is not JSON: it is tested in tests/wire/files/operations.rs.
        let missing = document
            .difference(&covered)
            .filter(|id| **id != "downloadFile");
        let missing: Vec<_> = missing.collect();
        assert!(
            missing.is_empty(),
            "add a contract to {rows} for {missing:?}"
        );
        let gone: Vec<_> = covered.difference(&document).collect();
        assert!(
            gone.is_empty(),
            "remove from {rows}, as they are not in the document: {gone:?}"
        );
        let generated: BTreeSet<&str> = version.operations.iter().map(|info| info.id).collect();
        assert_eq!(generated, document);
    }
}

/// The POSTs that have the same effect when they are sent twice.
const REPEATABLE: [&str; 9] = [
    "cancelRun",
    "cancelVectorStoreFileBatch",
    "modifyAssistant",
    "modifyMessage",
    "modifyRun",
    "modifyThread",
    "modifyVectorStore",
    "searchVectorStore",
    "updateVectorStoreFileAttributes",
];

#[test]
fn only_calls_that_create_or_submit_are_not_idempotent() {
    for version in versions() {
        let mut expected = vec![
            "createAssistant",
            "createMessage",
            "createRun",
            "createThread",
            "createThreadAndRun",
            "submitToolOuputsToRun",
        ];
        if version.beta == "assistants=v1" {
            expected.push("createAssistantFile");
        } else if cfg!(feature = "files") {
            expected.extend([
                "createFile",
                "createVectorStore",
                "createVectorStoreFile",
                "createVectorStoreFileBatch",
            ]);
        }
        expected.sort_unstable();
        // A POST that a document brings is of a class that only its author knows.
        let is_new = |info: &OperationInfo| {
            info.method == "POST" && !expected.contains(&info.id) && !REPEATABLE.contains(&info.id)
        };
        let once = version.operations.iter().filter(|info| !is_new(info));
        let once = once.filter(|info| !info.is_idempotent);
        let once: BTreeSet<&str> = once.map(|info| info.id).collect();
        assert_eq!(Vec::from_iter(once), expected, "{}", version.beta);
    }
}

#[tokio::test]
async fn requests_have_the_method_path_query_headers_and_body_of_the_document() {
    for_every_operation(async |version, contract| {
        let server = Server::start(MockResponse::json(200, contract.response.clone())).await;
        (contract.call)(server.client())
            .await
            .map_err(|error| format!("the call fails: {error}"))?;
        let request = server.only_request()?;
        let header = |name| request.header(name);
        let content = match contract.form {
            [] => contract.body.as_ref().map(|_| "application/json"),
            _ => Some("multipart/form-data"),
        };
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
        let media_type = header("content-type").and_then(|value| value.split(';').next());
        expect("Content-Type", media_type, content)?;
        if !contract.form.is_empty() {
            return expect("the form", request.parts(), contract.form.to_vec());
        }
        expect("the body", request.json()?, contract.body.clone())?;
        if let Some(body) = &contract.body {
            version.document.validate_body(contract.id, body)?;
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn responses_are_deserialized_without_loss() {
    for_every_operation(async |version, contract| {
        let schema = version.document.response_schema(contract.id);
        version.document.validate(schema, &contract.response)?;
        let server = Server::start(MockResponse::json(200, contract.response.clone())).await;
        let response = (contract.call)(server.client())
            .await
            .map_err(|error| error.to_string())?;
        same(&response, &contract.response)
    })
    .await;
}

#[tokio::test]
async fn an_error_of_the_api_has_its_status_code_and_request_id() {
    for_every_operation(async |_, contract| {
        let body = json!({ "error": contract::error() });
        let server =
            Server::start(MockResponse::json(404, body).header("x-request-id", "req_7")).await;
        let error = failure(contract, &server).await?;
        let status = error.status().map(|status| status.as_u16());
        expect("the status", status, Some(404))?;
        expect("the code", error.code(), Some("not_there"))?;
        expect("the parameter", error.param(), Some("thing"))?;
        expect("the request ID", error.request_id(), Some("req_7"))?;
        expect("is_not_found", error.is_not_found(), true)?;
        expect("the operation", error.operation(), Some(contract.id))?;
        if error.to_string().contains("No such thing.") {
            Ok(())
        } else {
            Err(format!("the message is missing: {error}"))
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_that_is_not_json_has_its_status_and_request_id() {
    for_every_operation(async |_, contract| {
        let page = "<html><body>Bad Gateway</body></html>";
        let server =
            Server::start(MockResponse::text(502, page).header("x-request-id", "req_8")).await;
        let error = failure(contract, &server).await?;
        let status = error.status().map(|status| status.as_u16());
        expect("the status", status, Some(502))?;
        expect("the request ID", error.request_id(), Some("req_8"))?;
        expect("the body", error.body(), Some(page))?;
        expect("is_server_error", error.is_server_error(), true)
    })
    .await;
}

#[tokio::test]
async fn a_response_that_is_not_json_is_a_decode_error_with_its_status_and_request_id() {
    for_every_operation(async |_, contract| {
        let response = MockResponse::text(200, "<html></html>").header("x-request-id", "req_9");
        let error = failure(contract, &Server::start(response).await).await?;
        expect("is_decode", error.is_decode(), true)?;
        let status = error.status().map(|status| status.as_u16());
        expect("the status", status, Some(200))?;
        expect("the request ID", error.request_id(), Some("req_9"))
    })
    .await;
}

async fn failure(contract: &Contract, server: &Server) -> Result<Error, String> {
    match (contract.call)(server.client()).await {
        Ok(response) => Err(format!("the call succeeds with {response}")),
        Err(error) => Ok(error),
    }
}

#[tokio::test]
async fn unknown_enum_values_are_kept() {
    deviating_responses(
        |deviation| matches!(deviation, Deviation::Enum),
        Keep::Whole,
    )
    .await;
}

#[tokio::test]
async fn unknown_union_variants_are_kept() {
    deviating_responses(
        |deviation| matches!(deviation, Deviation::Union),
        Keep::Whole,
    )
    .await;
}

#[tokio::test]
async fn properties_that_servers_leave_out_may_be_missing() {
    deviating_responses(
        |deviation| matches!(deviation, Deviation::Missing),
        Keep::Valid,
    )
    .await;
}

#[tokio::test]
async fn properties_that_servers_send_as_null_may_be_null() {
    deviating_responses(
        |deviation| matches!(deviation, Deviation::Null),
        Keep::Valid,
    )
    .await;
}

#[tokio::test]
async fn unknown_properties_are_kept() {
    deviating_responses(
        |deviation| matches!(deviation, Deviation::Extra),
        Keep::Whole,
    )
    .await;
}

/// How much of a deviating response must be kept.
#[derive(Clone, Copy)]
enum Keep {
    /// All of it.
    Whole,
    /// It deserializes.
    Valid,
}

impl Keep {
    fn check(self, decoded: Result<Value, Error>, response: &Value) -> Result<(), String> {
        let decoded = decoded.map_err(|error| error.to_string())?;
        match self {
            Self::Whole => same(&decoded, response),
            Self::Valid => Ok(()),
        }
    }
}

/// Deserializes the response of every operation and the data of every event with each of these
/// deviations, and checks what is kept.
async fn deviating_responses(wanted: impl Fn(&Deviation) -> bool, keep: Keep) {
    let mut failures = Vec::new();
    for version in versions() {
        let deviations = |schema: &Value, value: &Value| {
            let mut deviations = version.document.deviations(schema, value);
            deviations.retain(|(_, deviation, _)| wanted(deviation));
            deviations
        };
        let mut count = 0;
        let mut note = |what: &str, place: &str, outcome: Result<(), String>| {
            count += 1;
            if let Err(reason) = outcome {
                failures.push(format!("{} {what} {place}: {reason}", version.beta));
            }
        };
        let server = Server::start(MockResponse::json(200, Value::Null)).await;
        for contract in &version.contracts {
            let schema = version.document.response_schema(contract.id);
            for (place, _, response) in deviations(schema, &contract.response) {
                server.respond_with(MockResponse::json(200, response.clone()));
                let decoded = (contract.call)(server.client()).await;
                note(contract.id, &place, keep.check(decoded, &response));
            }
        }
        for event in version.events() {
            for (place, _, data) in deviations(event.schema, &event.data) {
                let received = (version.decode_event)(event.name, &on_the_wire(&data));
                let decoded = received.map(|received| received.data);
                note(event.name, &place, keep.check(decoded, &data));
            }
        }
        assert!(count > 0, "{} has no such deviation", version.beta);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
