//! Deserializes a union whose variants differ in their JSON type.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::json::lenient;
use crate::json::raw::Json;

/// A union with at most one variant for each JSON type. Other values become `unknown`.
pub(crate) trait Untagged<'de>: Sized {
    /// Deserializes a string.
    fn string<E: de::Error>(text: Cow<'de, str>) -> Result<Self, E> {
        Ok(Self::unknown(text.into_owned().into()))
    }

    /// Deserializes a boolean.
    fn boolean(value: bool) -> Self {
        Self::unknown(value.into())
    }

    /// Deserializes an integer.
    fn integer<E: de::Error>(value: i64) -> Result<Self, E> {
        Self::number(value.into_deserializer())
    }

    /// Deserializes another number.
    fn number<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Value::deserialize(value).map(Self::unknown)
    }

    /// Deserializes an array.
    fn array<D: Deserializer<'de>>(items: D) -> Result<Self, D::Error> {
        Value::deserialize(items).map(Self::unknown)
    }

    /// Deserializes an object.
    fn object<A: MapAccess<'de>>(properties: A) -> Result<Self, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(properties)).map(Self::unknown)
    }

    /// Keeps a value that is not of any variant.
    fn unknown(value: Value) -> Self;
}

/// Deserializes a union by the JSON type of the value. In lenient mode a malformed value becomes
/// `unknown`.
pub(crate) fn untagged<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> Untagged<'a>,
{
    if !lenient::is_lenient() {
        return by_json_type(deserializer);
    }
    let json = Json::deserialize(deserializer)?;
    let union = lenient::part(json.as_str(), ByJsonType(PhantomData));
    Ok(union.unwrap_or_else(|_| T::unknown(lenient::value(&json))))
}

/// Deserializes a union by the JSON type of the value.
pub(crate) fn by_json_type<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Untagged<'de>,
{
    ByJsonType(PhantomData).deserialize(deserializer)
}

struct ByJsonType<T>(PhantomData<T>);

impl<'de, T: Untagged<'de>> DeserializeSeed<'de> for ByJsonType<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Untagged<'de>> Visitor<'de> for ByJsonType<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<T, E> {
        T::string(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::string(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<T, E> {
        T::string(Cow::Owned(text))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
        Ok(T::boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
        T::integer(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
        match i64::try_from(value) {
            Ok(value) => T::integer(value),
            Err(_) => T::number(value.into_deserializer()),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
        T::number(value.into_deserializer())
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        Ok(T::unknown(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::array(SeqAccessDeserializer::new(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<T, A::Error> {
        T::object(properties)
    }
}

/// A string, borrowed from the input where possible, or a value of another JSON type.
pub(crate) enum MaybeString<'de> {
    String(Cow<'de, str>),
    Other(Value),
}

impl MaybeString<'_> {
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::String(text) => Value::String(text.into_owned()),
            Self::Other(value) => value,
        }
    }
}

impl<'de> Untagged<'de> for MaybeString<'de> {
    fn string<E: de::Error>(text: Cow<'de, str>) -> Result<Self, E> {
        Ok(Self::String(text))
    }

    fn unknown(value: Value) -> Self {
        Self::Other(value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for MaybeString<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_json_type::<D, MaybeString<'de>>(deserializer)
    }
}
