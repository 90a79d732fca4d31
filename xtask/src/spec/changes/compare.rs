//! Two documents side by side, and the list of what is different between them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::closure::STREAM_EVENT;
use super::super::schema;
use super::{Change, Effect, Subject, What, renames};

/// One of the two documents, with its parts by name.
pub(super) struct Side<'a> {
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

impl<'a> Side<'a> {
    fn new(document: &'a Value) -> Self {
        let schemas = entries(document.pointer("/components/schemas")).collect();
        let mut side = Self {
            operations: operations(document),
            schemas,
            events: BTreeMap::new(),
        };
        side.events = side
            .schemas
            .get(STREAM_EVENT)
            .map(|union| mapping(union))
            .unwrap_or_default();
        side
    }

    /// Whether a schema is an event or a union of events, which are no types of their own
    /// in Rust but variants of one.
    pub(super) fn is_event(&self, name: &str) -> bool {
        self.events.values().any(|event| *event == name)
            || self
                .schemas
                .get(name)
                .is_some_and(|schema| tag(schema) == Some("event"))
    }

    /// The schemas that callers fill in: those that request bodies reach.
    fn sent(&self) -> BTreeSet<String> {
        let bodies = self
            .operations
            .values()
            .filter_map(|operation| body(operation.value));
        let mut open: Vec<String> = bodies.flat_map(schema::references).collect();
        let mut sent = BTreeSet::new();
        while let Some(name) = open.pop() {
            if let Some(schema) = self.schemas.get(name.as_str())
                && sent.insert(name)
            {
                open.extend(schema::references(schema));
            }
        }
        sent
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

/// Where something is, for people to read.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) path: String,
    /// The last step. It may hold slashes, so the path does not tell.
    pub(super) name: String,
}

impl Place {
    /// A thing in a collection at the top.
    pub(super) fn new(collection: &str, name: &str) -> Self {
        Self {
            path: format!("{collection}/{name}"),
            name: name.to_owned(),
        }
    }

    /// A thing in a collection of this one.
    pub(super) fn child(&self, collection: &str, name: &str) -> Self {
        self.part(collection).part(name)
    }

    /// A part that every thing of this sort has.
    pub(super) fn part(&self, name: &str) -> Self {
        Self::new(&self.path, name)
    }
}

/// The comparison of two documents, as far as it has come.
pub(super) struct Comparison<'a> {
    pub(super) before: Side<'a>,
    pub(super) after: Side<'a>,
    /// Schemas that have another name in the second document.
    pub(super) renamed: BTreeMap<&'a str, &'a str>,
    /// The schemas that callers of the first document fill in.
    pub(super) was_sent: BTreeSet<String>,
    /// The schemas that callers of the second document fill in.
    pub(super) sent: BTreeSet<String>,
    pub(super) changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(before: &'a Value, after: &'a Value) -> Self {
        let (before, after) = (Side::new(before), Side::new(after));
        Self {
            renamed: renames::find(&before, &after),
            was_sent: before.sent(),
            sent: after.sent(),
            before,
            after,
            changes: Vec::new(),
        }
    }

    pub(super) fn note(
        &mut self,
        subject: Subject,
        what: What,
        place: &Place,
        detail: Option<String>,
        effect: Effect,
    ) {
        self.changes.push(Change {
            subject,
            what,
            name: place.name.clone(),
            place: place.path.clone(),
            detail,
            effect,
        });
    }

    pub(super) fn changed(
        &mut self,
        subject: Subject,
        place: &Place,
        detail: impl Into<String>,
        effect: Effect,
    ) {
        self.note(subject, What::Changed, place, Some(detail.into()), effect);
    }

    pub(super) fn deprecation(
        &mut self,
        subject: Subject,
        place: &Place,
        before: &Value,
        after: &Value,
    ) {
        match (flag(before, "deprecated"), flag(after, "deprecated")) {
            (false, true) => self.changed(subject, place, "is deprecated now", Effect::Extends),
            (true, false) => {
                self.changed(subject, place, "is no longer deprecated", Effect::Nothing);
            }
            _ => {}
        }
    }
}

/// The keys of both, each once, in order.
pub(super) fn keys<'k, K: Ord + Copy, V>(
    before: &'k BTreeMap<K, V>,
    after: &'k BTreeMap<K, V>,
) -> BTreeSet<K> {
    before.keys().chain(after.keys()).copied().collect()
}

/// The entries of what may be an object.
pub(super) fn entries(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

/// The items of what may be a list.
pub(super) fn items<'a>(value: &'a Value, keyword: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(keyword)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The property that tells the members of a union apart.
pub(super) fn tag(union: &Value) -> Option<&str> {
    union.pointer("/discriminator/propertyName")?.as_str()
}

/// The schemas of a union's members, by the value of its tag.
pub(super) fn mapping(union: &Value) -> BTreeMap<&str, &str> {
    entries(union.pointer("/discriminator/mapping"))
        .filter_map(|(tag, target)| Some((tag, target.as_str()?.strip_prefix(schema::PREFIX)?)))
        .collect()
}

/// The schema of an operation's request body.
pub(super) fn body(operation: &Value) -> Option<&Value> {
    operation.pointer("/requestBody/content/application~1json/schema")
}

/// The status of an operation's success, and the schema of its body.
pub(super) fn success(operation: &Value) -> Option<(&str, Option<&Value>)> {
    entries(operation.get("responses"))
        .find(|(status, _)| status.starts_with('2'))
        .map(|(status, response)| {
            (
                status,
                response.pointer("/content/application~1json/schema"),
            )
        })
}

pub(super) fn flag(value: &Value, keyword: &str) -> bool {
    value.get(keyword) == Some(&Value::Bool(true))
}
