//! Compares the types of values, and constraints that do not affect the Rust type.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::{Effect, Subject};
use super::comparison::{Comparison, Location};
use super::index::{Index, entries, flag, keys};
use crate::spec::constraints;
use crate::spec::schema::{self, Kind, kind};

/// Keywords that are compared elsewhere, or that do not affect code.
const COMPARED_ELSEWHERE: [&str; 11] = [
    "$ref",
    "allOf",
    "type",
    "items",
    "nullable",
    "deprecated",
    "description",
    "properties",
    "required",
    "oneOf",
    "discriminator",
];

/// The language in which a type is named.
#[derive(Clone, Copy, PartialEq)]
enum Language {
    /// As in the document.
    OpenApi,
    /// As in Rust, where aliases of primitives are replaced by the primitive.
    Rust,
}

impl Comparison<'_> {
    /// Returns the detail and the effect of a type change.
    pub(super) fn type_change(
        &self,
        label: &str,
        before: &Value,
        after: &Value,
    ) -> Option<(String, Effect)> {
        let types = |language| {
            (
                self.type_before_in(before, language),
                self.type_after_in(after, language),
            )
        };
        let (old, new) = types(Language::OpenApi);
        if old == new {
            return None;
        }
        let (old_in_rust, new_in_rust) = types(Language::Rust);
        let effect = if old_in_rust == new_in_rust {
            Effect::None
        } else {
            Effect::Breaks("Rust type changed")
        };
        Some((format!("{label} changed from {old} to {new}"), effect))
    }

    /// The type of a schema of the first document, with the names of the second one.
    pub(super) fn type_before(&self, schema: &Value) -> String {
        self.type_before_in(schema, Language::OpenApi)
    }

    /// The type of a schema of the second document.
    pub(super) fn type_after(&self, schema: &Value) -> String {
        self.type_after_in(schema, Language::OpenApi)
    }

    fn type_before_in(&self, schema: &Value, language: Language) -> String {
        type_name(schema, &self.before, &self.renamed, language)
    }

    fn type_after_in(&self, schema: &Value, language: Language) -> String {
        type_name(schema, &self.after, &BTreeMap::new(), language)
    }

    /// Compares the type of a value, or its constraints if the types are equal.
    pub(super) fn compare_value(&mut self, location: &Location, before: &Value, after: &Value) {
        match self.type_change("type", before, after) {
            Some((detail, effect)) => self.changed(Subject::Type, location, detail, effect),
            None => self.compare_constraints(location, before, after),
        }
    }

    /// Compares the constraints of a value, including items and values of maps.
    pub(super) fn compare_constraints(
        &mut self,
        location: &Location,
        before: &Value,
        after: &Value,
    ) {
        let constraints = |schema| -> BTreeMap<&str, String> {
            entries(Some(schema))
                .filter(|(keyword, value)| {
                    let is_compared_elsewhere = COMPARED_ELSEWHERE.contains(keyword)
                        || (*keyword == "additionalProperties" && value.is_object())
                        || (*keyword == "enum" && kind(schema) == Some(Kind::Enum));
                    !is_compared_elsewhere
                })
                .map(|(keyword, value)| (keyword, value.to_string()))
                .collect()
        };
        let (old, new) = (constraints(before), constraints(after));
        for keyword in keys(&old, &new) {
            let detail = match (old.get(keyword), new.get(keyword)) {
                (Some(old), Some(new)) if old != new => {
                    format!("`{keyword}` changed from {old} to {new}")
                }
                (Some(old), None) => format!("`{keyword}` removed (was {old})"),
                (None, Some(new)) => format!("`{keyword}` added: {new}"),
                _ => continue,
            };
            let subject = match keyword {
                "enum" => Subject::Value,
                _ => Subject::Type,
            };
            self.changed(subject, location, detail, Effect::None);
        }
        for keyword in ["items", "additionalProperties"] {
            if let (Some(old), Some(new)) = (before.get(keyword), after.get(keyword)) {
                self.compare_constraints(&location.part(keyword), old, new);
            }
        }
    }
}

fn type_name(
    schema: &Value,
    index: &Index<'_>,
    renamed: &BTreeMap<&str, &str>,
    language: Language,
) -> String {
    if let Some(name) = schema::reference(schema) {
        return match index.schemas.get(name) {
            Some(target) if language == Language::Rust && is_alias(target) => {
                type_name(target, index, renamed, language)
            }
            _ => (*renamed.get(name).unwrap_or(&name)).to_owned(),
        };
    }
    let inner = |inner| {
        let name = type_name(inner, index, renamed, language);
        if flag(inner, "nullable") {
            format!("{name} or null")
        } else {
            name
        }
    };
    match kind(schema) {
        Some(Kind::Constant) => "constant".into(),
        Some(Kind::Array) => format!("array of {}", inner(&schema["items"])),
        Some(Kind::Map) => match &schema["additionalProperties"] {
            // The generated type of such a map has JSON values.
            value if language == Language::Rust && value["type"] == "string" => "map".into(),
            value @ Value::Object(_) => format!("map of {}", inner(value)),
            _ => "map".into(),
        },
        Some(Kind::Union) => "union".into(),
        // These formats select a different Rust type.
        Some(Kind::Primitive) if schema["type"] == "number" && schema["format"] == "float" => {
            "float".into()
        }
        Some(Kind::Primitive) if schema["format"] == constraints::TIMESTAMP => "timestamp".into(),
        _ => schema["type"].as_str().unwrap_or("none").to_owned(),
    }
}

/// Whether a component is an alias of a primitive, which the build inlines.
pub(super) fn is_alias(schema: &Value) -> bool {
    kind(schema) == Some(Kind::Primitive)
}
