//! Makes components of the schemas that a document defines within others: `$defs`, and whatever
//! else a `$ref` points to below a component.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::naming;
use super::pointer::lookup;
use super::schema::{self, PREFIX};

/// The keywords of definitions.
const DEFINITIONS: [&str; 2] = ["$defs", "definitions"];

/// Makes a component of each schema that a `$ref` points to below another component.
pub(super) fn lift(document: &Value) -> Cow<'_, Value> {
    let mut nested = BTreeSet::new();
    find_nested(document, &mut nested);
    let components = document.pointer("/components/schemas");
    let mut components = components.and_then(Value::as_object).into_iter().flatten();
    if nested.is_empty() && !components.any(|(_, schema)| has_definitions(schema)) {
        return Cow::Borrowed(document);
    }
    let mut lifted = document.clone();
    for reference in nested {
        let Some(schema) = lookup(&lifted, reference).cloned() else {
            continue;
        };
        let components = lifted.pointer_mut("/components/schemas");
        let Some(components) = components.and_then(Value::as_object_mut) else {
            continue;
        };
        let name = free_name(reference, &schema, |name| components.get(name));
        components.insert(name.clone(), schema);
        naming::replace(&mut lifted, reference, &format!("{PREFIX}{name}"));
    }
    let components = lifted.pointer_mut("/components/schemas");
    let components = components.and_then(Value::as_object_mut);
    let schemas = components.into_iter().flat_map(|all| all.values_mut());
    schemas.for_each(remove_definitions);
    Cow::Owned(lifted)
}

fn find_nested<'a>(value: &'a Value, nested: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(map) => {
            let reference = map.get("$ref").and_then(Value::as_str);
            let below = reference.and_then(|reference| reference.strip_prefix(PREFIX));
            if below.is_some_and(|name| name.contains('/')) {
                nested.extend(reference);
            }
            map.values().for_each(|value| find_nested(value, nested));
        }
        Value::Array(items) => items.iter().for_each(|item| find_nested(item, nested)),
        _ => {}
    }
}

/// The name of the component around a schema, and its own.
fn free_name<'a>(
    reference: &str,
    schema: &Value,
    existing: impl Fn(&str) -> Option<&'a Value>,
) -> String {
    let mut segments = reference.trim_start_matches(PREFIX).split('/');
    let (around, own) = (segments.next(), segments.next_back());
    let name =
        naming::pascal(around.unwrap_or_default()) + &naming::pascal(own.unwrap_or_default());
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    let is_free = |name: &String| existing(name).is_none_or(|other| other == schema);
    names.find(is_free).unwrap_or_default()
}

fn has_definitions(schema: &Value) -> bool {
    DEFINITIONS
        .iter()
        .any(|keyword| schema.get(keyword).is_some())
        || schema::subschemas(schema)
            .into_iter()
            .any(|(_, part)| has_definitions(part))
}

fn remove_definitions(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut() {
        DEFINITIONS
            .iter()
            .for_each(|keyword| drop(map.remove(*keyword)));
    }
    schema::subschemas_mut(schema)
        .into_iter()
        .for_each(remove_definitions);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn definitions_become_components() {
        let document = json!({"components": {"schemas": {
            "Thing": {
                "type": "object",
                "properties": {"part": {"$ref": "#/components/schemas/Thing/$defs/part"}},
                "$defs": {"part": {"type": "string"}, "unused": {"type": "string"}},
            },
            "Other": {"$ref": "#/components/schemas/Thing/properties/part"},
        }}});
        assert_eq!(
            lift(&document)["components"]["schemas"],
            json!({
                "Thing": {"type": "object", "properties": {"part": schema::reference_to("ThingPart")}},
                "ThingPart": {"type": "string"},
                "Other": schema::reference_to("ThingPart2"),
                "ThingPart2": schema::reference_to("ThingPart"),
            })
        );
    }

    #[test]
    fn other_documents_are_not_copied() {
        let document = json!({"components": {"schemas": {"Thing": {"type": "string"}}}});
        assert!(matches!(lift(&document), Cow::Borrowed(_)));
    }
}
