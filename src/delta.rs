//! Deltas: what a message or a run step has gained, added to what it was.
//!
//! The build generates a [`Merge`] for each object that grows, property by property; what
//! all of them do is here. Text is appended, unless it identifies something (a repeated
//! id must not be doubled). Everything else that is no object and no list is replaced.
//! Missing and null set nothing. Lists grow by the `index` of the delta's items: parts
//! may come in any order, and a hole is [`Empty`] until its part comes. Adding costs what
//! is added, however much is there.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Timestamp;
use crate::error::Error;

/// How many items may be missing in front of those that come, all in all. Without a limit,
/// a few bytes could ask for gigabytes.
const MISSING: usize = 1_000;

/// What is left of the items that may be missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holes(usize);

impl Default for Holes {
    fn default() -> Self {
        Self(MISSING)
    }
}

/// What grows by deltas.
pub(crate) trait Merge<D: ?Sized> {
    /// Adds the delta.
    fn merge(&mut self, delta: &D, holes: &mut Holes) -> Result<(), TooFar>;
}

/// What something is before its first delta.
pub(crate) trait Empty {
    /// Nothing yet.
    fn empty() -> Self;
}

/// An item of a list in a delta.
pub(crate) trait Indexed {
    /// Which item of the list it belongs to; without that it is a new one.
    fn index(&self) -> Option<i128> {
        None
    }
}

/// An index that no list of that length has a place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooFar {
    index: i128,
    length: usize,
}

impl From<TooFar> for Error {
    fn from(TooFar { index, length }: TooFar) -> Self {
        Self::too_far(index, length, MISSING)
    }
}

/// What there is to add to; something empty if there was nothing.
pub(crate) fn made<T: Empty>(target: &mut Option<T>) -> &mut T {
    target.get_or_insert_with(T::empty)
}

/// Adds to a text, or replaces one that identifies something. (Empty text identifies
/// nothing.)
pub(crate) fn text(property: &str, target: &mut String, delta: &str) {
    if identifies(property) && !delta.is_empty() {
        target.clear();
    }
    target.push_str(delta);
}

fn identifies(property: &str) -> bool {
    matches!(property, "id" | "type" | "name" | "url") || property.ends_with("_id")
}

/// Adds to the items of a list.
pub(crate) fn list<T, D>(items: &mut Vec<T>, deltas: &[D], holes: &mut Holes) -> Result<(), TooFar>
where
    T: Empty + Merge<D>,
    D: Indexed,
{
    for delta in deltas {
        let length = items.len();
        let at = match delta.index() {
            Some(index) => usize::try_from(index)
                .ok()
                .filter(|at| at.saturating_sub(length) <= holes.0)
                .ok_or(TooFar { index, length })?,
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

/// JSON for which there is no type grows by the same rules.
impl Merge<Value> for Value {
    fn merge(&mut self, delta: &Value, holes: &mut Holes) -> Result<(), TooFar> {
        match (&mut *self, delta) {
            (_, Value::Null) => {}
            (Value::String(text), Value::String(more)) => text.push_str(more),
            (Value::Array(items), Value::Array(deltas)) => list(items, deltas, holes)?,
            (Value::Object(object), Value::Object(delta)) => object.merge(delta, holes)?,
            (_, Value::Array(deltas)) => {
                let mut items: Vec<Self> = Vec::new();
                list(&mut items, deltas, holes)?;
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
        for (property, delta) in delta.iter().filter(|(_, delta)| !delta.is_null()) {
            match (self.get_mut(property), delta) {
                (Some(Value::String(target)), Value::String(delta)) => {
                    text(property, target, delta);
                }
                (Some(target), delta) => target.merge(delta, holes)?,
                (None, delta) => {
                    let mut target = Value::Null;
                    target.merge(delta, holes)?;
                    self.insert(property.clone(), target);
                }
            }
        }
        Ok(())
    }
}

impl Indexed for Value {
    fn index(&self) -> Option<i128> {
        let index = self.get("index")?;
        let index = index.as_i64().map(i128::from);
        index.or_else(|| self["index"].as_u64().map(i128::from))
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

    /// What the deltas make of the value, one after the other.
    fn grown(value: Value, deltas: &[Value]) -> Value {
        deltas.iter().fold(value, |mut value, delta| {
            value
                .merge(delta, &mut Holes::default())
                .expect("there is a place for it");
            value
        })
    }

    #[test]
    fn texts_are_appended() {
        assert_eq!(
            grown(
                json!({ "text": "a" }),
                &[json!({ "text": "b" }), json!({ "text": "c" })]
            ),
            json!({ "text": "abc" })
        );
    }

    #[test]
    fn texts_that_identify_are_replaced() {
        let identity = json!({ "id": "x", "file_id": "f", "name": "n", "url": "u", "type": "t" });
        let nothing = json!({ "id": "", "name": "" });
        let deltas = [identity.clone(), nothing, identity.clone()];
        assert_eq!(grown(identity.clone(), &deltas), identity);
    }

    #[test]
    fn numbers_and_booleans_are_replaced() {
        assert_eq!(
            grown(
                json!({ "a": 1, "b": true }),
                &[json!({ "a": 2, "b": false })]
            ),
            json!({ "a": 2, "b": false })
        );
    }

    #[test]
    fn what_is_missing_or_null_sets_nothing() {
        let value = json!({ "a": "x", "b": { "c": 1 }, "d": [1] });
        let nulls = json!({ "a": null, "b": { "c": null }, "d": null });
        assert_eq!(
            grown(value.clone(), &[json!({}), nulls, Value::Null]),
            value
        );
    }

    #[test]
    fn objects_grow_property_by_property() {
        assert_eq!(
            grown(
                json!({ "a": { "b": "x" } }),
                &[json!({ "a": { "b": "y", "c": 1 }, "d": {} })]
            ),
            json!({ "a": { "b": "xy", "c": 1 }, "d": {} })
        );
    }

    #[test]
    fn what_is_of_another_json_type_is_replaced() {
        for (value, delta) in [
            (json!("a"), json!(1)),
            (json!(1), json!("a")),
            (json!("a"), json!([1])),
            (json!([1]), json!({ "a": "b" })),
            (json!({ "a": "b" }), json!("c")),
        ] {
            assert_eq!(grown(value, std::slice::from_ref(&delta)), delta);
        }
    }

    #[test]
    fn items_with_an_index_grow_and_others_are_appended() {
        assert_eq!(
            grown(
                json!([{ "index": 0, "text": "a" }]),
                &[json!([{ "index": 0, "text": "b" }, { "text": "c" }, "d"])]
            ),
            json!([{ "index": 0, "text": "ab" }, { "text": "c" }, "d"])
        );
    }

    #[test]
    fn items_may_come_in_any_order_wherever_their_list_is() {
        let delta = json!({ "list": [{ "index": 2, "text": "c" }, { "index": 0, "text": "a" }] });
        let list = json!([{ "index": 0, "text": "a" }, null, { "index": 2, "text": "c" }]);
        assert_eq!(
            grown(json!({}), std::slice::from_ref(&delta)),
            json!({ "list": list })
        );
        assert_eq!(grown(Value::Null, &[delta["list"].clone()]), list);
    }

    #[test]
    fn an_index_that_is_too_far_is_an_error_and_no_allocation() {
        let mut items = vec![json!(1)];
        let mut holes = Holes::default();
        let mut add = |index: Value| list(&mut items, &[json!({ "index": index })], &mut holes);
        for index in [
            1002_i128,
            4_294_967_295,
            i64::MAX.into(),
            u64::MAX.into(),
            -1,
        ] {
            let value = serde_json::from_str(&index.to_string()).expect("it is a number");
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
            "it is the sum that counts"
        );
        assert_eq!(items.len(), 1002);
    }

    #[test]
    fn the_error_tells_what_is_too_far() {
        let error = Error::from(TooFar {
            index: 4_294_967_295,
            length: 2,
        });
        assert!(error.is_decode());
        assert_eq!(
            error.to_string(),
            "a delta adds to item 4294967295 of a list of 2: no more than 1000 items may be missing in a stream"
        );
    }
}
