//! What is different between two canonical documents, and what of it breaks callers
//! of the client that is generated from them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::schema::{self, Kind, kind};

/// What happened to the thing at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Added,
    Removed,
    Changed,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) what: What,
    /// As in the list of missing descriptions: `schemas/RunObject/properties/status`.
    pub(super) place: String,
    /// What changed, if anything has to be said besides the place.
    pub(super) detail: Option<String>,
    /// Whether code written against the client may no longer compile or work.
    pub(super) breaking: bool,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.what {
            What::Added => '+',
            What::Removed => '-',
            What::Changed => '~',
        };
        write!(f, "{sign} {}", self.place)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        if self.breaking {
            f.write_str(" (breaks callers)")
        } else {
            Ok(())
        }
    }
}

/// All differences, operations first, in order of their places.
pub(super) fn between(before: &Value, after: &Value) -> Vec<Change> {
    let mut comparison = Comparison {
        sent: sent(after),
        changes: Vec::new(),
    };
    comparison.operations(&operations(before), &operations(after));
    comparison.schemas(&schemas(before), &schemas(after));
    comparison.changes
}

/// An operation with its method and path.
struct Operation<'a> {
    route: String,
    value: &'a Value,
}

fn operations(document: &Value) -> BTreeMap<&str, Operation<'_>> {
    let mut operations = BTreeMap::new();
    for (path, item) in document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        for (method, value) in item.as_object().into_iter().flatten() {
            if let Some(id) = value.get("operationId").and_then(Value::as_str) {
                operations.insert(
                    id,
                    Operation {
                        route: format!("{} {path}", method.to_uppercase()),
                        value,
                    },
                );
            }
        }
    }
    operations
}

fn schemas(document: &Value) -> BTreeMap<&str, &Value> {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    schemas
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
        .collect()
}

/// The schemas that callers fill in: those that request bodies reach.
fn sent(document: &Value) -> BTreeSet<String> {
    let schemas = schemas(document);
    let bodies = operations(document)
        .into_values()
        .filter_map(|operation| body(operation.value));
    let mut open: Vec<String> = bodies
        .filter_map(|schema| schema::reference(schema).map(str::to_owned))
        .collect();
    let mut sent = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(schema) = schemas.get(name.as_str())
            && sent.insert(name)
        {
            open.extend(schema::references(schema));
        }
    }
    sent
}

fn body(operation: &Value) -> Option<&Value> {
    operation.pointer("/requestBody/content/application~1json/schema")
}

fn success(operation: &Value) -> Option<&Value> {
    let responses = operation.get("responses")?.as_object()?;
    let (_, response) = responses
        .iter()
        .find(|(status, _)| status.starts_with('2'))?;
    response.pointer("/content/application~1json/schema")
}

fn flag(value: &Value, keyword: &str) -> bool {
    value.get(keyword) == Some(&Value::Bool(true))
}

/// The type of a schema, as far as code depends on it.
fn type_name(schema: &Value) -> String {
    if let Some(name) = schema::reference(schema) {
        return name.to_owned();
    }
    match kind(schema) {
        Some(Kind::Constant) => format!("the constant {}", schema["enum"][0]),
        Some(Kind::Array) => format!("array of {}", type_name(&schema["items"])),
        Some(Kind::Map) => match &schema["additionalProperties"] {
            value @ Value::Object(_) => format!("map of {}", type_name(value)),
            _ => "map".into(),
        },
        Some(Kind::Union) => "union".into(),
        _ => schema["type"].as_str().unwrap_or("unknown").to_owned(),
    }
}

struct Comparison {
    sent: BTreeSet<String>,
    changes: Vec<Change>,
}

impl Comparison {
    fn note(&mut self, what: What, place: &str, detail: Option<String>, breaking: bool) {
        self.changes.push(Change {
            what,
            place: place.to_owned(),
            detail,
            breaking,
        });
    }

    fn changed(&mut self, place: &str, detail: impl Into<String>, breaking: bool) {
        self.note(What::Changed, place, Some(detail.into()), breaking);
    }

    fn operations(
        &mut self,
        before: &BTreeMap<&str, Operation<'_>>,
        after: &BTreeMap<&str, Operation<'_>>,
    ) {
        for id in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let place = format!("operations/{id}");
            match (before.get(id), after.get(id)) {
                (Some(before), Some(after)) => self.operation(&place, before, after),
                (Some(_), None) => self.note(What::Removed, &place, None, true),
                (None, _) => self.note(What::Added, &place, None, false),
            }
        }
    }

    fn operation(&mut self, place: &str, before: &Operation<'_>, after: &Operation<'_>) {
        if before.route != after.route {
            self.changed(
                place,
                format!("{} is {} now", before.route, after.route),
                false,
            );
        }
        self.deprecation(place, before.value, after.value);
        self.parameters(place, before.value, after.value);
        self.request(place, before.value, after.value);
        self.typed(
            place,
            "answers with",
            success(before.value),
            success(after.value),
        );
        match (
            before.value.get("x-event-stream"),
            after.value.get("x-event-stream"),
        ) {
            (None, Some(_)) => self.changed(place, "can be streamed now", false),
            (Some(_), None) => self.changed(place, "can no longer be streamed", true),
            _ => {}
        }
    }

    fn deprecation(&mut self, place: &str, before: &Value, after: &Value) {
        match (flag(before, "deprecated"), flag(after, "deprecated")) {
            (false, true) => self.changed(place, "is deprecated now", false),
            (true, false) => self.changed(place, "is no longer deprecated", false),
            _ => {}
        }
    }

    fn parameters(&mut self, place: &str, before: &Value, after: &Value) {
        let by_name = |operation: &Value| -> BTreeMap<String, Value> {
            let parameters = operation
                .get("parameters")
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            parameters
                .filter_map(|parameter| {
                    Some((parameter["name"].as_str()?.to_owned(), parameter.clone()))
                })
                .collect()
        };
        let (before, after) = (by_name(before), by_name(after));
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let place = format!("{place}/parameters/{name}");
            match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) => {
                    self.requirement(
                        &place,
                        flag(before, "required"),
                        flag(after, "required"),
                        !flag(before, "required"),
                    );
                    self.value(&place, &before["schema"], &after["schema"]);
                }
                (Some(_), None) => self.note(What::Removed, &place, None, true),
                (None, Some(after)) => self.addition(&place, flag(after, "required")),
                (None, None) => {}
            }
        }
    }

    fn addition(&mut self, place: &str, must_be_given: bool) {
        self.note(
            What::Added,
            place,
            must_be_given.then(|| "required".into()),
            must_be_given,
        );
    }

    fn requirement(&mut self, place: &str, before: bool, after: bool, breaking: bool) {
        match (before, after) {
            (false, true) => self.changed(place, "is required now", breaking),
            (true, false) => self.changed(place, "is optional now", breaking),
            _ => {}
        }
    }

    fn request(&mut self, place: &str, before: &Value, after: &Value) {
        self.typed(place, "takes", body(before), body(after));
        if let (Some(before), Some(after)) = (before.get("requestBody"), after.get("requestBody")) {
            match (flag(before, "required"), flag(after, "required")) {
                (false, true) => self.changed(place, "its body is required now", true),
                (true, false) => self.changed(place, "its body is optional now", false),
                _ => {}
            }
        }
    }

    fn typed(&mut self, place: &str, verb: &str, before: Option<&Value>, after: Option<&Value>) {
        let name = |schema: Option<&Value>| schema.map_or_else(|| "nothing".into(), type_name);
        let (before, after) = (name(before), name(after));
        if before != after {
            self.changed(place, format!("{verb} {after} instead of {before}"), true);
        }
    }

    fn schemas(&mut self, before: &BTreeMap<&str, &Value>, after: &BTreeMap<&str, &Value>) {
        for name in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            let place = format!("schemas/{name}");
            match (before.get(name), after.get(name)) {
                (Some(before), Some(after)) => self.schema(&place, before, after, name),
                (Some(_), None) => self.note(What::Removed, &place, None, true),
                (None, _) => self.note(What::Added, &place, None, false),
            }
        }
    }

    fn schema(&mut self, place: &str, before: &Value, after: &Value, name: &str) {
        let (was, is) = (kind(before), kind(after));
        if was != is && !(is_text(was) && is_text(is)) {
            self.changed(
                place,
                format!("is {} instead of {}", form(is), form(was)),
                true,
            );
            return;
        }
        match is {
            Some(Kind::Object) => {
                self.deprecation(place, before, after);
                self.properties(place, before, after, self.sent.contains(name));
            }
            Some(Kind::Union) => self.members(place, before, after),
            Some(Kind::Enum | Kind::Constant) => self.values(place, before, after),
            _ => self.value(place, before, after),
        }
    }

    fn properties(&mut self, place: &str, before: &Value, after: &Value, sent: bool) {
        let properties = |schema: &Value| -> BTreeMap<String, Value> {
            schema::properties(schema)
                .map(|(name, property)| (name.clone(), property.clone()))
                .collect()
        };
        let (old, new) = (properties(before), properties(after));
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let place = format!("{place}/properties/{name}");
            match (old.get(name), new.get(name)) {
                (Some(was), Some(is)) => {
                    let (was_there, is_there) = (
                        schema::requires(before, name),
                        schema::requires(after, name),
                    );
                    let always = |there: bool, schema: &Value| there && !flag(schema, "nullable");
                    // In Rust a value that may be missing or null is an `Option`.
                    let option_changed = always(was_there, was) != always(is_there, is);
                    self.requirement(&place, was_there, is_there, option_changed);
                    match (flag(was, "nullable"), flag(is, "nullable")) {
                        (false, true) => self.changed(&place, "can be null now", option_changed),
                        (true, false) => {
                            self.changed(&place, "can no longer be null", option_changed)
                        }
                        _ => {}
                    }
                    self.value(&place, was, is);
                }
                (Some(_), None) => self.note(What::Removed, &place, None, true),
                (None, Some(is)) => {
                    let required = schema::requires(after, name);
                    self.addition(
                        &place,
                        sent && required
                            && !flag(is, "nullable")
                            && kind(is) != Some(Kind::Constant),
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn members(&mut self, place: &str, before: &Value, after: &Value) {
        let members = |schema: &Value| -> BTreeSet<String> {
            schema["oneOf"]
                .as_array()
                .into_iter()
                .flatten()
                .map(type_name)
                .collect()
        };
        let tag = |schema: &Value| schema.pointer("/discriminator/propertyName").cloned();
        if tag(before) != tag(after) {
            self.changed(place, "is told apart by another tag", true);
        }
        let (before, after) = (members(before), members(after));
        for name in before.difference(&after) {
            self.changed(place, format!("the member {name} was removed"), true);
        }
        for name in after.difference(&before) {
            self.changed(place, format!("the member {name} was added"), false);
        }
    }

    fn values(&mut self, place: &str, before: &Value, after: &Value) {
        let values = |schema: &Value| -> BTreeSet<String> {
            schema["enum"]
                .as_array()
                .into_iter()
                .flatten()
                .map(Value::to_string)
                .collect()
        };
        let (before, after) = (values(before), values(after));
        for value in before.difference(&after) {
            self.changed(place, format!("the value {value} was removed"), true);
        }
        for value in after.difference(&before) {
            self.changed(place, format!("the value {value} was added"), false);
        }
    }

    /// The type at a place, and the facts about it, which no code depends on.
    fn value(&mut self, place: &str, before: &Value, after: &Value) {
        let (was, is) = (type_name(before), type_name(after));
        if was != is {
            self.changed(place, format!("is {is} instead of {was}"), true);
            return;
        }
        self.deprecation(place, before, after);
        const SEEN: [&str; 8] = [
            "$ref",
            "allOf",
            "type",
            "items",
            "additionalProperties",
            "nullable",
            "deprecated",
            "description",
        ];
        let facts = |schema: &Value| -> BTreeMap<String, String> {
            let map = schema.as_object().into_iter().flatten();
            map.filter(|(key, _)| !SEEN.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.to_string()))
                .collect()
        };
        let (before, after) = (facts(before), facts(after));
        for fact in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
            match (before.get(fact), after.get(fact)) {
                (Some(was), Some(is)) if was != is => {
                    self.changed(place, format!("`{fact}` is {is} instead of {was}"), false)
                }
                (Some(was), None) => {
                    self.changed(place, format!("`{fact}` was {was}, and is gone"), false)
                }
                (None, Some(is)) => self.changed(place, format!("`{fact}` is {is} now"), false),
                _ => {}
            }
        }
    }
}

fn is_text(kind: Option<Kind>) -> bool {
    matches!(kind, Some(Kind::Enum | Kind::Constant))
}

fn form(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Reference) => "another schema",
        Some(Kind::Primitive) => "a plain value",
        Some(Kind::Constant) => "a constant",
        Some(Kind::Enum) => "a list of values",
        Some(Kind::Array) => "an array",
        Some(Kind::Object) => "an object",
        Some(Kind::Map) => "a map",
        Some(Kind::Union) => "a union",
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "paths": {"/threads": {"post": {
                "operationId": "createThread",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "default": 20}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/CreateThreadRequest"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thread"}}}}},
            }}},
            "components": {"schemas": {
                "CreateThreadRequest": {"type": "object", "properties": {"a": {"type": "string"}}},
                "Mode": {"type": "string", "enum": ["a", "b"]},
                "Thread": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "x": {"type": "string"}}},
                "Tool": {"oneOf": [{"$ref": "#/components/schemas/A"}], "discriminator": {"propertyName": "type"}},
            }},
        })
    }

    /// What is different after one edit.
    fn after(pointer: &str, value: Value) -> Vec<String> {
        let mut edited = document();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let key = key.replace("~1", "/");
        let parent = edited.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        if value.is_null() {
            parent.remove(&key);
        } else {
            parent.insert(key, value);
        }
        between(&document(), &edited)
            .iter()
            .map(Change::to_string)
            .collect()
    }

    #[test]
    fn nothing_is_different_between_equal_documents_and_in_descriptions() {
        assert_eq!(between(&document(), &document()), []);
        assert_eq!(
            after("/components/schemas/Mode/description", json!("New.")),
            [""; 0]
        );
    }

    #[test]
    fn operations_are_compared() {
        const POST: &str = "/paths/~1threads/post";
        assert_eq!(
            after(POST, Value::Null),
            ["- operations/createThread (breaks callers)"]
        );
        assert_eq!(
            after("/paths/~1new", json!({"get": {"operationId": "new"}})),
            ["+ operations/new"]
        );
        assert_eq!(
            after(&format!("{POST}/deprecated"), json!(true)),
            ["~ operations/createThread: is deprecated now"]
        );
        assert_eq!(
            after(&format!("{POST}/parameters"), json!([])),
            ["- operations/createThread/parameters/limit (breaks callers)"]
        );
        assert_eq!(
            after(
                &format!("{POST}/parameters"),
                json!([{"name": "limit", "required": true, "schema": {"type": "integer", "default": 10}}])
            ),
            [
                "~ operations/createThread/parameters/limit: is required now (breaks callers)",
                "~ operations/createThread/parameters/limit: `default` is 10 instead of 20",
            ]
        );
        assert_eq!(
            after(&format!("{POST}/responses"), json!({"200": {}})),
            ["~ operations/createThread: answers with nothing instead of Thread (breaks callers)"]
        );
        assert_eq!(
            after(&format!("{POST}/requestBody/required"), json!(true)),
            ["~ operations/createThread: its body is required now (breaks callers)"]
        );
    }

    #[test]
    fn properties_are_compared() {
        let property = |value| after("/components/schemas/Thread/properties/id", value);
        assert_eq!(
            property(Value::Null),
            ["- schemas/Thread/properties/id (breaks callers)"]
        );
        assert_eq!(
            property(json!({"type": "integer"})),
            ["~ schemas/Thread/properties/id: is integer instead of string (breaks callers)"]
        );
        assert_eq!(
            property(json!({"type": "string", "nullable": true})),
            ["~ schemas/Thread/properties/id: can be null now (breaks callers)"]
        );
        assert_eq!(
            property(json!({"type": "string", "maxLength": 9})),
            ["~ schemas/Thread/properties/id: `maxLength` is 9 now"]
        );
        assert_eq!(
            after(
                "/components/schemas/Thread/properties/x",
                json!({"type": "string", "nullable": true})
            ),
            ["~ schemas/Thread/properties/x: can be null now"]
        );
        assert_eq!(
            after("/components/schemas/Thread/required", json!(["id", "x"])),
            ["~ schemas/Thread/properties/x: is required now (breaks callers)"]
        );
    }

    #[test]
    fn a_new_property_breaks_callers_only_if_they_have_to_send_it() {
        let with = |name: &str| {
            after(
                &format!("/components/schemas/{name}"),
                json!({"type": "object", "required": ["id", "new"], "properties": {
                    "a": {"type": "string"}, "id": {"type": "string"}, "x": {"type": "string"}, "new": {"type": "string"},
                }}),
            )
        };
        assert!(with("CreateThreadRequest").contains(
            &"+ schemas/CreateThreadRequest/properties/new: required (breaks callers)".to_owned()
        ));
        assert!(with("Thread").contains(&"+ schemas/Thread/properties/new".to_owned()));
    }

    #[test]
    fn values_and_members_may_be_added_but_not_removed() {
        assert_eq!(
            after("/components/schemas/Mode/enum", json!(["b", "c"])),
            [
                "~ schemas/Mode: the value \"a\" was removed (breaks callers)",
                "~ schemas/Mode: the value \"c\" was added"
            ]
        );
        assert_eq!(
            after(
                "/components/schemas/Tool/oneOf",
                json!([{"$ref": "#/components/schemas/B"}])
            ),
            [
                "~ schemas/Tool: the member A was removed (breaks callers)",
                "~ schemas/Tool: the member B was added"
            ]
        );
        assert_eq!(
            after(
                "/components/schemas/Mode",
                json!({"type": "object", "properties": {}})
            ),
            ["~ schemas/Mode: is an object instead of a list of values (breaks callers)"]
        );
    }
}
