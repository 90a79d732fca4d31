//! Operations: their names and routes, parameters, bodies, answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::operations::RUST_NAME;
use super::super::schema;
use super::compare::{Comparison, Place, Side, body, flag, items, keys, success};
use super::{Effect, Subject, What};

impl Comparison<'_> {
    /// Everything about the operations of both documents.
    pub(super) fn operations(&mut self) {
        let renamed = renamed(&self.before, &self.after);
        for id in keys(&self.before.operations, &self.after.operations) {
            let place = Place::new("operations", id);
            let was = self.before.operations.get(id);
            let is = renamed.get(id).copied().unwrap_or(id);
            match (was, self.after.operations.get(is)) {
                (Some(was), Some(now)) => {
                    let routes = (was.route.clone(), now.route.clone());
                    let (before, after) = (was.value, now.value);
                    if is != id {
                        self.changed(
                            Subject::Operation,
                            &place,
                            format!("is named {is} now"),
                            Effect::Breaks("the method has another name"),
                        );
                    }
                    if routes.0 != routes.1 {
                        self.changed(
                            Subject::Operation,
                            &place,
                            format!("is {} instead of {}", routes.1, routes.0),
                            Effect::Nothing,
                        );
                    }
                    self.operation(&Place::new("operations", is), before, after);
                }
                (Some(was), None) => {
                    let route = was.route.clone();
                    self.note(
                        Subject::Operation,
                        What::Removed,
                        &place,
                        Some(route),
                        Effect::Breaks("the method is gone"),
                    );
                }
                (None, Some(_)) if renamed.values().any(|new| *new == id) => {}
                (None, Some(is)) => {
                    let route = is.route.clone();
                    self.note(
                        Subject::Operation,
                        What::Added,
                        &place,
                        Some(route),
                        Effect::Extends,
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn operation(&mut self, place: &Place, before: &Value, after: &Value) {
        self.deprecation(Subject::Operation, place, before, after);
        self.parameters(place, before, after);
        self.request(place, before, after);
        self.answer(place, before, after);
        if before.get(RUST_NAME) != after.get(RUST_NAME) {
            self.changed(
                Subject::Operation,
                place,
                "has another name in Rust",
                Effect::Breaks("the method has another name"),
            );
        }
        match (before.get("x-event-stream"), after.get("x-event-stream")) {
            (None, Some(_)) => self.changed(
                Subject::Operation,
                place,
                "can be streamed now",
                Effect::Extends,
            ),
            (Some(_), None) => self.changed(
                Subject::Operation,
                place,
                "can no longer be streamed",
                Effect::Breaks("its method `stream` is gone"),
            ),
            _ => {}
        }
    }

    fn parameters(&mut self, place: &Place, before: &Value, after: &Value) {
        let (before, after) = (parameters(before), parameters(after));
        for name in keys(&before, &after) {
            let (was, is) = (before.get(name), after.get(name));
            let written = is.or(was).and_then(|parameter| parameter["name"].as_str());
            let place = place.child("parameters", written.unwrap_or(name));
            match (was, is) {
                (Some(was), Some(is)) => self.parameter(&place, was, is),
                (Some(_), None) => self.note(
                    Subject::Parameter,
                    What::Removed,
                    &place,
                    None,
                    Effect::Breaks("its setter is gone"),
                ),
                (None, Some(is)) if flag(is, "required") => self.note(
                    Subject::Parameter,
                    What::Added,
                    &place,
                    Some("required".into()),
                    Effect::Breaks("callers have to set it"),
                ),
                (None, _) => {
                    self.note(
                        Subject::Parameter,
                        What::Added,
                        &place,
                        None,
                        Effect::Extends,
                    );
                }
            }
        }
    }

    fn parameter(&mut self, place: &Place, before: &Value, after: &Value) {
        match (flag(before, "required"), flag(after, "required")) {
            (false, true) => self.changed(
                Subject::Required,
                place,
                "is required now",
                Effect::Breaks("callers have to set it"),
            ),
            (true, false) => {
                self.changed(Subject::Required, place, "is optional now", Effect::Extends);
            }
            _ => {}
        }
        self.deprecation(Subject::Parameter, place, before, after);
        for fact in ["name", "in", "style", "explode"] {
            if before.get(fact) != after.get(fact) {
                let text = |parameter: &Value| match parameter.get(fact) {
                    Some(value) => value.to_string(),
                    None => "the default".into(),
                };
                let detail = format!("`{fact}` is {} instead of {}", text(after), text(before));
                self.changed(Subject::Parameter, place, detail, Effect::Nothing);
            }
        }
        self.value(place, &before["schema"], &after["schema"]);
    }

    fn request(&mut self, place: &Place, before: &Value, after: &Value) {
        let place = place.part("requestBody");
        match (body(before), body(after)) {
            (Some(was), Some(is)) => {
                if let Some((detail, effect)) = self.type_change("is", was, is) {
                    self.changed(Subject::Type, &place, detail, effect);
                }
            }
            (Some(was), None) => {
                let detail = format!("was {}, and is gone", self.before_type(was));
                let effect = Effect::Breaks("its setter is gone");
                self.changed(Subject::Type, &place, detail, effect);
            }
            (None, Some(is)) => {
                let target = schema::reference(is).and_then(|name| self.after.schemas.get(name));
                let needed = target.is_some_and(|body| items(body, "required").next().is_some());
                let effect = if needed {
                    Effect::Breaks("callers have to set it")
                } else {
                    Effect::Extends
                };
                let detail = format!("is {} now", self.after_type(is));
                self.changed(Subject::Type, &place, detail, effect);
            }
            (None, None) => {}
        }
        // The client always sends the body: whether callers have to set it depends on what
        // is required within.
        if let (Some(before), Some(after)) = (before.get("requestBody"), after.get("requestBody")) {
            let detail = match (flag(before, "required"), flag(after, "required")) {
                (false, true) => "is required now",
                (true, false) => "is optional now",
                _ => return,
            };
            self.changed(Subject::Required, &place, detail, Effect::Nothing);
        }
    }

    fn answer(&mut self, place: &Place, before: &Value, after: &Value) {
        let (was, is) = (success(before), success(after));
        let status = |answer: Option<(&str, _)>| answer.map_or("", |(status, _)| status).to_owned();
        let (old, new) = (status(was), status(is));
        let place = place.child("responses", &new);
        if old != new {
            let detail = format!("is {new} instead of {old}");
            self.changed(Subject::Operation, &place, detail, Effect::Nothing);
        }
        let nothing = Value::Null;
        let schema = |answer: Option<(_, _)>| answer.and_then(|(_, schema)| schema);
        let (was, is) = (
            schema(was).unwrap_or(&nothing),
            schema(is).unwrap_or(&nothing),
        );
        if let Some((detail, effect)) = self.type_change("is", was, is) {
            self.changed(Subject::Type, &place, detail, effect);
        }
    }
}

/// Operations that are gone by name, and have another name on the same route.
fn renamed<'a>(before: &Side<'a>, after: &Side<'a>) -> BTreeMap<&'a str, &'a str> {
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

/// The parameters by the names of their setters, which do without the brackets that some
/// servers want behind the name of a list.
fn parameters(operation: &Value) -> BTreeMap<&str, &Value> {
    items(operation, "parameters")
        .filter_map(|parameter| {
            let name = parameter["name"].as_str()?;
            Some((name.trim_end_matches("[]"), parameter))
        })
        .collect()
}
