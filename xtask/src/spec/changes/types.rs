//! Types of values, as far as code depends on them, and the facts about them on which
//! no code depends.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::facts;
use super::super::schema::{self, Kind, kind};
use super::compare::{Comparison, Place, Side, entries, flag, keys};
use super::{Effect, Subject};

/// Keywords that are compared as what they mean, or mean nothing to code.
const COMPARED: [&str; 11] = [
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

/// How a type is spelt.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    /// As in the document.
    Written,
    /// As in Rust, where a name for a plain value is no type.
    Rust,
}

impl Comparison<'_> {
    /// What to say if a type is another one, and what that means.
    pub(super) fn type_change(
        &self,
        verb: &str,
        before: &Value,
        after: &Value,
    ) -> Option<(String, Effect)> {
        let of = |spelling| (self.was(before, spelling), self.is(after, spelling));
        let (was, is) = of(Spelling::Written);
        if was == is {
            return None;
        }
        let (was_in_rust, is_in_rust) = of(Spelling::Rust);
        let effect = if was_in_rust == is_in_rust {
            Effect::Nothing
        } else {
            Effect::Breaks("it is another type in Rust")
        };
        Some((format!("{verb} {is} instead of {was}"), effect))
    }

    /// The type of a schema of the first document, in the names of the second.
    pub(super) fn before_type(&self, schema: &Value) -> String {
        self.was(schema, Spelling::Written)
    }

    /// The type of a schema of the second document.
    pub(super) fn after_type(&self, schema: &Value) -> String {
        self.is(schema, Spelling::Written)
    }

    fn was(&self, schema: &Value, spelling: Spelling) -> String {
        type_name(schema, &self.before, &self.renamed, spelling)
    }

    fn is(&self, schema: &Value, spelling: Spelling) -> String {
        type_name(schema, &self.after, &BTreeMap::new(), spelling)
    }

    /// The type at a place, and the facts about it.
    pub(super) fn value(&mut self, place: &Place, before: &Value, after: &Value) {
        match self.type_change("is", before, after) {
            Some((detail, effect)) => self.changed(Subject::Type, place, detail, effect),
            None => self.facts(place, before, after),
        }
    }

    /// What is said about a value besides its type, at any depth that has no name.
    pub(super) fn facts(&mut self, place: &Place, before: &Value, after: &Value) {
        let facts = |schema| -> BTreeMap<&str, String> {
            entries(Some(schema))
                .filter(|(key, value)| {
                    let compared_elsewhere = COMPARED.contains(key)
                        || (*key == "additionalProperties" && value.is_object())
                        || (*key == "enum" && kind(schema) == Some(Kind::Enum));
                    !compared_elsewhere
                })
                .map(|(key, value)| (key, value.to_string()))
                .collect()
        };
        let (old, new) = (facts(before), facts(after));
        for fact in keys(&old, &new) {
            let detail = match (old.get(fact), new.get(fact)) {
                (Some(was), Some(is)) if was != is => format!("`{fact}` is {is} instead of {was}"),
                (Some(was), None) => format!("`{fact}` was {was}, and is gone"),
                (None, Some(is)) => format!("`{fact}` is {is} now"),
                _ => continue,
            };
            let subject = match fact {
                "enum" => Subject::Value,
                _ => Subject::Type,
            };
            self.changed(subject, place, detail, Effect::Nothing);
        }
        for keyword in ["items", "additionalProperties"] {
            if let (Some(was), Some(is)) = (before.get(keyword), after.get(keyword)) {
                self.facts(&place.part(keyword), was, is);
            }
        }
    }
}

fn type_name(
    schema: &Value,
    side: &Side<'_>,
    renamed: &BTreeMap<&str, &str>,
    spelling: Spelling,
) -> String {
    if let Some(name) = schema::reference(schema) {
        return match side.schemas.get(name) {
            Some(target) if spelling == Spelling::Rust && is_alias(target) => {
                type_name(target, side, renamed, spelling)
            }
            _ => (*renamed.get(name).unwrap_or(&name)).to_owned(),
        };
    }
    let inner = |inner| {
        let name = type_name(inner, side, renamed, spelling);
        if flag(inner, "nullable") {
            format!("{name} or null")
        } else {
            name
        }
    };
    match kind(schema) {
        Some(Kind::Constant) => "a constant".into(),
        Some(Kind::Array) => format!("array of {}", inner(&schema["items"])),
        Some(Kind::Map) => match &schema["additionalProperties"] {
            // The build makes JSON of the values of such a map.
            value if spelling == Spelling::Rust && value["type"] == "string" => "map".into(),
            value @ Value::Object(_) => format!("map of {}", inner(value)),
            _ => "map".into(),
        },
        Some(Kind::Union) => "union".into(),
        // The formats that choose a Rust type.
        Some(Kind::Primitive) if schema["type"] == "number" && schema["format"] == "float" => {
            "float".into()
        }
        Some(Kind::Primitive) if schema["format"] == facts::TIMESTAMP => "timestamp".into(),
        _ => schema["type"].as_str().unwrap_or("nothing").to_owned(),
    }
}

/// A component that is no more than a boolean, a number or text: the build puts it in
/// wherever it is referred to.
pub(super) fn is_alias(schema: &Value) -> bool {
    kind(schema) == Some(Kind::Primitive)
}
