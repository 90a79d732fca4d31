//! Detects renamed schemas.
//!
//! Generated names depend on where a schema is used, so they may differ between versions of a
//! document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::index::{Index, body, entries, items, mapping, success, tag};
use crate::spec::schema::{self, Kind, kind};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// Returns the renamed schemas: old name to new name.
///
/// A schema counts as renamed if only the first document has the old name, only the second
/// one has the new name, every use of the old name became a use of the new one, and the
/// schemas have common content.
pub(super) fn find<'a>(before: &Index<'a>, after: &Index<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut renamed = BTreeMap::new();
    // A renamed schema may rename the schemas that it contains.
    loop {
        let found = find_once(before, after, &renamed);
        if found.len() <= renamed.len() {
            return renamed;
        }
        renamed = found;
    }
}

fn find_once<'a>(
    before: &Index<'a>,
    after: &Index<'a>,
    renamed: &BTreeMap<&'a str, &'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let mut pairs = Pairs::new();
    for (id, old) in &before.operations {
        if let Some(new) = after.operations.get(id) {
            pair_in_operation(old.value, new.value, &mut pairs);
        }
    }
    for (name, old) in &before.schemas {
        if let Some(new) = after.schemas.get(renamed.get(name).unwrap_or(name)) {
            pair_in_schema((old, before), (new, after), &mut pairs);
        }
    }

    let (mut new_names, mut old_names) = (BTreeMap::new(), BTreeMap::new());
    for (old, new) in pairs {
        new_names
            .entry(old)
            .or_insert_with(BTreeSet::new)
            .insert(new);
        old_names
            .entry(new)
            .or_insert_with(BTreeSet::new)
            .insert(old);
    }
    new_names
        .into_iter()
        .filter_map(|(old, new)| {
            let new = new.first().copied().filter(|_| new.len() == 1)?;
            let schemas = (before.schemas.get(old)?, after.schemas.get(new)?);
            (old_names[new].len() == 1
                && !after.schemas.contains_key(old)
                && !before.schemas.contains_key(new)
                && have_common_content(schemas.0, schemas.1))
            .then_some((old, new))
        })
        .collect()
}

fn pair_in_operation<'a>(before: &'a Value, after: &'a Value, pairs: &mut Pairs<'a>) {
    let response = |operation| success(operation).and_then(|(_, schema)| schema);
    for (old, new) in [
        (body(before), body(after)),
        (response(before), response(after)),
    ] {
        if let (Some(old), Some(new)) = (old, new) {
            pair_in_type(old, new, pairs);
        }
    }
    for old in items(before, "parameters") {
        if let Some(new) = items(after, "parameters").find(|new| new["name"] == old["name"]) {
            pair_in_type(&old["schema"], &new["schema"], pairs);
        }
    }
}

fn pair_in_schema<'a>(
    (before, index_before): (&'a Value, &Index<'a>),
    (after, index_after): (&'a Value, &Index<'a>),
    pairs: &mut Pairs<'a>,
) {
    for (name, old) in entries(before.get("properties")) {
        if let Some(new) = after.get("properties").and_then(|all| all.get(name)) {
            pair_in_type(old, new, pairs);
        }
    }
    pair_in_type(before, after, pairs);
    if kind(before) != Some(Kind::Union) || kind(after) != Some(Kind::Union) {
        return;
    }
    if tag(before).is_some() {
        let new = mapping(after);
        for (tag, old) in mapping(before) {
            pairs.extend(new.get(tag).map(|new| (old, *new)));
        }
        return;
    }
    // The JSON type identifies the members of other unions.
    for old in items(before, "oneOf") {
        let json_type = json_type(old, index_before);
        let mut candidates =
            items(after, "oneOf").filter(|new| self::json_type(new, index_after) == json_type);
        if let (Some(new), None) = (candidates.next(), candidates.next()) {
            pair_in_type(old, new, pairs);
        }
    }
}

fn pair_in_type<'a>(before: &'a Value, after: &'a Value, pairs: &mut Pairs<'a>) {
    if let (Some(old), Some(new)) = (schema::reference(before), schema::reference(after)) {
        pairs.push((old, new));
    }
    for keyword in ["items", "additionalProperties"] {
        if let (Some(old), Some(new)) = (before.get(keyword), after.get(keyword)) {
            pair_in_type(old, new, pairs);
        }
    }
}

fn json_type<'a>(member: &'a Value, index: &Index<'a>) -> Option<&'a str> {
    let target = schema::reference(member).and_then(|name| index.schemas.get(name).copied());
    target.unwrap_or(member).get("type")?.as_str()
}

/// Whether two schemas have the same kind and common content.
fn have_common_content(before: &Value, after: &Value) -> bool {
    let is_string = |schema| matches!(kind(schema), Some(Kind::Enum | Kind::Constant));
    if kind(before) != kind(after) && !(is_string(before) && is_string(after)) {
        return false;
    }
    let (before, after) = (contents(before), contents(after));
    (before.is_empty() && after.is_empty()) || before.intersection(&after).next().is_some()
}

/// The names of properties, enum values and union members.
///
/// Constants are excluded, because many unrelated objects have a `type`.
fn contents(schema: &Value) -> BTreeSet<&str> {
    let properties = entries(schema.get("properties"))
        .filter(|(_, property)| kind(property) != Some(Kind::Constant))
        .map(|(name, _)| name);
    let values = items(schema, "enum").filter_map(Value::as_str);
    properties
        .chain(values)
        .chain(mapping(schema).into_keys())
        .collect()
}
