//! Merges deltas into messages and run steps.
//!
//! The build generates a [`Merge`] for each object that has deltas, property by property; the
//! shared rules are here. Text is appended. A name is appended unless it is repeated, an ID is
//! replaced. Other scalars are replaced. Missing and null properties change nothing.
//! Items of a list are merged by their `index`, in any order; a missing item is [`Empty`] until
//! its delta arrives. Without an index, an item of `content` or `tool_calls` has that of its
//! position in the delta, and an item of another list, such as an annotation, is a new one.
//! A member of a union without a tag continues the member that is there. The cost of a merge is proportional to the delta, not to the target.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::json::lenient::Part;
use crate::json::timestamp::Timestamp;

/// How many items of a stream may be missing in total. Without a limit, a few bytes could
/// allocate gigabytes.
pub(crate) const MAX_MISSING: usize = 1_000;

/// How many more items may be missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holes(usize);

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

/// An item of a list in a delta.
pub(crate) trait Indexed {
    /// Returns the index of the target item, if the delta has one.
    fn index(&self) -> Option<i128> {
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

/// Returns the target, which is created if there is none.
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
/// false if the delta has another.
pub(crate) fn member<D, T>(
    target: &mut T,
    tag: &str,
    delta: &Value,
    holes: &mut Holes,
) -> Result<bool, TooFar>
where
    D: DeserializeOwned,
    T: Merge<D>,
{
    let is_other = |value: &Value| !value.is_null() && value != tag;
    if delta.get("type").is_some_and(is_other) {
        return Ok(false);
    }
    let mut delta = delta.clone();
    if let Some(properties) = delta.as_object_mut() {
        properties.remove("type");
    }
    if let Ok(delta) = D::deserialize(Part::lenient(delta)) {
        target.merge(&delta, holes)?;
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
    T: Empty + Merge<D>,
    D: Indexed,
{
    let has_positions = matches!(property, "content" | "tool_calls");
    for (position, delta) in deltas.iter().enumerate() {
        if delta.is_null() {
            continue;
        }
        let length = items.len();
        let at = match delta.index() {
            Some(index) => usize::try_from(index)
                .ok()
                .filter(|at| at.saturating_sub(length) <= holes.0)
                .ok_or(TooFar { index, length })?,
            None if has_positions => position.min(length),
            None => length,
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
        match (&mut *self, delta) {
            (_, Value::Null) => {}
            (Value::String(text), Value::String(more)) => text.push_str(more),
            (Value::Array(items), Value::Array(deltas)) => list("", items, deltas, holes)?,
            (Value::Object(object), Value::Object(delta)) => object.merge(delta, holes)?,
            (_, Value::Array(deltas)) => {
                let mut items: Vec<Self> = Vec::new();
                list("", &mut items, deltas, holes)?;
                *self = items.into();
            }
            (_, Value::Object(delta)) => {
                let mut object = Map::new();
                object.merge(delta, holes)?;
                *self = object.into();
            }
            (_, other) => *self = other.clone(),
        }
        Ok(())
    }
}

impl Merge<Self> for Map<String, Value> {
    fn merge(&mut self, delta: &Self, holes: &mut Holes) -> Result<(), TooFar> {
        for (property, delta) in delta {
            if !delta.is_null() {
                let target = self.entry(property.as_str()).or_insert(Value::Null);
                merge_property(property, target, delta, holes)?;
            }
        }
        Ok(())
    }
}

fn merge_property(
    property: &str,
    target: &mut Value,
    delta: &Value,
    holes: &mut Holes,
) -> Result<(), TooFar> {
    match (target, delta) {
        (Value::String(target), Value::String(delta)) => text(property, target, delta),
        (target, delta) => target.merge(delta, holes)?,
    }
    Ok(())
}

/// Merges the properties that have no field in either type. Malformed ones have one.
pub(crate) fn extra(
    target: &mut BTreeMap<String, Value>,
    delta: &BTreeMap<String, Value>,
    field: fn(&str) -> Option<usize>,
    holes: &mut Holes,
) -> Result<(), TooFar> {
    let deltas = delta
        .iter()
        .filter(|(property, delta)| !delta.is_null() && field(property).is_none());
    for (property, delta) in deltas {
        let target = target.entry(property.clone()).or_insert(Value::Null);
        merge_property(property, target, delta, holes)?;
    }
    Ok(())
}

impl Indexed for Value {
    fn index(&self) -> Option<i128> {
        let index = self.get("index")?;
        let index = index.as_i64().map(i128::from);
        index.or_else(|| self["index"].as_u64().map(i128::from))
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
    fn null_is_not_an_item() {
        let list = json!([{ "text": "a" }]);
        assert_eq!(merged(list.clone(), &[json!([null])]), list);
        assert_eq!(merged(json!([]), &[json!([null])]), json!([]));
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
