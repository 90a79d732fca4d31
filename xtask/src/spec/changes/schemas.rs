//! Compares schemas: kinds, properties, enum values and union members.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{Action, Effect, Subject};
use super::comparison::{Comparison, Location};
use super::index::{entries, flag, items, keys, mapping, tag};
use super::types::is_alias;
use crate::spec::canonical::STREAM_EVENT;
use crate::spec::schema::{self, Kind, kind};

/// How callers use an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    /// Callers construct it.
    Request,
    /// Callers only read it.
    Response,
    /// The envelope of the data of an event, which is not a type in Rust.
    Event,
}

impl Comparison<'_> {
    /// Compares the schemas of both documents, except events.
    pub(super) fn compare_schemas(&mut self) {
        let new_names: BTreeSet<&str> = self.renamed.values().copied().collect();
        for name in keys(&self.before.schemas, &self.after.schemas) {
            if self.before.events.values().any(|event| *event == name)
                || self.after.events.values().any(|event| *event == name)
            {
                continue;
            }
            let location = Location::new("schemas", name);
            let new_name = self.renamed.get(name).copied().unwrap_or(name);
            let old = self.before.schemas.get(name).copied();
            match (old, self.after.schemas.get(new_name).copied()) {
                (Some(before), Some(after)) => {
                    if new_name != name {
                        self.changed(
                            Subject::Schema,
                            &location,
                            format!("renamed to {new_name}"),
                            self.effect_on_type(name, before, Effect::Breaks("type renamed")),
                        );
                    }
                    self.compare_schema((name, new_name), before, after);
                }
                (Some(before), None) => self.record(
                    Subject::Schema,
                    Action::Removed,
                    &location,
                    None,
                    self.effect_on_type(name, before, Effect::Breaks("type removed")),
                ),
                (None, Some(_)) if new_names.contains(name) => {}
                (None, Some(after)) => self.record(
                    Subject::Schema,
                    Action::Added,
                    &location,
                    Some(summary(after)),
                    self.effect_on_type(name, after, Effect::Extends),
                ),
                (None, None) => {}
            }
        }
    }

    /// The effect of a change, or none if the schema is not a type in Rust.
    fn effect_on_type(&self, name: &str, schema: &Value, effect: Effect) -> Effect {
        let is_event = self.before.is_event(name) || self.after.is_event(name);
        if is_alias(schema) || (is_event && name != STREAM_EVENT) {
            Effect::None
        } else {
            effect
        }
    }

    /// Compares a schema, given its name in each document.
    fn compare_schema(&mut self, (old_name, name): (&str, &str), before: &Value, after: &Value) {
        let location = Location::new("schemas", name);
        let (old, new) = (kind(before), kind(after));
        if old != new && !(is_enum(old) && is_enum(new)) {
            self.changed(
                Subject::Schema,
                &location,
                format!("changed from {} to {}", kind_name(old), kind_name(new)),
                Effect::Breaks("Rust type changed"),
            );
            return;
        }
        self.compare_deprecation(Subject::Schema, &location, before, after);
        match new {
            Some(Kind::Object) => {
                let usage = if self.requests_after.contains(name) {
                    Usage::Request
                } else {
                    Usage::Response
                };
                if usage == Usage::Response && self.requests_before.contains(old_name) {
                    let effect = Effect::Breaks("builder removed");
                    let detail = "no longer part of a request";
                    self.changed(Subject::Schema, &location, detail, effect);
                }
                self.compare_properties(&location, before, after, usage);
            }
            // Compared as events.
            Some(Kind::Union) if [tag(before), tag(after)] == [Some("event"); 2] => {}
            Some(Kind::Union) => self.compare_members(&location, before, after),
            Some(Kind::Enum | Kind::Constant) => self.compare_values(&location, before, after),
            _ => return self.compare_value(&location, before, after),
        }
        if !is_enum(new) {
            self.compare_constraints(&location, before, after);
        }
    }

    /// Compares the properties of an object.
    pub(super) fn compare_properties(
        &mut self,
        location: &Location,
        before: &Value,
        after: &Value,
        usage: Usage,
    ) {
        let (old_properties, new_properties): (BTreeMap<_, _>, BTreeMap<_, _>) = (
            entries(before.get("properties")).collect(),
            entries(after.get("properties")).collect(),
        );
        for name in keys(&old_properties, &new_properties) {
            let location = location.child("properties", name);
            let is_field = |object: &Value| usage != Usage::Event && constant(object) != Some(name);
            match (old_properties.get(name), new_properties.get(name)) {
                (Some(old), Some(new)) => {
                    let old = Property::new(before, name, old, is_field(before));
                    let new = Property::new(after, name, new, is_field(after));
                    self.compare_property(&location, &old, &new, usage);
                }
                (Some(_), None) => {
                    let effect = if is_field(before) {
                        Effect::Breaks("field removed")
                    } else {
                        Effect::None
                    };
                    self.record(Subject::Property, Action::Removed, &location, None, effect);
                }
                (None, Some(new)) => {
                    let new = Property::new(after, name, new, is_field(after));
                    let mut detail = self.type_after(new.schema);
                    if new.required {
                        detail.push_str(", required");
                    }
                    let effect = new.effect_of_addition(usage);
                    self.record(
                        Subject::Property,
                        Action::Added,
                        &location,
                        Some(detail),
                        effect,
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn compare_property(
        &mut self,
        location: &Location,
        old: &Property,
        new: &Property,
        usage: Usage,
    ) {
        // In Rust, a property that may be absent or null is an `Option`.
        let option = if !(old.is_field && new.is_field) || old.is_option() == new.is_option() {
            Effect::None
        } else if new.is_option() {
            Effect::Breaks("field is now an `Option`")
        } else {
            Effect::Breaks("field is no longer an `Option`")
        };
        match (old.required, new.required) {
            (false, true) => self.changed(Subject::Required, location, "now required", option),
            (true, false) => self.changed(Subject::Required, location, "now optional", option),
            _ => {}
        }
        match (old.nullable, new.nullable) {
            (false, true) => self.changed(Subject::Type, location, "now nullable", option),
            (true, false) => self.changed(Subject::Type, location, "no longer nullable", option),
            _ => {}
        }
        self.compare_deprecation(Subject::Property, location, old.schema, new.schema);
        match self.type_change("type", old.schema, new.schema) {
            // Reported for the event.
            Some(_) if usage == Usage::Event && location.name == "data" => {}
            Some((detail, effect)) => {
                let effect = match (old.is_field, new.is_field) {
                    (true, true) => effect,
                    (true, false) => Effect::Breaks("field removed"),
                    (false, true) => new.effect_of_addition(usage),
                    (false, false) => Effect::None,
                };
                self.changed(Subject::Type, location, detail, effect);
            }
            None => self.compare_constraints(location, old.schema, new.schema),
        }
    }

    fn compare_members(&mut self, location: &Location, before: &Value, after: &Value) {
        let removed = Effect::Breaks("variant removed");
        let (old_tag, new_tag) = (tag(before), tag(after));
        if old_tag != new_tag {
            let effect = if old_tag.is_some() && new_tag.is_some() {
                Effect::None
            } else {
                Effect::Breaks("variants renamed")
            };
            let name = |tag: Option<&str>| match tag {
                Some(tag) => format!("`{tag}`"),
                None => "the JSON type".into(),
            };
            let (old, new) = (name(old_tag), name(new_tag));
            let detail = format!("discriminator changed from {old} to {new}");
            self.changed(Subject::Schema, location, detail, effect);
        }
        if old_tag.is_some() && new_tag.is_some() {
            let (old_members, new_members) = (mapping(before), mapping(after));
            for tag in keys(&old_members, &new_members) {
                let location = location.child("oneOf", tag);
                let schema = |name: Option<&&str>| name.map(|name| schema::reference_to(name));
                match (schema(old_members.get(tag)), schema(new_members.get(tag))) {
                    (Some(old), Some(new)) => {
                        if let Some((detail, effect)) = self.type_change("type", &old, &new) {
                            self.changed(Subject::Member, &location, detail, effect);
                        }
                    }
                    (Some(old), None) => {
                        let detail = Some(self.type_before(&old));
                        self.record(Subject::Member, Action::Removed, &location, detail, removed);
                    }
                    (None, Some(new)) => {
                        let detail = Some(self.type_after(&new));
                        self.record(
                            Subject::Member,
                            Action::Added,
                            &location,
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
            .map(|member| self.type_before(member))
            .collect();
        let new: BTreeSet<String> = items(after, "oneOf")
            .map(|member| self.type_after(member))
            .collect();
        for member in old.difference(&new) {
            let location = location.child("oneOf", member);
            self.record(Subject::Member, Action::Removed, &location, None, removed);
        }
        for member in new.difference(&old) {
            let location = location.child("oneOf", member);
            self.record(
                Subject::Member,
                Action::Added,
                &location,
                None,
                Effect::Extends,
            );
        }
    }

    fn compare_values(&mut self, location: &Location, before: &Value, after: &Value) {
        let values = |schema| -> BTreeSet<&str> {
            items(schema, "enum").filter_map(Value::as_str).collect()
        };
        let (old, new) = (values(before), values(after));
        for value in old.difference(&new) {
            self.record(
                Subject::Value,
                Action::Removed,
                &location.child("enum", value),
                None,
                Effect::Breaks("variant removed"),
            );
        }
        for value in new.difference(&old) {
            self.record(
                Subject::Value,
                Action::Added,
                &location.child("enum", value),
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
    /// Whether the property is a field of the struct.
    is_field: bool,
}

impl<'a> Property<'a> {
    fn new(object: &Value, name: &str, schema: &'a Value, is_field: bool) -> Self {
        Self {
            schema,
            required: schema::requires(object, name),
            nullable: flag(schema, "nullable"),
            is_field,
        }
    }

    fn is_option(&self) -> bool {
        !self.required || self.nullable
    }

    /// The effect of adding the property. The structs are `#[non_exhaustive]`.
    fn effect_of_addition(&self, usage: Usage) -> Effect {
        match (self.is_field, usage == Usage::Request && !self.is_option()) {
            (false, _) => Effect::None,
            (true, false) => Effect::Extends,
            (true, true) => Effect::Breaks("callers must set it"),
        }
    }
}

/// The constant property that is not a field, because the type serializes its value.
///
/// The generator selects it in the same way.
fn constant(object: &Value) -> Option<&str> {
    let is_constant = |name: &&str| kind(&object["properties"][*name]) == Some(Kind::Constant);
    let names = entries(object.get("properties")).map(|(name, _)| name);
    ["type", "object"]
        .into_iter()
        .chain(names)
        .find(is_constant)
}

fn is_enum(kind: Option<Kind>) -> bool {
    matches!(kind, Some(Kind::Enum | Kind::Constant))
}

/// The kind of a schema, with the values of an enum.
fn summary(schema: &Value) -> String {
    let kind = kind_name(kind(schema));
    let values: Vec<&str> = items(schema, "enum").filter_map(Value::as_str).collect();
    match values.is_empty() {
        true => kind.to_owned(),
        false => format!("{kind}: {}", values.join(", ")),
    }
}

fn kind_name(kind: Option<Kind>) -> &'static str {
    match kind {
        Some(Kind::Reference) => "reference",
        Some(Kind::Primitive) => "primitive",
        Some(Kind::Constant | Kind::Enum) => "enum",
        Some(Kind::Array) => "array",
        Some(Kind::Object) => "object",
        Some(Kind::Map) => "map",
        Some(Kind::Union) => "union",
        None => "unknown",
    }
}
