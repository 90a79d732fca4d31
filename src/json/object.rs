//! Deserializes a JSON object into a struct, property by property.
//!
//! serde's derive writes out a visitor for each type, and the compiler instantiates it for each
//! kind of deserializer, which would dominate the build time of this crate. The generated code
//! therefore only maps properties to fields; everything that all types share is here.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};

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
            T::decode(Properties(properties))
        }
    }

    deserializer.deserialize_map(Struct(PhantomData))
}

/// The properties of an object that have not been read yet.
pub(crate) struct Properties<A>(A);

impl<'de, A: MapAccess<'de>> Properties<A> {
    /// Reads the next key. Returns the index of its field, `None` for an unknown property.
    pub(crate) fn next(
        &mut self,
        field: fn(&str) -> Option<usize>,
    ) -> Result<Option<Option<usize>>, A::Error> {
        self.0.next_key_seed(Key(field))
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
        *value = Some(self.0.next_value_seed(By::<R, T>(PhantomData))?);
        Ok(())
    }

    /// Skips the value of the property.
    pub(crate) fn skip(&mut self) -> Result<(), A::Error> {
        self.0.next_value().map(|IgnoredAny| ())
    }
}

/// Returns the value of a required property.
pub(crate) fn required<T, E: de::Error>(property: &'static str, value: Option<T>) -> Result<T, E> {
    value.ok_or_else(|| E::missing_field(property))
}

struct Key(fn(&str) -> Option<usize>);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: de::Error>(self, property: &str) -> Result<Self::Value, E> {
        Ok(self.0(property))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Thing {
        id: String,
        count: i64,
        note: Option<String>,
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
                    _ => properties.skip(),
                }?;
            }
            Ok(Self {
                id: required("id", id)?,
                count: count.unwrap_or_default(),
                note: note.unwrap_or_default(),
            })
        }
    }

    #[test]
    fn properties_have_any_order_and_unknown_ones_are_skipped() {
        let thing = |id: &str, count, note: Option<&str>| Thing {
            id: id.to_owned(),
            count,
            note: note.map(str::to_owned),
        };
        for (json, expected) in [
            (r#"{"id":"a"}"#, thing("a", 0, None)),
            (
                r#"{"new":{"id":["b"]},"note":"n","count":2.0,"i\u0064":"a"}"#,
                thing("a", 2, Some("n")),
            ),
            (
                r#"{"count":null,"id":"a","note":null,"":1}"#,
                thing("a", 0, None),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Thing>(json).unwrap(), expected);
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::from_value::<Thing>(value).unwrap(), expected);
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
