//! Compares operations: routes, parameters, bodies and responses.

use serde_json::Value;

use super::schemas::{Comparison, Direction};
use super::unread::Unread;
use crate::spec::select::{Content, Operation};

/// Compares all operations of the server to ours with the same route.
pub(super) fn compare(
    comparison: &mut Comparison,
    server: &[Operation],
    unread: &Unread,
    ours: &[Operation],
) {
    for operation in server {
        let place = format!("{} {}", operation.method.to_uppercase(), operation.path);
        let own = route(operation.method, &operation.path);
        let mut ours = ours.iter();
        match ours.find(|other| route(other.method, &other.path) == own) {
            Some(other) => {
                let other_media_type = unread.requests.get(&operation.id);
                compare_request(comparison, &place, operation, other, other_media_type);
                let has_response = !unread.responses.contains(&operation.id);
                compare_response(comparison, &place, operation, other, has_response);
            }
            None => comparison.find(&place, "lacks the operation"),
        }
    }
}

/// The method and the path, with path parameters of no name.
pub(super) fn route<'a>(method: &'a str, path: &str) -> (&'a str, String) {
    let segments = path
        .split('/')
        .map(|segment| match segment.starts_with('{') {
            true => "{}",
            false => segment,
        });
    (method, segments.collect::<Vec<_>>().join("/"))
}

fn compare_request(
    comparison: &mut Comparison,
    place: &str,
    server: &Operation,
    ours: &Operation,
    other_media_type: Option<&String>,
) {
    compare_parameters(comparison, place, server, ours);
    let request = format!("{place} request");
    match (&server.body, &ours.body) {
        (Some(server), Some(ours)) => match other_media_type {
            Some(other) => find_media_type(comparison, &request, ours.content.media_type, other),
            None => compare_content(
                comparison,
                &request,
                (&server.content, &ours.content),
                Direction::Request,
            ),
        },
        (Some(_), None) => comparison.find(&request, "lacks the body"),
        (None, Some(ours)) if ours.required => comparison.find(&request, "requires a body"),
        _ => {}
    }
}

fn compare_response(
    comparison: &mut Comparison,
    place: &str,
    server: &Operation,
    ours: &Operation,
    has_response: bool,
) {
    let place = format!("{place} response");
    // A download accepts every response.
    let Some(content) = ours
        .success
        .content
        .as_ref()
        .filter(|ours| !ours.is_binary())
    else {
        return;
    };
    match &server.success.content {
        Some(server) if has_response => {
            compare_content(comparison, &place, (server, content), Direction::Response)
        }
        _ => comparison.find(&place, "requires a body"),
    }
}

fn compare_content(
    comparison: &mut Comparison,
    place: &str,
    (server, ours): (&Content, &Content),
    direction: Direction,
) {
    match server.media_type == ours.media_type {
        true => comparison.compare(&server.schema, &ours.schema, place, direction),
        false => find_media_type(comparison, place, ours.media_type, server.media_type),
    }
}

fn find_media_type(comparison: &mut Comparison, place: &str, ours: &str, server: &str) {
    comparison.find(place, format!("is {ours}, not {server}"));
}

fn compare_parameters(
    comparison: &mut Comparison,
    place: &str,
    server: &Operation,
    ours: &Operation,
) {
    let (theirs, ours) = (parameters(server), parameters(ours));
    let find = |parameters: &[&Value], name: &Value| {
        parameters.iter().position(|other| other["name"] == *name)
    };
    for parameter in &theirs {
        let name = parameter["name"].as_str().unwrap_or_default();
        match find(&ours, &parameter["name"]) {
            Some(index) => comparison.compare(
                &parameter["schema"],
                &ours[index]["schema"],
                &format!("{place}?{name}"),
                Direction::Request,
            ),
            None => comparison.find(place, format!("lacks the parameter {name}")),
        }
    }
    for parameter in ours.iter().filter(|ours| ours["required"] == true) {
        let other = find(&theirs, &parameter["name"]);
        if other.is_none_or(|index| theirs[index]["required"] != true) {
            let name = parameter["name"].as_str().unwrap_or_default();
            comparison.find(place, format!("requires the parameter {name}"));
        }
    }
}

/// The query parameters. The client has a setting for the version of the API.
fn parameters(operation: &Operation) -> Vec<&Value> {
    let all = operation.parameters.iter().map(|(_, parameter)| parameter);
    all.filter(|parameter| parameter["in"] == "query" && parameter["name"] != "api-version")
        .collect()
}
