//! Deserializes a JSON object into a struct, property by property, and serializes it again.
//!
//! serde's derive writes out a visitor for each type, and the compiler instantiates it for each
//! kind of deserializer, which would dominate the build time of this crate. The generated code
//! therefore only maps properties to fields; everything that all types share is here.
//!
//! Unknown properties are kept in `extra`, and malformed ones where failures are contained.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::{fmt, mem};

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::json::lenient::{self, Entries, Lenient, Part};
use crate::json::malformed_item::{self, MalformedItem};
use crate::json::scalar;

/// A struct that deserializes from a JSON object.
pub(crate) trait Object: Sized {
    /// Name of the struct in errors.
    const NAME: &'static str;

    /// Returns the index of the field of a property.
    fn field(property: &str) -> Option<usize>;

    /// Builds the struct from the properties.
    fn decode<'de, A: MapAccess<'de>>(properties: Properties<A>) -> Result<Self, A::Error>;
}

/// Deserializes a struct from an object. Where failures are contained, null is an empty object.
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
            T::decode(Properties::new(properties, false))
        }
    }

    struct Decoded<T>(T);

    impl<T: Object> Lenient for Decoded<T> {
        fn strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let object = deserializer.deserialize_map(Struct(PhantomData));
            object.map(Self)
        }

        fn lenient(value: Value) -> serde_json::Result<Self> {
            let properties = match value {
                Value::Null => Map::new(),
                Value::Object(properties) => properties,
                other => return Self::strict(Part::strict(other)),
            };
            T::decode(Properties::new(Entries::new(properties, true), true)).map(Self)
        }
    }

    lenient::deserialize(deserializer).map(|Decoded(object)| object)
}

/// The properties of an object that have not been read yet.
pub(crate) struct Properties<A> {
    access: A,
    /// Whether malformed properties are kept. `access` can then read a value again.
    is_lenient: bool,
    /// The last key, if it is unknown.
    key: String,
    /// Unknown and malformed properties.
    extra: BTreeMap<String, Value>,
    /// Why properties are malformed.
    malformed: Vec<(&'static str, String)>,
}

impl<'de, A: MapAccess<'de>> Properties<A> {
    fn new(access: A, is_lenient: bool) -> Self {
        Self {
            access,
            is_lenient,
            key: String::new(),
            extra: BTreeMap::new(),
            malformed: Vec::new(),
        }
    }

    /// Reads the next key. Returns the index of its field, `None` for an unknown property.
    pub(crate) fn next(
        &mut self,
        field: fn(&str) -> Option<usize>,
    ) -> Result<Option<Option<usize>>, A::Error> {
        let unknown = &mut self.key;
        self.access.next_key_seed(Key { field, unknown })
    }

    /// Deserializes the value of the property.
    pub(crate) fn set<R: Rule<T>, T>(
        &mut self,
        property: &'static str,
        value: &mut Option<T>,
    ) -> Result<(), A::Error> {
        if value.is_some() {
            return Err(de::Error::duplicate_field(property));
        }
        match self.access.next_value_seed(By::<R, T>(PhantomData)) {
            Ok(read) => *value = Some(read),
            Err(error) => self.contain(property, error)?,
        }
        Ok(())
    }

    /// Deserializes the items of a page. Malformed ones are set aside.
    pub(crate) fn items<T: DeserializeOwned>(
        &mut self,
        property: &'static str,
        items: &mut Option<Vec<T>>,
        malformed: &mut Vec<MalformedItem>,
    ) -> Result<(), A::Error> {
        if !self.is_lenient {
            return self.set::<NullAsDefault, _>(property, items);
        }
        let Value::Array(values) = self.access.next_value()? else {
            return self.set::<NullAsDefault, _>(property, items);
        };
        let items = items.get_or_insert_default();
        for (index, value) in values.into_iter().enumerate() {
            match T::deserialize(Part::lenient(value.clone())) {
                Ok(item) => items.push(item),
                Err(error) => malformed.push(MalformedItem {
                    index,
                    value,
                    reason: error.to_string(),
                }),
            }
        }
        Ok(())
    }

    /// Reads a property that has one value. The type serializes it, so only another is kept.
    pub(crate) fn constant(
        &mut self,
        property: &'static str,
        expected: &str,
    ) -> Result<(), A::Error> {
        match self.access.next_value_seed(Constant(expected)) {
            Ok(None) => {}
            Ok(Some(other)) => drop(self.extra.insert(property.to_owned(), other.into())),
            Err(error) => self.contain(property, error)?,
        }
        Ok(())
    }

    /// Keeps the value of an unknown property.
    pub(crate) fn keep(&mut self) -> Result<(), A::Error> {
        let value = self.access.next_value()?;
        self.extra.insert(mem::take(&mut self.key), value);
        Ok(())
    }

    /// Keeps the value of a malformed property, or fails.
    fn contain(&mut self, property: &'static str, error: A::Error) -> Result<(), A::Error> {
        if !self.is_lenient {
            return Err(error);
        }
        let value = self.access.next_value()?;
        self.extra.insert(property.to_owned(), value);
        self.malformed.push((property, error.to_string()));
        Ok(())
    }

    /// Returns the value of a property without which the object is useless.
    pub(crate) fn required<T>(
        &self,
        property: &'static str,
        value: Option<T>,
    ) -> Result<T, A::Error> {
        value.ok_or_else(|| {
            let mut malformed = self.malformed.iter();
            match malformed.find(|(malformed, _)| *malformed == property) {
                Some((_, reason)) => de::Error::custom(format_args!("`{property}`: {reason}")),
                None => de::Error::missing_field(property),
            }
        })
    }

    /// Returns the value of a required property, where failures are contained or else a default.
    pub(crate) fn expected<T>(
        &self,
        property: &'static str,
        value: Option<T>,
        default: fn() -> Option<T>,
    ) -> Result<T, A::Error> {
        let value = match value {
            None if self.is_lenient => default(),
            value => value,
        };
        self.required(property, value)
    }

    /// Returns the unknown and malformed properties.
    pub(crate) fn into_extra(self) -> BTreeMap<String, Value> {
        self.extra
    }
}

/// The default of a property whose type has one.
#[allow(clippy::unnecessary_wraps, reason = "it is an argument of `expected`")]
pub(crate) fn default<T: Default>() -> Option<T> {
    Some(T::default())
}

/// The default of a string enum.
#[allow(clippy::unnecessary_wraps, reason = "it is an argument of `expected`")]
pub(crate) fn unknown<T: for<'a> From<&'a str>>() -> Option<T> {
    Some(scalar::unknown())
}

/// The default of a struct or a union: deserialized from null.
pub(crate) fn nothing<T: DeserializeOwned>() -> Option<T> {
    T::deserialize(Part::lenient(Value::Null)).ok()
}

/// Deserializes a text, to `None` if it is this one.
struct Constant<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Constant<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Constant<'_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok((text != self.0).then(|| text.to_owned()))
    }
}

struct Key<'a> {
    field: fn(&str) -> Option<usize>,
    unknown: &'a mut String,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: de::Error>(self, property: &str) -> Result<Self::Value, E> {
        let field = (self.field)(property);
        if field.is_none() {
            property.clone_into(self.unknown);
        }
        Ok(field)
    }
}

/// Serializes a struct to an object. Properties in `extra` take the place of its fields.
pub(crate) struct Writer<'a, S: Serializer> {
    map: S::SerializeMap,
    extra: &'a BTreeMap<String, Value>,
}

impl<'a, S: Serializer> Writer<'a, S> {
    pub(crate) fn new(serializer: S, extra: &'a BTreeMap<String, Value>) -> Result<Self, S::Error> {
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

/// How the value of a property is deserialized.
pub(crate) trait Rule<T> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;
}

struct By<R, T>(PhantomData<(R, T)>);

impl<'de, R: Rule<T>, T> DeserializeSeed<'de> for By<R, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        R::decode(deserializer)
    }
}

/// Uses the `Deserialize` implementation of the type.
pub(crate) struct AsIs;

impl<T: DeserializeOwned> Rule<T> for AsIs {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

/// Uses [`scalar::null_as_default`].
pub(crate) struct NullAsDefault;

impl<T: DeserializeOwned + Default> Rule<T> for NullAsDefault {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        scalar::null_as_default(deserializer)
    }
}

/// Uses [`scalar::null_as_unknown`].
pub(crate) struct NullAsUnknown;

impl<T: DeserializeOwned + for<'a> From<&'a str>> Rule<T> for NullAsUnknown {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        scalar::null_as_unknown(deserializer)
    }
}

/// Uses [`scalar::integer`].
pub(crate) struct Integer;

impl Rule<i64> for Integer {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        scalar::integer(deserializer)
    }
}

/// Uses [`scalar::integer_or_zero`].
pub(crate) struct IntegerOrZero;

impl Rule<i64> for IntegerOrZero {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        scalar::integer_or_zero(deserializer)
    }
}

/// Uses [`scalar::integer_or_null`].
pub(crate) struct IntegerOrNull;

impl Rule<Option<i64>> for IntegerOrNull {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
        scalar::integer_or_null(deserializer)
    }
}

/// Uses [`scalar::json_text`].
pub(crate) struct JsonText;

impl Rule<Option<String>> for JsonText {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
        scalar::json_text(deserializer)
    }
}

impl Rule<String> for JsonText {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        Ok(scalar::json_text(deserializer)?.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Thing {
        id: String,
        count: i64,
        note: Option<String>,
        extra: BTreeMap<String, Value>,
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

        fn decode<'de, A: MapAccess<'de>>(mut properties: Properties<A>) -> Result<Self, A::Error> {
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
                extra: properties.into_extra(),
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
        assert_eq!(json!(thing.extra), json!({"note": [1], "count": 1.5}));
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
