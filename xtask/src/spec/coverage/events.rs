//! Compares the stream events of both documents.

use serde_json::{Value, json};

use super::schemas::{Comparison, Direction};
use crate::spec::canonical::STREAM_EVENT;
use crate::spec::schema::{self, PREFIX, Schemas};

/// Adds the union of all events under the name of ours. No operation refers to it.
pub(super) fn with_root(mut document: Value) -> Value {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else {
        return document;
    };
    if schemas.contains_key(STREAM_EVENT) {
        return document;
    }
    let known: Schemas = schemas.clone().into_iter().collect();
    let unions = known
        .iter()
        .map(|(name, union)| (name, leaves(union, &known, 0)));
    let events = unions
        .filter(|(_, leaves)| {
            let is_event = |leaf: &&Value| leaf["properties"].get("event").is_some();
            leaves.len() > 1 && leaves.iter().all(is_event)
        })
        .max_by_key(|(_, leaves)| leaves.len());
    if let Some((name, _)) = events {
        let root = json!({ "$ref": format!("{PREFIX}{name}") });
        schemas.insert(STREAM_EVENT.to_owned(), root);
    }
    document
}

/// The members of a union that is not lowered yet.
fn leaves<'a>(schema: &'a Value, known: &'a Schemas, depth: usize) -> Vec<&'a Value> {
    let (_, schema) = schema::target(schema, known);
    let branches = schema.get("oneOf").or_else(|| schema.get("anyOf"));
    match branches.and_then(Value::as_array) {
        Some(branches) if depth < 8 => branches
            .iter()
            .flat_map(|branch| leaves(branch, known, depth + 1))
            .collect(),
        _ => vec![schema],
    }
}

/// Compares the unions of all events.
pub(super) fn compare(comparison: &mut Comparison) {
    let events = (
        comparison.server.get(STREAM_EVENT),
        comparison.ours.get(STREAM_EVENT),
    );
    if let (Some(server), Some(ours)) = events {
        comparison.compare(server, ours, "event", Direction::Response);
    }
}
