//! Schemas that are the same under another name. The importer makes names of the places
//! where schemas stand, so they may differ from date to date.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::schema::{self, Kind, kind};
use super::compare::{Side, body, entries, items, mapping, success, tag};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// The new names of schemas that have one: their old name is gone, the new one was not
/// there before, wherever the old one stood stands the new one, and they have something
/// in common.
pub(super) fn find<'a>(before: &Side<'a>, after: &Side<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut renamed = BTreeMap::new();
    // What is in a schema that has a new name may have a new name for that reason.
    loop {
        let found = pass(before, after, &renamed);
        if found.len() <= renamed.len() {
            return renamed;
        }
        renamed = found;
    }
}

fn pass<'a>(
    before: &Side<'a>,
    after: &Side<'a>,
    renamed: &BTreeMap<&'a str, &'a str>,
) -> BTreeMap<&'a str, &'a str> {
    let mut pairs = Pairs::new();
    for (id, was) in &before.operations {
        if let Some(is) = after.operations.get(id) {
            in_operation(was.value, is.value, &mut pairs);
        }
    }
    for (name, was) in &before.schemas {
        if let Some(is) = after.schemas.get(renamed.get(name).unwrap_or(name)) {
            in_schema(was, is, before, after, &mut pairs);
        }
    }

    let (mut news, mut olds) = (BTreeMap::new(), BTreeMap::new());
    for (old, new) in pairs {
        news.entry(old).or_insert_with(BTreeSet::new).insert(new);
        olds.entry(new).or_insert_with(BTreeSet::new).insert(old);
    }
    news.into_iter()
        .filter_map(|(old, new)| {
            let new = new.first().copied().filter(|_| new.len() == 1)?;
            let (was, is) = (before.schemas.get(old)?, after.schemas.get(new)?);
            (olds[new].len() == 1
                && !after.schemas.contains_key(old)
                && !before.schemas.contains_key(new)
                && alike(was, is))
            .then_some((old, new))
        })
        .collect()
}

fn in_operation<'a>(before: &'a Value, after: &'a Value, pairs: &mut Pairs<'a>) {
    let answer = |operation| success(operation).and_then(|(_, schema)| schema);
    for (was, is) in [(body(before), body(after)), (answer(before), answer(after))] {
        if let (Some(was), Some(is)) = (was, is) {
            in_type(was, is, pairs);
        }
    }
    for was in items(before, "parameters") {
        if let Some(is) = items(after, "parameters").find(|is| is["name"] == was["name"]) {
            in_type(&was["schema"], &is["schema"], pairs);
        }
    }
}

fn in_schema<'a>(
    before: &'a Value,
    after: &'a Value,
    old: &Side<'a>,
    new: &Side<'a>,
    pairs: &mut Pairs<'a>,
) {
    for (name, was) in entries(before.get("properties")) {
        if let Some(is) = after.get("properties").and_then(|all| all.get(name)) {
            in_type(was, is, pairs);
        }
    }
    in_type(before, after, pairs);
    if kind(before) != Some(Kind::Union) || kind(after) != Some(Kind::Union) {
        return;
    }
    if tag(before).is_some() {
        let is = mapping(after);
        for (tag, was) in mapping(before) {
            pairs.extend(is.get(tag).map(|is| (was, *is)));
        }
        return;
    }
    // Their JSON types tell the members of other unions apart.
    for was in items(before, "oneOf") {
        let json_type = json_type(was, old);
        let mut alike = items(after, "oneOf").filter(|is| self::json_type(is, new) == json_type);
        if let (Some(is), None) = (alike.next(), alike.next()) {
            in_type(was, is, pairs);
        }
    }
}

fn in_type<'a>(before: &'a Value, after: &'a Value, pairs: &mut Pairs<'a>) {
    if let (Some(was), Some(is)) = (schema::reference(before), schema::reference(after)) {
        pairs.push((was, is));
    }
    for keyword in ["items", "additionalProperties"] {
        if let (Some(was), Some(is)) = (before.get(keyword), after.get(keyword)) {
            in_type(was, is, pairs);
        }
    }
}

fn json_type<'a>(member: &'a Value, side: &Side<'a>) -> Option<&'a str> {
    let target = schema::reference(member).and_then(|name| side.schemas.get(name).copied());
    target.unwrap_or(member).get("type")?.as_str()
}

/// Whether two schemas are of one kind and have something in common.
fn alike(before: &Value, after: &Value) -> bool {
    let text = |schema| matches!(kind(schema), Some(Kind::Enum | Kind::Constant));
    if kind(before) != kind(after) && !(text(before) && text(after)) {
        return false;
    }
    let (before, after) = (contents(before), contents(after));
    (before.is_empty() && after.is_empty()) || before.intersection(&after).next().is_some()
}

/// The names of an object's properties, an enum's values, a union's members. Constants are
/// left out: many objects that have nothing else in common have a `type`.
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
