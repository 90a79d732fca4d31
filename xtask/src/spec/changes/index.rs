//! Indexes a canonical document by names for the comparison.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::spec::canonical::STREAM_EVENT;
use crate::spec::schema;

/// A document with its operations, schemas and events by name.
pub(super) struct Index<'a> {
    pub(super) operations: BTreeMap<&'a str, Operation<'a>>,
    pub(super) schemas: BTreeMap<&'a str, &'a Value>,
    /// The schemas of server-sent events, by the name of the event.
    pub(super) events: BTreeMap<&'a str, &'a str>,
}

/// An operation with its method and path.
pub(super) struct Operation<'a> {
    pub(super) route: String,
    pub(super) value: &'a Value,
}

impl<'a> Index<'a> {
    pub(super) fn new(document: &'a Value) -> Self {
        let schemas = entries(document.pointer("/components/schemas")).collect();
        let mut index = Self {
            operations: operations(document),
            schemas,
            events: BTreeMap::new(),
        };
        index.events = index
            .schemas
            .get(STREAM_EVENT)
            .map(|union| mapping(union))
            .unwrap_or_default();
        index
    }

    /// Whether a schema is an event or a union of events.
    ///
    /// In Rust, events are variants of one enum rather than types.
    pub(super) fn is_event(&self, name: &str) -> bool {
        self.events.values().any(|event| *event == name)
            || self
                .schemas
                .get(name)
                .is_some_and(|schema| tag(schema) == Some("event"))
    }

    /// The schemas that request bodies reach, which callers construct.
    pub(super) fn request_schemas(&self) -> BTreeSet<String> {
        let bodies = self
            .operations
            .values()
            .filter_map(|operation| body(operation.value));
        let mut pending: Vec<String> = bodies.flat_map(schema::references).collect();
        let mut reached = BTreeSet::new();
        while let Some(name) = pending.pop() {
            if let Some(schema) = self.schemas.get(name.as_str())
                && reached.insert(name)
            {
                pending.extend(schema::references(schema));
            }
        }
        reached
    }
}

fn operations(document: &Value) -> BTreeMap<&str, Operation<'_>> {
    let mut operations = BTreeMap::new();
    for (path, item) in entries(document.get("paths")) {
        for (method, value) in entries(Some(item)) {
            if let Some(id) = value.get("operationId").and_then(Value::as_str) {
                let route = format!("{} {path}", method.to_uppercase());
                operations.insert(id, Operation { route, value });
            }
        }
    }
    operations
}

/// The keys of both maps, sorted and without duplicates.
pub(super) fn keys<'k, K: Ord + Copy, V>(
    before: &'k BTreeMap<K, V>,
    after: &'k BTreeMap<K, V>,
) -> BTreeSet<K> {
    before.keys().chain(after.keys()).copied().collect()
}

/// The entries of a value, if it is an object.
pub(super) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

/// The items of a property, if it is a list.
pub(super) fn items<'a>(value: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The discriminator property of a union.
pub(super) fn tag(union: &Value) -> Option<&str> {
    union.pointer("/discriminator/propertyName")?.as_str()
}

/// The members of a union, by discriminator value.
pub(super) fn mapping(union: &Value) -> BTreeMap<&str, &str> {
    entries(union.pointer("/discriminator/mapping"))
        .filter_map(|(tag, target)| Some((tag, target.as_str()?.strip_prefix(schema::PREFIX)?)))
        .collect()
}

/// The schema of the request body of an operation.
pub(super) fn body(operation: &Value) -> Option<&Value> {
    content(operation.get("requestBody")?)
}

/// The schema of a body of any media type: a canonical document has one.
fn content(body: &Value) -> Option<&Value> {
    entries(body.get("content")).find_map(|(_, content)| content.get("schema"))
}

/// The status and the body schema of the successful response of an operation.
pub(super) fn success(operation: &Value) -> Option<(&str, Option<&Value>)> {
    entries(operation.get("responses"))
        .find(|(status, _)| status.starts_with('2'))
        .map(|(status, response)| (status, content(response)))
}

/// Whether a keyword is `true`.
pub(super) fn flag(value: &Value, keyword: &str) -> bool {
    value.get(keyword) == Some(&Value::Bool(true))
}
