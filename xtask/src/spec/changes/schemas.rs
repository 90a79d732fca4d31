//! Schemas: what kind of thing they are, and their properties, values and members.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::closure::STREAM_EVENT;
use super::super::schema::{self, Kind, kind};
use super::compare::{Comparison, Place, entries, flag, items, keys, mapping, tag};
use super::types::is_alias;
use super::{Effect, Subject, What};

/// What an object is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Callers fill it in.
    Sent,
    /// Callers only read it.
    Received,
    /// It is around the data of an event, and no type of its own.
    Event,
}

impl Comparison<'_> {
    /// Everything about the schemas of both documents. Events are left to `events`.
    pub(super) fn schemas(&mut self) {
        let new_names: BTreeSet<&str> = self.renamed.values().copied().collect();
        for name in keys(&self.before.schemas, &self.after.schemas) {
            if self.before.events.values().any(|event| *event == name)
                || self.after.events.values().any(|event| *event == name)
            {
                continue;
            }
            let place = Place::new("schemas", name);
            let is = self.renamed.get(name).copied().unwrap_or(name);
            let was = self.before.schemas.get(name).copied();
            match (was, self.after.schemas.get(is).copied()) {
                (Some(before), Some(after)) => {
                    if is != name {
                        self.changed(
                            Subject::Schema,
                            &place,
                            format!("is named {is} now"),
                            self.of_type(name, before, Effect::Breaks("the type has another name")),
                        );
                    }
                    self.schema((name, is), before, after);
                }
                (Some(before), None) => self.note(
                    Subject::Schema,
                    What::Removed,
                    &place,
                    None,
                    self.of_type(name, before, Effect::Breaks("the type is gone")),
                ),
                (None, Some(_)) if new_names.contains(name) => {}
                (None, Some(after)) => self.note(
                    Subject::Schema,
                    What::Added,
                    &place,
                    Some(content(after)),
                    self.of_type(name, after, Effect::Extends),
                ),
                (None, None) => {}
            }
        }
    }

    /// What a change means, if the schema is a type in Rust.
    fn of_type(&self, name: &str, schema: &Value, effect: Effect) -> Effect {
        let is_event = self.before.is_event(name) || self.after.is_event(name);
        if is_alias(schema) || (is_event && name != STREAM_EVENT) {
            Effect::Nothing
        } else {
            effect
        }
    }

    /// A schema of both documents, by its name in each.
    fn schema(&mut self, (old_name, name): (&str, &str), before: &Value, after: &Value) {
        let place = Place::new("schemas", name);
        let (was, is) = (kind(before), kind(after));
        if was != is && !(is_text(was) && is_text(is)) {
            self.changed(
                Subject::Schema,
                &place,
                format!("is {} instead of {}", form(is), form(was)),
                Effect::Breaks("it is another type in Rust"),
            );
            return;
        }
        self.deprecation(Subject::Schema, &place, before, after);
        match is {
            Some(Kind::Object) => {
                let role = if self.sent.contains(name) {
                    Role::Sent
                } else {
                    Role::Received
                };
                if role == Role::Received && self.was_sent.contains(old_name) {
                    let effect = Effect::Breaks("its builder is gone");
                    let detail = "is no longer part of a request";
                    self.changed(Subject::Schema, &place, detail, effect);
                }
                self.properties(&place, before, after, role);
            }
            // `events` tells what is different between these.
            Some(Kind::Union) if [tag(before), tag(after)] == [Some("event"); 2] => {}
            Some(Kind::Union) => self.members(&place, before, after),
            Some(Kind::Enum | Kind::Constant) => self.values(&place, before, after),
            _ => return self.value(&place, before, after),
        }
        if !is_text(is) {
            self.facts(&place, before, after);
        }
    }

    /// The properties of an object.
    pub(super) fn properties(&mut self, place: &Place, before: &Value, after: &Value, role: Role) {
        let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) = (
            entries(before.get("properties")).collect(),
            entries(after.get("properties")).collect(),
        );
        for name in keys(&old, &new) {
            let place = place.child("properties", name);
            let is_field = |object: &Value| role != Role::Event && constant(object) != Some(name);
            match (old.get(name), new.get(name)) {
                (Some(was), Some(is)) => {
                    let was = Property::of(before, name, was, is_field(before));
                    let is = Property::of(after, name, is, is_field(after));
                    self.property(&place, &was, &is, role);
                }
                (Some(_), None) => {
                    let effect = if is_field(before) {
                        Effect::Breaks("the field is gone")
                    } else {
                        Effect::Nothing
                    };
                    self.note(Subject::Property, What::Removed, &place, None, effect);
                }
                (None, Some(is)) => {
                    let is = Property::of(after, name, is, is_field(after));
                    let mut detail = self.after_type(is.schema);
                    if is.required {
                        detail.push_str(", required");
                    }
                    let effect = is.effect_of_addition(role);
                    self.note(Subject::Property, What::Added, &place, Some(detail), effect);
                }
                (None, None) => {}
            }
        }
    }

    fn property(&mut self, place: &Place, was: &Property, is: &Property, role: Role) {
        // In Rust a value that may be missing or null is an `Option`.
        let option = if !(was.field && is.field) || was.is_option() == is.is_option() {
            Effect::Nothing
        } else if is.is_option() {
            Effect::Breaks("the field is an `Option` now")
        } else {
            Effect::Breaks("the field is no longer an `Option`")
        };
        match (was.required, is.required) {
            (false, true) => self.changed(Subject::Required, place, "is required now", option),
            (true, false) => self.changed(Subject::Required, place, "is optional now", option),
            _ => {}
        }
        match (was.nullable, is.nullable) {
            (false, true) => self.changed(Subject::Type, place, "can be null now", option),
            (true, false) => self.changed(Subject::Type, place, "can no longer be null", option),
            _ => {}
        }
        self.deprecation(Subject::Property, place, was.schema, is.schema);
        match self.type_change("is", was.schema, is.schema) {
            // This is said of the event.
            Some(_) if role == Role::Event && place.name == "data" => {}
            Some((detail, effect)) => {
                let effect = match (was.field, is.field) {
                    (true, true) => effect,
                    (true, false) => Effect::Breaks("the field is gone"),
                    (false, true) => is.effect_of_addition(role),
                    (false, false) => Effect::Nothing,
                };
                self.changed(Subject::Type, place, detail, effect);
            }
            None => self.facts(place, was.schema, is.schema),
        }
    }

    fn members(&mut self, place: &Place, before: &Value, after: &Value) {
        let gone = Effect::Breaks("the variant is gone");
        let (was, is) = (tag(before), tag(after));
        if was != is {
            let effect = if was.is_some() && is.is_some() {
                Effect::Nothing
            } else {
                Effect::Breaks("the variants have other names")
            };
            let name = |tag: Option<&str>| match tag {
                Some(tag) => format!("`{tag}`"),
                None => "the JSON type".into(),
            };
            let detail = format!("is told apart by {} instead of {}", name(is), name(was));
            self.changed(Subject::Schema, place, detail, effect);
        }
        if was.is_some() && is.is_some() {
            let (old, new) = (mapping(before), mapping(after));
            for tag in keys(&old, &new) {
                let place = place.child("oneOf", tag);
                let schema = |name: Option<&&str>| name.map(|name| schema::refer_to(name));
                match (schema(old.get(tag)), schema(new.get(tag))) {
                    (Some(was), Some(is)) => {
                        if let Some((detail, effect)) = self.type_change("is", &was, &is) {
                            self.changed(Subject::Member, &place, detail, effect);
                        }
                    }
                    (Some(was), None) => {
                        let detail = Some(self.before_type(&was));
                        self.note(Subject::Member, What::Removed, &place, detail, gone);
                    }
                    (None, Some(is)) => {
                        let detail = Some(self.after_type(&is));
                        self.note(
                            Subject::Member,
                            What::Added,
                            &place,
                            detail,
                            Effect::Extends,
                        );
                    }
                    (None, None) => {}
                }
            }
            return;
        }
        let old: BTreeSet<String> = items(before, "oneOf")
            .map(|member| self.before_type(member))
            .collect();
        let new: BTreeSet<String> = items(after, "oneOf")
            .map(|member| self.after_type(member))
            .collect();
        for member in old.difference(&new) {
            let place = place.child("oneOf", member);
            self.note(Subject::Member, What::Removed, &place, None, gone);
        }
        for member in new.difference(&old) {
            let place = place.child("oneOf", member);
            self.note(Subject::Member, What::Added, &place, None, Effect::Extends);
        }
    }

    fn values(&mut self, place: &Place, before: &Value, after: &Value) {
        let values = |schema| -> BTreeSet<&str> {
            items(schema, "enum").filter_map(Value::as_str).collect()
        };
        let (old, new) = (values(before), values(after));
        for value in old.difference(&new) {
            self.note(
                Subject::Value,
                What::Removed,
                &place.child("enum", value),
                None,
                Effect::Breaks("the variant is gone"),
            );
        }
        for value in new.difference(&old) {
            self.note(
                Subject::Value,
                What::Added,
                &place.child("enum", value),
                None,
                Effect::Extends,
            );
        }
    }
}

/// A property of an object.
struct Property<'a> {
    schema: &'a Value,
    required: bool,
    nullable: bool,
    /// Whether it is a field of a struct.
    field: bool,
}

impl<'a> Property<'a> {
    fn of(object: &Value, name: &str, schema: &'a Value, field: bool) -> Self {
        Self {
            schema,
            required: schema::requires(object, name),
            nullable: flag(schema, "nullable"),
            field,
        }
    }

    fn is_option(&self) -> bool {
        !self.required || self.nullable
    }

    /// What it means that the field is new: the structs are `#[non_exhaustive]`.
    fn effect_of_addition(&self, role: Role) -> Effect {
        match (self.field, role == Role::Sent && !self.is_option()) {
            (false, _) => Effect::Nothing,
            (true, false) => Effect::Extends,
            (true, true) => Effect::Breaks("callers have to set it"),
        }
    }
}

/// The property that is no field, because the type writes its one value: the build
/// chooses it in the same way.
fn constant(object: &Value) -> Option<&str> {
    let is_constant = |name: &&str| kind(&object["properties"][*name]) == Some(Kind::Constant);
    let names = entries(object.get("properties")).map(|(name, _)| name);
    ["type", "object"]
        .into_iter()
        .chain(names)
        .find(is_constant)
}

fn is_text(kind: Option<Kind>) -> bool {
    matches!(kind, Some(Kind::Enum | Kind::Constant))
}

/// What a new schema is; of one that is a list of values, which.
fn content(schema: &Value) -> String {
    let form = form(kind(schema));
    let values: Vec<&str> = items(schema, "enum").filter_map(Value::as_str).collect();
    match values.is_empty() {
        true => form.to_owned(),
        false => format!("{form}: {}", values.join(", ")),
    }
}

fn form(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Reference) => "another schema",
        Some(Kind::Primitive) => "a plain value",
        Some(Kind::Constant | Kind::Enum) => "a list of values",
        Some(Kind::Array) => "an array",
        Some(Kind::Object) => "an object",
        Some(Kind::Map) => "a map",
        Some(Kind::Union) => "a union",
        None => "unknown",
    }
}
