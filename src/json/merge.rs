//! Merges deltas into messages and run steps.
//!
//! The build generates a [`Merge`] for each object that has deltas, property by property; the
//! shared rules are here. Text is appended. A name is appended unless it is repeated, an ID is
//! replaced. Other scalars are replaced. Missing and null properties change nothing.
//! Items of a list are merged by their `index`, in any order; a missing item is [`Empty`] until
//! its delta arrives. Without an index, an item with an ID is the one with this ID, or a new one.
//! Without either, an item of `content` or `tool_calls` has the index of its position in the delta,
//! and an item of another list, such as an annotation, is a new one.
//! A member of a union without a tag continues the member that is there. A text in place of an
//! object or list is kept in `extra`. The cost of a merge is proportional to the delta, not to the
//! target, as long as items have an index.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::json::extra::Extra;
use crate::json::lenient;
use crate::json::timestamp::Timestamp;

/// How many items of a stream may be missing in total by default. Without a limit, a few bytes could
/// allocate gigabytes.
pub(crate) const MAX_MISSING: usize = 1_000;

/// How many more items may be missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holes(usize);

impl Holes {
    pub(crate) fn new(limit: usize) -> Self {
        Self(limit)
    }
}

#[cfg(test)]
impl Default for Holes {
    fn default() -> Self {
        Self(MAX_MISSING)
    }
}

/// A value that deltas are merged into.
pub(crate) trait Merge<D: ?Sized> {
    /// Merges a delta.
    fn merge(&mut self, delta: &D, holes: &mut Holes) -> Result<(), TooFar>;
}

/// A type with a value before its first delta.
pub(crate) trait Empty {
    /// Returns the value before the first delta.
    fn empty() -> Self;
}

/// An item of a list, or a delta of one.
pub(crate) trait Indexed {
    /// Returns the index of the target item, if the delta has one.
    fn index(&self) -> Option<i128> {
        None
    }

    /// Returns the ID of the item, if it has one.
    fn id(&self) -> Option<&str> {
        None
    }

    /// Whether the delta is null, which changes nothing.
    fn is_null(&self) -> bool {
        false
    }
}

/// An index too far beyond the end of its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFar {
    pub(crate) index: i128,
    pub(crate) length: usize,
}

/// Returns the target, creating it first if it is missing.
pub(crate) fn made<T: Empty>(target: &mut Option<T>) -> &mut T {
    target.get_or_insert_with(T::empty)
}

/// Appends to a text. An ID is replaced, and a repeated name is kept. An empty delta changes
/// nothing.
pub(crate) fn text(property: &str, target: &mut String, delta: &str) {
    let is_id = matches!(property, "id" | "type" | "url") || property.ends_with("_id");
    if is_id && !delta.is_empty() {
        target.clear();
    }
    if property != "name" || target != delta {
        target.push_str(delta);
    }
}

/// Merges a delta of an unknown member of a union into a known member, which has this tag. Returns
/// false if the delta has another. A delta that lacks a required part is merged as JSON.
pub(crate) fn member<D, T>(
    target: &mut T,
    tag: &str,
    delta: &Value,
    holes: &mut Holes,
) -> Result<bool, TooFar>
where
    D: DeserializeOwned,
    T: DeserializeOwned + Serialize + Merge<D>,
{
    let is_other = |value: &Value| !value.is_null() && value != tag;
    if delta.get("type").is_some_and(is_other) {
        return Ok(false);
    }
    let mut delta = delta.clone();
    if let Some(properties) = delta.as_object_mut() {
        properties.remove("type");
    }
    if let Ok(delta) = lenient::from_str::<D>(&delta.to_string()) {
        target.merge(&delta, holes)?;
    } else if let Ok(mut json) = serde_json::to_value(&*target) {
        if let Some(properties) = delta.as_object_mut() {
            properties.remove("index");
        }
        json.merge(&delta, holes)?;
        if let Ok(merged) = lenient::from_str(&json.to_string()) {
            *target = merged;
        }
    }
    Ok(true)
}

/// Merges deltas into the items of a list.
pub(crate) fn list<T, D>(
    property: &str,
    items: &mut Vec<T>,
    deltas: &[D],
    holes: &mut Holes,
) -> Result<(), TooFar>
where
    T: Empty + Indexed + Merge<D>,
    D: Indexed,
{
    let has_positions = matches!(property, "content" | "tool_calls");
    for (position, delta) in (0_i128..).zip(deltas) {
        if delta.is_null() {
            continue;
        }
        let length = items.len();
        let id = delta.id().filter(|id| !id.is_empty());
        let position = (has_positions && id.is_none()).then_some(position);
        let at = match delta.index().or(position) {
            Some(index) => usize::try_from(index)
                .ok()
                .filter(|at| at.saturating_sub(length) <= holes.0)
                .ok_or(TooFar { index, length })?,
            None => {
                let known = id.and_then(|id| items.iter().position(|item| item.id() == Some(id)));
                known.unwrap_or(length)
            }
        };
        if at >= length {
            holes.0 -= at - length;
            items.resize_with(at + 1, T::empty);
        }
        items[at].merge(delta, holes)?;
    }
    Ok(())
}

/// Free-form JSON follows the same rules.
impl Merge<Value> for Value {
    fn merge(&mut self, delta: &Value, holes: &mut Holes) -> Result<(), TooFar> {
        value("", self, delta, holes)
    }
}

impl Merge<Self> for Map<String, Value> {
    fn merge(&mut self, delta: &Self, holes: &mut Holes) -> Result<(), TooFar> {
        for (property, delta) in delta.iter().filter(|(_, delta)| !delta.is_null()) {
            let target = self.entry(property.as_str()).or_insert(Value::Null);
            value(property, target, delta, holes)?;
        }
        Ok(())
    }
}

/// Merges the value of a property. An object of another type replaces the one before.
fn value(
    property: &str,
    target: &mut Value,
    delta: &Value,
    holes: &mut Holes,
) -> Result<(), TooFar> {
    match (&mut *target, delta) {
        (_, Value::Null) => {}
        (Value::String(target), Value::String(delta)) => text(property, target, delta),
        (Value::Array(items), Value::Array(deltas)) => list(property, items, deltas, holes)?,
        (Value::Object(object), Value::Object(delta)) if has_type_of(object, delta) => {
            object.merge(delta, holes)?;
        }
        (_, Value::Array(_)) => {
            *target = Value::Array(Vec::new());
            value(property, target, delta, holes)?;
        }
        (_, Value::Object(_)) => {
            *target = Value::Object(Map::new());
            value(property, target, delta, holes)?;
        }
        (_, other) => *target = other.clone(),
    }
    Ok(())
}

/// Whether the types of two objects do not differ.
fn has_type_of(object: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let tag = |object| Map::get(object, "type").filter(|tag| !tag.is_null());
    tag(object).zip(tag(other)).is_none_or(|(a, b)| a == b)
}

/// Replaces the properties beside `delta`, which identify the object and are not pieces.
#[inline]
pub(crate) fn replace_extra(target: &mut Extra, delta: &Extra, field: fn(&str) -> Option<usize>) {
    for (property, value) in delta {
        if !value.is_null() && field(property).is_none() {
            target.insert(property.clone(), value.clone());
        }
    }
}

/// Merges the properties that have no field. Most objects have none.
#[inline]
pub(crate) fn extra(
    target: &mut Extra,
    delta: &Extra,
    field: fn(&str) -> Option<usize>,
    objects: &[&str],
    holes: &mut Holes,
) -> Result<(), TooFar> {
    if delta.is_empty() {
        return Ok(());
    }
    merge_extra(target, delta, field, objects, holes)
}

/// Merges the properties that have no field in either type. Of malformed ones, which have a field,
/// it merges texts in place of these objects and lists.
fn merge_extra(
    target: &mut Extra,
    delta: &Extra,
    field: fn(&str) -> Option<usize>,
    objects: &[&str],
    holes: &mut Holes,
) -> Result<(), TooFar> {
    let is_merged = |property: &str, delta: &Value| match delta {
        Value::Null => false,
        Value::String(_) if objects.contains(&property) => true,
        _ => property != "index" && field(property).is_none(),
    };
    let deltas = delta.iter();
    for (property, delta) in deltas.filter(|(property, delta)| is_merged(property, delta)) {
        let target = target.entry(property.clone()).or_insert(Value::Null);
        value(property, target, delta, holes)?;
    }
    Ok(())
}

impl Indexed for Value {
    fn index(&self) -> Option<i128> {
        let index = self.get("index")?;
        let index = index.as_i64().map(i128::from);
        index.or_else(|| self["index"].as_u64().map(i128::from))
    }

    fn id(&self) -> Option<&str> {
        self.get("id")?.as_str()
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }
}

macro_rules! empty_by_default {
    ($([$($parameters:tt)*] $ty:ty;)*) => {
        $(impl<$($parameters)*> Empty for $ty {
            fn empty() -> Self {
                Self::default()
            }
        })*
    };
}

empty_by_default! {
    [] bool;
    [] i64;
    [] f32;
    [] f64;
    [] String;
    [] Value;
    [] Map<String, Value>;
    [] Extra;
    [T] Option<T>;
    [T] Vec<T>;
    [K, V] BTreeMap<K, V>;
}

impl Empty for Timestamp {
    fn empty() -> Self {
        Self::from(0)
    }
}

impl<T: Empty> Empty for Box<T> {
    fn empty() -> Self {
        Self::new(T::empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The value after these deltas.
    fn merged(value: Value, deltas: &[Value]) -> Value {
        deltas.iter().fold(value, |mut value, delta| {
            value
                .merge(delta, &mut Holes::default())
                .expect("the index is in range");
            value
        })
    }

    #[test]
    fn text_is_appended() {
        assert_eq!(
            merged(
                json!({ "text": "a" }),
                &[json!({ "text": "b" }), json!({ "text": "c" })]
            ),
            json!({ "text": "abc" })
        );
    }

    #[test]
    fn identifiers_are_replaced() {
        let identity = json!({ "id": "x", "file_id": "f", "name": "n", "url": "u", "type": "t" });
        let nothing = json!({ "id": "", "name": "" });
        let deltas = [identity.clone(), nothing, identity.clone()];
        assert_eq!(merged(identity.clone(), &deltas), identity);
    }

    #[test]
    fn a_name_may_come_in_pieces_or_again() {
        let name = |name: &str| json!({ "name": name });
        let whole = name("get_weather");
        assert_eq!(merged(name("get_"), &[name("weather")]), whole);
        assert_eq!(
            merged(whole.clone(), &[name("get_weather"), name("")]),
            whole
        );
    }

    #[test]
    fn parts_without_an_index_have_that_of_their_position() {
        let mut items = vec![json!({ "text": "a" })];
        let deltas = [json!({ "text": "b" }), json!({ "text": "c" })];
        for (property, expected) in [
            ("content", json!([{ "text": "ab" }, { "text": "c" }])),
            (
                "annotations",
                json!([{ "text": "ab" }, { "text": "c" }, { "text": "b" }, { "text": "c" }]),
            ),
        ] {
            list(property, &mut items, &deltas, &mut Holes::default()).unwrap();
            assert_eq!(json!(items), expected);
        }
    }

    #[test]
    fn items_without_an_index_are_found_by_their_id() {
        let call = |id: &str, text: &str| json!({ "id": id, "text": text });
        for property in ["tool_calls", "others"] {
            let mut items: Vec<Value> = Vec::new();
            for deltas in [
                vec![call("a", "1"), call("b", "2")],
                vec![call("b", "3")],
                vec![call("c", "4"), call("a", "5")],
            ] {
                list(property, &mut items, &deltas, &mut Holes::default()).unwrap();
            }
            assert_eq!(items, [call("a", "15"), call("b", "23"), call("c", "4")]);
        }
    }

    #[test]
    fn a_part_has_its_position_at_any_depth() {
        let delta = json!({ "content": [{ "text": "a" }] });
        assert_eq!(
            merged(json!({}), &[delta.clone(), delta]),
            json!({ "content": [{ "text": "aa" }] })
        );
        let mut items: Vec<Value> = Vec::new();
        let deltas = [Value::Null, json!({ "text": "a" })];
        list("content", &mut items, &deltas, &mut Holes::default()).unwrap();
        assert_eq!(items, deltas);
    }

    #[test]
    fn the_index_takes_precedence_over_the_id() {
        let mut items = vec![json!({ "id": "a" }), json!({ "id": "b" })];
        let deltas = [json!({ "index": 1, "id": "a", "text": "1" })];
        list("tool_calls", &mut items, &deltas, &mut Holes::default()).unwrap();
        assert_eq!(items[0], json!({ "id": "a" }));
        assert_eq!(items[1]["text"], "1");
    }

    #[test]
    fn null_is_not_an_item() {
        let list = json!([{ "text": "a" }]);
        assert_eq!(merged(list.clone(), &[json!([null])]), list);
        assert_eq!(merged(json!([]), &[json!([null])]), json!([]));
    }

    #[test]
    fn an_object_of_another_type_replaces_the_one_before() {
        let value = json!({ "type": "logs", "logs": "a" });
        let untyped = json!({ "logs": "b" });
        let image = json!({ "type": "image", "image": {} });
        assert_eq!(
            merged(value, &[untyped, image.clone(), json!({ "type": null })]),
            image
        );
    }

    #[test]
    fn numbers_and_booleans_are_replaced() {
        assert_eq!(
            merged(
                json!({ "a": 1, "b": true }),
                &[json!({ "a": 2, "b": false })]
            ),
            json!({ "a": 2, "b": false })
        );
    }

    #[test]
    fn missing_and_null_properties_change_nothing() {
        let value = json!({ "a": "x", "b": { "c": 1 }, "d": [1] });
        let nulls = json!({ "a": null, "b": { "c": null }, "d": null });
        assert_eq!(
            merged(value.clone(), &[json!({}), nulls, Value::Null]),
            value
        );
    }

    #[test]
    fn objects_are_merged_property_by_property() {
        assert_eq!(
            merged(
                json!({ "a": { "b": "x" } }),
                &[json!({ "a": { "b": "y", "c": 1 }, "d": {} })]
            ),
            json!({ "a": { "b": "xy", "c": 1 }, "d": {} })
        );
    }

    #[test]
    fn a_value_of_another_json_type_is_replaced() {
        for (value, delta) in [
            (json!("a"), json!(1)),
            (json!(1), json!("a")),
            (json!("a"), json!([1])),
            (json!([1]), json!({ "a": "b" })),
            (json!({ "a": "b" }), json!("c")),
        ] {
            assert_eq!(merged(value, std::slice::from_ref(&delta)), delta);
        }
    }

    #[test]
    fn items_with_an_index_are_merged_and_others_appended() {
        assert_eq!(
            merged(
                json!([{ "index": 0, "text": "a" }]),
                &[json!([{ "index": 0, "text": "b" }, { "text": "c" }, "d"])]
            ),
            json!([{ "index": 0, "text": "ab" }, { "text": "c" }, "d"])
        );
    }

    #[test]
    fn items_may_arrive_in_any_order_at_any_depth() {
        let delta = json!({ "list": [{ "index": 2, "text": "c" }, { "index": 0, "text": "a" }] });
        let list = json!([{ "index": 0, "text": "a" }, null, { "index": 2, "text": "c" }]);
        assert_eq!(
            merged(json!({}), std::slice::from_ref(&delta)),
            json!({ "list": list })
        );
        assert_eq!(merged(Value::Null, &[delta["list"].clone()]), list);
    }

    #[test]
    fn an_index_out_of_range_is_an_error_and_allocates_nothing() {
        let mut items = vec![json!(1)];
        let mut holes = Holes::default();
        let mut add = |index: Value| list("", &mut items, &[json!({ "index": index })], &mut holes);
        for index in [
            1002_i128,
            4_294_967_295,
            i64::MAX.into(),
            u64::MAX.into(),
            -1,
        ] {
            let value = serde_json::from_str(&index.to_string()).expect("a number");
            assert_eq!(add(value), Err(TooFar { index, length: 1 }));
        }
        assert_eq!(add(json!(601)), Ok(()));
        assert_eq!(add(json!(1001)), Ok(()));
        assert_eq!(
            add(json!(1004)),
            Err(TooFar {
                index: 1004,
                length: 1002
            }),
            "the limit is for the sum"
        );
        assert_eq!(items.len(), 1002);
    }
}
