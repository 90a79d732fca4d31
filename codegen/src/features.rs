//! Selects the part of a document that belongs to the enabled Cargo features.
//!
//! `x-feature: NAME` marks an operation, a parameter, a property or a component. `x-features` of an
//! enum or a union marks some of its values or members, by value or by tag. A marked part exists
//! only with its feature, and so does whatever refers to a marked component. The marks of operations stay
//! in what is selected.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::document::escape;
use crate::error::Error;

/// The Cargo features that a part of a document can belong to.
pub const FEATURES: [&str; 2] = ["files", "foundry"];

/// The mark of an operation, a parameter, a property or a component.
pub const FEATURE: &str = "x-feature";

/// The marks of the values of an enum, or of the members of a union.
pub const FEATURES_OF_PARTS: &str = "x-features";

const COMPONENTS: &str = "#/components/schemas/";

/// Removes the parts of disabled features, the components that nothing refers to, and the marks of all
/// but operations.
///
/// # Errors
/// A mark names an unknown feature, or a value or tag that does not exist; the error has the location.
pub fn select<'a>(
    document: &'a Value,
    is_enabled: &dyn Fn(&str) -> bool,
) -> Result<Cow<'a, Value>, Error> {
    if !is_marked(document) {
        return Ok(Cow::Borrowed(document));
    }
    let mut selected = document.clone();
    Selection { is_enabled }.apply(&mut selected, "#")?;
    let kept = components(&selected);
    let mut removed = components(document);
    removed.retain(|component| !kept.contains(component));
    remove_references(&mut selected, &removed);
    remove_unreachable(&mut selected);
    Ok(Cow::Owned(selected))
}

/// Checks that all marks name a feature, and something that has one.
///
/// # Errors
/// As [`select`].
pub fn check(document: &Value) -> Result<(), Error> {
    select(document, &|_| true).map(drop)
}

fn is_marked(value: &Value) -> bool {
    match value {
        Value::Object(map) => {
            map.contains_key(FEATURE)
                || map.contains_key(FEATURES_OF_PARTS)
                || map.values().any(is_marked)
        }
        Value::Array(items) => items.iter().any(is_marked),
        _ => false,
    }
}

/// Removes marked parts, and all marks but those of operations.
struct Selection<'a> {
    is_enabled: &'a dyn Fn(&str) -> bool,
}

impl Selection<'_> {
    fn apply(&self, value: &mut Value, at: &str) -> Result<(), Error> {
        match value {
            Value::Object(map) => {
                if !is_operation(at) {
                    map.remove(FEATURE);
                }
                if let Some(parts) = map.remove(FEATURES_OF_PARTS) {
                    self.select_parts(map, &parts, &format!("{at}/{FEATURES_OF_PARTS}"))?;
                }
                self.remove_properties(map, at)?;
                let keys: Vec<String> = map.keys().cloned().collect();
                for key in keys {
                    let at = format!("{at}/{}", escape(&key));
                    match self.keeps(&map[&key], &at)? {
                        true => self.apply(&mut map[&key], &at)?,
                        false => drop(map.remove(&key)),
                    }
                }
                if at == "#/paths" {
                    map.retain(|_, item| item.as_object().is_none_or(|item| !item.is_empty()));
                }
            }
            Value::Array(items) => {
                let mut kept = Vec::new();
                for (index, mut item) in items.drain(..).enumerate() {
                    let at = format!("{at}/{index}");
                    if self.keeps(&item, &at)? {
                        self.apply(&mut item, &at)?;
                        kept.push(item);
                    }
                }
                *items = kept;
            }
            _ => {}
        }
        Ok(())
    }

    /// Removes marked properties, which an object may require.
    fn remove_properties(&self, schema: &mut Map<String, Value>, at: &str) -> Result<(), Error> {
        let mut removed = BTreeSet::new();
        let properties = schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if !self.keeps(property, &format!("{at}/properties/{}", escape(name)))? {
                removed.insert(name.clone());
            }
        }
        remove_properties(schema, &removed);
        Ok(())
    }

    /// Removes values of an enum and members of a union.
    fn select_parts(
        &self,
        schema: &mut Map<String, Value>,
        parts: &Value,
        at: &str,
    ) -> Result<(), Error> {
        let parts = parts
            .as_object()
            .ok_or_else(|| Error::at(at, "must be an object: a feature for each value or tag"))?;
        for (part, feature) in parts {
            let at = format!("{at}/{}", escape(part));
            if !has_part(schema, part) {
                return Err(Error::at(at, "there is no such value or tag"));
            }
            if self.is_on(feature, &at)? {
                continue;
            }
            if let Some(Value::Array(values)) = schema.get_mut("enum") {
                values.retain(|value| value != part);
            }
            let mapping = schema
                .get_mut("discriminator")
                .and_then(|discriminator| discriminator.get_mut("mapping")?.as_object_mut());
            let member = mapping.and_then(|mapping| mapping.remove(part));
            if let (Some(member), Some(Value::Array(branches))) = (member, schema.get_mut("oneOf"))
            {
                branches.retain(|branch| branch.get("$ref") != Some(&member));
            }
        }
        Ok(())
    }

    fn keeps(&self, value: &Value, at: &str) -> Result<bool, Error> {
        match value.get(FEATURE) {
            Some(feature) => self.is_on(feature, &format!("{at}/{FEATURE}")),
            None => Ok(true),
        }
    }

    fn is_on(&self, feature: &Value, at: &str) -> Result<bool, Error> {
        match feature.as_str().filter(|name| FEATURES.contains(name)) {
            Some(name) => Ok((self.is_enabled)(name)),
            None => Err(Error::at(at, unknown(feature))),
        }
    }
}

/// Whether a location is that of an operation: `#/paths/PATH/METHOD`.
fn is_operation(at: &str) -> bool {
    at.strip_prefix("#/paths/")
        .is_some_and(|rest| rest.matches('/').count() == 1)
}

/// Whether an enum has a value, or a union a member with this tag.
fn has_part(schema: &Map<String, Value>, part: &str) -> bool {
    let values = schema.get("enum").and_then(Value::as_array);
    let discriminator = schema.get("discriminator");
    let mapping = discriminator.and_then(|discriminator| discriminator.get("mapping"));
    values.is_some_and(|values| values.iter().any(|value| value == part))
        || mapping.is_some_and(|mapping| mapping.get(part).is_some())
}

/// The error text for a feature that does not exist.
pub fn unknown(feature: &Value) -> String {
    format!(
        "unknown feature {feature}: the features are {}",
        FEATURES.join(" and ")
    )
}

/// The references to all components.
fn components(document: &Value) -> BTreeSet<String> {
    let schemas = document.pointer("/components/schemas");
    let names = schemas.and_then(Value::as_object).into_iter().flatten();
    names
        .map(|(name, _)| format!("{COMPONENTS}{name}"))
        .collect()
}

/// Removes union members, discriminator values and properties that refer to removed components.
fn remove_references(value: &mut Value, removed: &BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(branches)) = map.get_mut("oneOf") {
                branches.retain(|branch| !refers_to(branch, removed));
            }
            if let Some(Value::Object(mapping)) = map.get_mut("mapping") {
                mapping.retain(|_, member| !member.as_str().is_some_and(|at| removed.contains(at)));
            }
            let properties = map.get("properties").and_then(Value::as_object);
            let names = properties
                .into_iter()
                .flatten()
                .filter(|(_, property)| refers_to(property, removed))
                .map(|(name, _)| name.clone())
                .collect();
            remove_properties(map, &names);
            for value in map.values_mut() {
                remove_references(value, removed);
            }
        }
        Value::Array(items) => {
            for item in items {
                remove_references(item, removed);
            }
        }
        _ => {}
    }
}

fn refers_to(schema: &Value, removed: &BTreeSet<String>) -> bool {
    let mut found = Vec::new();
    references(schema, &mut found);
    found.iter().any(|reference| removed.contains(*reference))
}

fn remove_properties(schema: &mut Map<String, Value>, names: &BTreeSet<String>) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.retain(|name, _| !names.contains(name));
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|name| !name.as_str().is_some_and(|name| names.contains(name)));
    }
}

/// Removes the components that no operation refers to.
fn remove_unreachable(document: &mut Value) {
    let mut pending = Vec::new();
    references(&document["paths"], &mut pending);
    let mut reached = BTreeSet::new();
    while let Some(reference) = pending.pop() {
        if reached.insert(reference.to_owned())
            && let Some(component) = document.pointer(reference.trim_start_matches('#'))
        {
            references(component, &mut pending);
        }
    }
    let schemas = document.pointer_mut("/components/schemas");
    if let Some(schemas) = schemas.and_then(Value::as_object_mut) {
        schemas.retain(|name, _| reached.contains(&format!("{COMPONENTS}{name}")));
    }
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_support::{constant, document, object, operation, refer};

    fn selected(document: &Value, enabled: &[&str]) -> Value {
        let selected = select(document, &|name| enabled.contains(&name));
        selected.expect("the features are known").into_owned()
    }

    fn union() -> Value {
        let mapping = ["a", "b", "c"]
            .into_iter()
            .map(|tag| (tag.to_owned(), refer(&tag.to_uppercase())["$ref"].clone()))
            .collect::<Map<_, _>>();
        json!({
            "oneOf": [refer("A"), refer("B"), refer("C")],
            "discriminator": { "propertyName": "type", "mapping": mapping },
            "x-features": { "c": "files" },
        })
    }

    /// The small document with a part of every kind that belongs to `files` or `foundry`.
    fn marked() -> Value {
        let member = |tag: &str| object(json!({ "type": constant(tag) }), &["type"]);
        let mut b = object(
            json!({ "type": constant("b"), "part": refer("Part") }),
            &["type"],
        );
        b["x-feature"] = "foundry".into();
        let mut document = document(json!({
            "ThingObject": object(
                json!({
                    "id": { "type": "string" },
                    "union": refer("Union"),
                    "state": refer("State"),
                    "list": { "type": "array", "items": refer("B") },
                    "more": { "type": "string", "x-feature": "foundry" },
                }),
                &["id", "more", "list"],
            ),
            "State": { "type": "string", "enum": ["on", "off"], "x-features": { "off": "foundry" } },
            "Union": union(),
            "A": member("a"),
            "B": b,
            "C": member("c"),
            "Part": member("part"),
        }));
        let get = &mut document["paths"]["/things/{thing_id}"]["get"];
        *get = operation("getThing", "ModifyThingRequest", "ThingObject");
        get["x-feature"] = "files".into();
        get["parameters"][0]["x-feature"] = "foundry".into();
        let listed = operation("listThings", "ModifyThingRequest", "ThingObject");
        document["paths"]["/things"] = json!({ "get": listed });
        document["paths"]["/things"]["get"]["x-feature"] = "foundry".into();
        document
    }

    #[test]
    fn a_document_without_marks_is_borrowed() {
        let document = document(json!({}));
        let selected = select(&document, &|_| false).expect("there are no marks");
        assert!(matches!(selected, Cow::Borrowed(_)));
    }

    #[test]
    fn parts_of_disabled_features_are_removed() {
        let none = selected(&marked(), &[]);
        let paths = none["paths"].as_object().expect("paths");
        assert_eq!(paths.keys().collect::<Vec<_>>(), ["/things/{thing_id}"]);
        assert_eq!(none["paths"]["/things/{thing_id}"].get("get"), None);
        let schemas = &none["components"]["schemas"];
        assert_eq!(
            schemas["ThingObject"],
            object(
                json!({ "id": { "type": "string" }, "union": refer("Union"), "state": refer("State") }),
                &["id"]
            )
        );
        assert_eq!(
            schemas["State"],
            json!({ "type": "string", "enum": ["on"] })
        );
        assert_eq!(
            schemas["Union"],
            json!({
                "oneOf": [refer("A")],
                "discriminator": { "propertyName": "type", "mapping": { "a": "#/components/schemas/A" } },
            })
        );
        // `Part` is not marked, but only `B` refers to it.
        for name in ["B", "C", "Part"] {
            assert_eq!(schemas.get(name), None, "{name}");
        }
    }

    #[test]
    fn an_operation_exists_with_its_feature_and_its_parameter_with_another() {
        let of = |enabled: &[&str]| selected(&marked(), enabled)["paths"].take();
        let files = of(&["files"]);
        assert_eq!(files.get("/things"), None);
        assert_eq!(
            files["/things/{thing_id}"]["get"]["parameters"],
            json!([]),
            "the parameter needs both features"
        );
        let both = of(&["files", "foundry"]);
        let mut get = operation("getThing", "ModifyThingRequest", "ThingObject");
        get["x-feature"] = "files".into();
        assert_eq!(both["/things/{thing_id}"]["get"], get);
        assert_eq!(of(&["foundry"])["/things/{thing_id}"].get("get"), None);
    }

    #[test]
    fn with_all_features_only_the_marks_of_parts_of_operations_and_schemas_are_removed() {
        let all = selected(&marked(), &FEATURES);
        let mut unmarked = all.clone();
        for path in ["/things/{thing_id}", "/things"] {
            let get = unmarked["paths"][path]["get"].as_object_mut();
            let mark = get.expect("an operation").remove(FEATURE);
            assert!(mark.is_some(), "{path}");
        }
        assert!(!is_marked(&unmarked));
        let schemas = &all["components"]["schemas"];
        let mut union = union();
        union.as_object_mut().expect("a union").remove("x-features");
        assert_eq!(schemas["Union"], union);
        assert_eq!(
            schemas["ThingObject"]["required"],
            json!(["id", "more", "list"])
        );
        assert_eq!(
            components(&all),
            components(&marked()),
            "all components are reachable"
        );
    }

    #[test]
    fn an_unknown_feature_is_an_error_with_its_location() {
        let error = |document: &Value| {
            let error = select(document, &|_| true).expect_err("the feature is unknown");
            error.to_string()
        };
        let mut operation = marked();
        operation["paths"]["/things"]["get"]["x-feature"] = "foundri".into();
        assert_eq!(
            error(&operation),
            "at #/paths/~1things/get/x-feature: unknown feature \"foundri\": the features are files and foundry"
        );
        let mut value = marked();
        value["components"]["schemas"]["State"]["x-features"] = json!({ "off": 1 });
        assert_eq!(
            error(&value),
            "at #/components/schemas/State/x-features/off: unknown feature 1: the features are files and foundry"
        );
        value["components"]["schemas"]["State"]["x-features"] = json!({ "a/b": "files" });
        assert_eq!(
            error(&value),
            "at #/components/schemas/State/x-features/a~1b: there is no such value or tag"
        );
        value["components"]["schemas"]["Union"]["x-features"] = json!({ "d": "files" });
        value["components"]["schemas"]["State"]["x-features"] = json!({});
        assert_eq!(
            error(&value),
            "at #/components/schemas/Union/x-features/d: there is no such value or tag"
        );
        value["components"]["schemas"]["State"]["x-features"] = json!([]);
        assert!(error(&value).starts_with("at #/components/schemas/State/x-features: must be"));
    }
}
