//! Compares operations: names, routes, parameters, request bodies and responses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::{Action, Effect, Subject};
use super::comparison::{Comparison, Location};
use super::index::{Index, body, flag, items, keys, success};
use crate::spec::canonical::{EVENT_STREAM, RUST_NAME};
use crate::spec::schema;

impl Comparison<'_> {
    /// Compares the operations of both documents.
    pub(super) fn compare_operations(&mut self) {
        let renamed = renamed(&self.before, &self.after);
        for id in keys(&self.before.operations, &self.after.operations) {
            let location = Location::new("operations", id);
            let new_id = renamed.get(id).copied().unwrap_or(id);
            let operations = (
                self.before.operations.get(id),
                self.after.operations.get(new_id),
            );
            match operations {
                (Some(old), Some(new)) => {
                    let (old_route, new_route) = (old.route.clone(), new.route.clone());
                    let (before, after) = (old.value, new.value);
                    if new_id != id {
                        self.changed(
                            Subject::Operation,
                            &location,
                            format!("renamed to {new_id}"),
                            Effect::Breaks("method renamed"),
                        );
                    }
                    if old_route != new_route {
                        self.changed(
                            Subject::Operation,
                            &location,
                            format!("route changed from {old_route} to {new_route}"),
                            Effect::None,
                        );
                    }
                    self.compare_operation(&Location::new("operations", new_id), before, after);
                }
                (Some(old), None) => {
                    let route = old.route.clone();
                    self.record(
                        Subject::Operation,
                        Action::Removed,
                        &location,
                        Some(route),
                        Effect::Breaks("method removed"),
                    );
                }
                (None, Some(_)) if renamed.values().any(|new_id| *new_id == id) => {}
                (None, Some(new)) => {
                    let route = new.route.clone();
                    self.record(
                        Subject::Operation,
                        Action::Added,
                        &location,
                        Some(route),
                        Effect::Extends,
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn compare_operation(&mut self, location: &Location, before: &Value, after: &Value) {
        self.compare_deprecation(Subject::Operation, location, before, after);
        self.compare_parameters(location, before, after);
        self.compare_request(location, before, after);
        self.compare_response(location, before, after);
        if before.get(RUST_NAME) != after.get(RUST_NAME) {
            self.changed(
                Subject::Operation,
                location,
                "name in Rust changed",
                Effect::Breaks("method renamed"),
            );
        }
        match (before.get(EVENT_STREAM), after.get(EVENT_STREAM)) {
            (None, Some(_)) => self.changed(
                Subject::Operation,
                location,
                "now supports streaming",
                Effect::Extends,
            ),
            (Some(_), None) => self.changed(
                Subject::Operation,
                location,
                "no longer supports streaming",
                Effect::Breaks("method `stream` removed"),
            ),
            _ => {}
        }
    }

    fn compare_parameters(&mut self, location: &Location, before: &Value, after: &Value) {
        let (before, after) = (parameters(before), parameters(after));
        for name in keys(&before, &after) {
            let (old, new) = (before.get(name), after.get(name));
            let written = new.or(old).and_then(|parameter| parameter["name"].as_str());
            let location = location.child("parameters", written.unwrap_or(name));
            match (old, new) {
                (Some(old), Some(new)) => self.compare_parameter(&location, old, new),
                (Some(_), None) => self.record(
                    Subject::Parameter,
                    Action::Removed,
                    &location,
                    None,
                    Effect::Breaks("setter removed"),
                ),
                (None, Some(new)) if flag(new, "required") => self.record(
                    Subject::Parameter,
                    Action::Added,
                    &location,
                    Some("required".into()),
                    Effect::Breaks("callers must set it"),
                ),
                (None, _) => {
                    self.record(
                        Subject::Parameter,
                        Action::Added,
                        &location,
                        None,
                        Effect::Extends,
                    );
                }
            }
        }
    }

    fn compare_parameter(&mut self, location: &Location, before: &Value, after: &Value) {
        match (flag(before, "required"), flag(after, "required")) {
            (false, true) => self.changed(
                Subject::Required,
                location,
                "now required",
                Effect::Breaks("callers must set it"),
            ),
            (true, false) => {
                self.changed(Subject::Required, location, "now optional", Effect::Extends);
            }
            _ => {}
        }
        self.compare_deprecation(Subject::Parameter, location, before, after);
        for keyword in ["name", "in", "style", "explode"] {
            if before.get(keyword) != after.get(keyword) {
                let value = |parameter: &Value| match parameter.get(keyword) {
                    Some(value) => value.to_string(),
                    None => "the default".into(),
                };
                let detail = format!(
                    "`{keyword}` changed from {} to {}",
                    value(before),
                    value(after)
                );
                self.changed(Subject::Parameter, location, detail, Effect::None);
            }
        }
        self.compare_value(location, &before["schema"], &after["schema"]);
    }

    fn compare_request(&mut self, location: &Location, before: &Value, after: &Value) {
        let location = location.part("requestBody");
        match (body(before), body(after)) {
            (Some(old), Some(new)) => {
                if let Some((detail, effect)) = self.type_change("type", old, new) {
                    self.changed(Subject::Type, &location, detail, effect);
                }
            }
            (Some(old), None) => {
                let detail = format!("removed (was {})", self.type_before(old));
                let effect = Effect::Breaks("setter removed");
                self.changed(Subject::Type, &location, detail, effect);
            }
            (None, Some(new)) => {
                let target = schema::reference(new).and_then(|name| self.after.schemas.get(name));
                let is_required =
                    target.is_some_and(|body| items(body, "required").next().is_some());
                let effect = if is_required {
                    Effect::Breaks("callers must set it")
                } else {
                    Effect::Extends
                };
                let detail = format!("added: {}", self.type_after(new));
                self.changed(Subject::Type, &location, detail, effect);
            }
            (None, None) => {}
        }
        // The client always sends the body. Whether callers must set it depends on its required
        // properties.
        if let (Some(before), Some(after)) = (before.get("requestBody"), after.get("requestBody")) {
            let detail = match (flag(before, "required"), flag(after, "required")) {
                (false, true) => "now required",
                (true, false) => "now optional",
                _ => return,
            };
            self.changed(Subject::Required, &location, detail, Effect::None);
        }
    }

    fn compare_response(&mut self, location: &Location, before: &Value, after: &Value) {
        let (old, new) = (success(before), success(after));
        let status =
            |response: Option<(&str, _)>| response.map_or("", |(status, _)| status).to_owned();
        let (old_status, new_status) = (status(old), status(new));
        let location = location.child("responses", &new_status);
        if old_status != new_status {
            let detail = format!("status changed from {old_status} to {new_status}");
            self.changed(Subject::Operation, &location, detail, Effect::None);
        }
        let none = Value::Null;
        let schema =
            |response: Option<(_, _)>| response.and_then(|(_, schema)| schema).unwrap_or(&none);
        if let Some((detail, effect)) = self.type_change("type", schema(old), schema(new)) {
            self.changed(Subject::Type, &location, detail, effect);
        }
    }
}

/// Returns the renamed operations, which have the same route: old ID to new ID.
fn renamed<'a>(before: &Index<'a>, after: &Index<'a>) -> BTreeMap<&'a str, &'a str> {
    let new: BTreeMap<&str, &str> = after
        .operations
        .iter()
        .filter(|(id, _)| !before.operations.contains_key(*id))
        .map(|(id, operation)| (operation.route.as_str(), *id))
        .collect();
    before
        .operations
        .iter()
        .filter(|(id, _)| !after.operations.contains_key(*id))
        .filter_map(|(id, operation)| Some((*id, *new.get(operation.route.as_str())?)))
        .collect()
}

/// The parameters by the names of their setters.
///
/// The setter of a list has no brackets, which some servers expect after the name.
fn parameters(operation: &Value) -> BTreeMap<&str, &Value> {
    items(operation, "parameters")
        .filter_map(|parameter| {
            let name = parameter["name"].as_str()?;
            Some((name.trim_end_matches("[]"), parameter))
        })
        .collect()
}
