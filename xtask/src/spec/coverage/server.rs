//! Prepares the document of a server for the comparison.

use serde_json::{Map, Value, json};

use super::operations::route;
use super::unread::Unread;
use crate::spec::keywords;
use crate::spec::pointer::{Pointer, follow};
use crate::spec::select::{Content, Operation};

/// A document whose operations can be read, and what cannot be read of them.
pub(super) struct Prepared {
    pub(super) document: Value,
    pub(super) unread: Unread,
}

/// Keeps the media types that the client uses where the server offers several, and adds what cannot be
/// lowered or read without it.
pub(super) fn prepare(mut document: Value, ours: &[Operation]) -> Prepared {
    type_properties(&mut document["components"]["schemas"]);
    let original = document.clone();
    let mut unread = Unread::default();
    let items = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in items.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let mut ours = ours.iter();
            let ours = ours.find(|ours| route(ours.method, &ours.path) == route(method, path));
            let id = operation["operationId"].as_str().map(str::to_owned);
            if let Some(body) = operation.get_mut("requestBody") {
                let content = ours.and_then(|ours| ours.body.as_ref());
                resolve(body, &original);
                offer(body, content.map(|body| &body.content));
                if let (Some(id), Some(media_types)) = (&id, other_media_types(body)) {
                    unread.requests.insert(id.clone(), media_types);
                    body["content"] = any_content();
                }
            }
            let Some(Value::Object(responses)) = operation.get_mut("responses") else {
                continue;
            };
            if !has_content(responses, &original, ours)
                && let Some(id) = id
            {
                unread.responses.insert(id);
                operation["responses"] = json!({ "200": { "content": any_content() } });
            }
        }
    }
    Prepared { document, unread }
}

/// Returns the media types of a request body that the client cannot send.
fn other_media_types(body: &Value) -> Option<String> {
    let content = Content::read(body, &Pointer::root());
    if content.is_some_and(|content| !content.is_binary()) {
        return None;
    }
    let content = body.get("content")?.as_object()?;
    let mut names: Vec<&str> = content.keys().map(String::as_str).collect();
    names.sort_unstable();
    Some(names.join(" or "))
}

/// Whether a successful response has content that can be read.
fn has_content(
    responses: &mut Map<String, Value>,
    original: &Value,
    ours: Option<&Operation>,
) -> bool {
    let successful = responses
        .iter_mut()
        .filter(|(status, _)| status.starts_with('2'));
    let mut has_content = false;
    for (_, response) in successful {
        resolve(response, original);
        offer(
            response,
            ours.and_then(|ours| ours.success.content.as_ref()),
        );
        has_content |= Content::read(response, &Pointer::root()).is_some();
    }
    has_content
}

/// Replaces a reference by its target. One that leads nowhere fails when the operation is read.
fn resolve(value: &mut Value, original: &Value) {
    if let Ok(target) = follow(original, value, &Pointer::root()) {
        *value = target.clone();
    }
}

/// Removes the other media types of a body if it has that of ours.
fn offer(body: &mut Value, ours: Option<&Content>) {
    if let (Some(Value::Object(content)), Some(ours)) = (body.get_mut("content"), ours)
        && content.contains_key(ours.media_type)
    {
        content.retain(|media_type, _| media_type == ours.media_type);
    }
}

/// Makes free-form objects of properties without a type, which cannot be lowered.
fn type_properties(value: &mut Value) {
    if let Some(Value::Object(properties)) = value.get_mut("properties") {
        let untyped = properties.values_mut();
        for property in untyped.filter(|property| keywords::is_unconstrained(property)) {
            *property = any_object();
        }
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(type_properties),
        Value::Array(items) => items.iter_mut().for_each(type_properties),
        _ => {}
    }
}

fn any_content() -> Value {
    json!({ "application/json": { "schema": any_object() } })
}

fn any_object() -> Value {
    json!({ "type": "object", "additionalProperties": true })
}
