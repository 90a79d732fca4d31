//! Deserializes a struct from a JSON object and serializes it again.
//!
//! serde's derive writes out a visitor for each type, and the compiler instantiates it for each
//! kind of deserializer, which would dominate the build time of this crate. The generated code
//! therefore only maps properties to fields.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serialize, Serializer};

use crate::json::extra::Extra;
use crate::json::malformed_item::{self, MalformedItem};
use crate::json::properties::Properties;

/// A struct that deserializes from a JSON object.
pub(crate) trait Object: Sized {
    /// Name of the struct in errors.
    const NAME: &'static str;

    /// Returns the index of the field of a property.
    fn field(property: &str) -> Option<usize>;

    /// Returns the properties without a field.
    fn extra(&self) -> &Extra;

    /// Builds the struct from the properties.
    fn decode<'de, A: MapAccess<'de>>(
        properties: &mut Properties<'de, A>,
    ) -> Result<Self, A::Error>;
}

/// Deserializes a struct from an object.
pub(crate) fn decode<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Object,
{
    struct Struct<T>(PhantomData<T>);

    impl<'de, T: Object> Visitor<'de> for Struct<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "struct {}", T::NAME)
        }

        fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<T, A::Error> {
            T::decode(&mut Properties::new(properties))
        }
    }

    deserializer.deserialize_map(Struct(PhantomData))
}

/// Serializes a struct to an object. Properties in `extra` take the place of its fields.
pub(crate) struct Writer<'a, S: Serializer> {
    map: S::SerializeMap,
    extra: &'a Extra,
}

impl<'a, S: Serializer> Writer<'a, S> {
    pub(crate) fn new(serializer: S, extra: &'a Extra) -> Result<Self, S::Error> {
        let map = serializer.serialize_map(None)?;
        Ok(Self { map, extra })
    }

    /// Serializes a field.
    pub(crate) fn field<T: Serialize + ?Sized>(
        &mut self,
        property: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        if self.extra.contains_key(property) {
            return Ok(());
        }
        self.map.serialize_entry(property, value)
    }

    /// Serializes a field, unless it is `None`.
    pub(crate) fn optional<T: Serialize>(
        &mut self,
        property: &'static str,
        value: &Option<T>,
    ) -> Result<(), S::Error> {
        match value {
            Some(value) => self.field(property, value),
            None => Ok(()),
        }
    }

    /// Serializes the items of a page, with the malformed ones in their places.
    pub(crate) fn items<T: Serialize>(
        &mut self,
        property: &'static str,
        items: &[T],
        malformed: &[MalformedItem],
    ) -> Result<(), S::Error> {
        self.field(property, &malformed_item::Merged { items, malformed })
    }

    /// Serializes the unknown and malformed properties.
    pub(crate) fn end(mut self) -> Result<S::Ok, S::Error> {
        for (property, value) in self.extra {
            self.map.serialize_entry(property, value)?;
        }
        self.map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde::de;
    use serde_json::{Value, json};

    use crate::json::lenient;
    use crate::json::rule::{AsIs, IntegerOrZero};

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Thing {
        id: String,
        count: i64,
        note: Option<String>,
        extra: Extra,
    }

    impl<'de> de::Deserialize<'de> for Thing {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            decode(deserializer)
        }
    }

    impl Object for Thing {
        const NAME: &'static str = "Thing";

        fn field(property: &str) -> Option<usize> {
            ["id", "count", "note"]
                .iter()
                .position(|name| *name == property)
        }

        fn extra(&self) -> &Extra {
            &self.extra
        }

        fn decode<'de, A: MapAccess<'de>>(
            properties: &mut Properties<'de, A>,
        ) -> Result<Self, A::Error> {
            let (mut id, mut count, mut note) = (None, None, None);
            while let Some(field) = properties.next(Self::field)? {
                match field {
                    Some(0) => properties.set::<AsIs, _>("id", &mut id),
                    Some(1) => properties.set::<IntegerOrZero, _>("count", &mut count),
                    Some(2) => properties.set::<AsIs, _>("note", &mut note),
                    _ => properties.keep(),
                }?;
            }
            Ok(Self {
                id: properties.required("id", id)?,
                count: count.unwrap_or_default(),
                note: note.unwrap_or_default(),
                extra: properties.take_extra(),
            })
        }
    }

    #[test]
    fn properties_have_any_order_and_unknown_ones_are_kept() {
        let thing = |id: &str, count, note: Option<&str>, extra: &[(&str, Value)]| Thing {
            id: id.to_owned(),
            count,
            note: note.map(str::to_owned),
            extra: extra
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
        };
        for (json, expected) in [
            (r#"{"id":"a"}"#, thing("a", 0, None, &[])),
            (
                r#"{"new":{"id":["b"]},"note":"n","count":2.0,"i\u0064":"a"}"#,
                thing("a", 2, Some("n"), &[("new", json!({"id": ["b"]}))]),
            ),
            (
                r#"{"count":null,"id":"a","note":null,"":1}"#,
                thing("a", 0, None, &[("", json!(1))]),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Thing>(json).unwrap(), expected);
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::from_value::<Thing>(value).unwrap(), expected);
        }
    }

    #[test]
    fn a_malformed_property_is_kept_where_failures_are_contained() {
        let decode = |json| lenient::from_str::<Thing>(json);
        let thing = decode(r#"{"note":[1],"id":"a","count":1.5}"#).unwrap();
        assert_eq!((thing.count, thing.note), (0, None));
        assert_eq!(json!(*thing.extra), json!({"note": [1], "count": 1.5}));
        for (json, reason) in [
            (r#"{"note":1}"#, "missing field `id`"),
            (
                r#"{"note":1,"id":2}"#,
                "`id`: invalid type: integer `2`, expected a string",
            ),
            ("[]", "invalid type: sequence, expected struct Thing"),
        ] {
            let error = decode(json).unwrap_err().to_string();
            assert!(error.starts_with(reason), "{json}: {error}");
        }
    }

    #[test]
    fn an_invalid_object_is_an_error_with_its_reason() {
        for (json, reason) in [
            ("{}", "missing field `id`"),
            (r#"{"id":"a","id":"a"}"#, "duplicate field `id`"),
            (
                r#"{"id":1}"#,
                "invalid type: integer `1`, expected a string",
            ),
            ("[\"a\"]", "invalid type: sequence, expected struct Thing"),
            ("null", "invalid type: null, expected struct Thing"),
        ] {
            let error = serde_json::from_str::<Thing>(json).unwrap_err().to_string();
            assert!(error.starts_with(reason), "{json}: {error}");
        }
    }
}
