//! A value that is read before its type is known.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeSeed, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use serde_json::{Error, Value};

use crate::json::lenient;
use crate::json::raw::Json;
use crate::json::untagged::{Untagged, by_json_type};

/// A buffered value. Those in front of a tag are nearly always an ID or an index.
pub(crate) enum Buffered<'de> {
    Scalar(Scalar<'de>),
    Json(Json),
}

impl<'de> Buffered<'de> {
    /// Deserializes the value.
    pub(crate) fn deserialize<S, T>(&self, seed: S, is_lenient: bool) -> Result<T, Error>
    where
        S: for<'a> DeserializeSeed<'a, Value = T>,
    {
        match self {
            Self::Scalar(scalar) => seed.deserialize(*scalar),
            Self::Json(json) if is_lenient => lenient::part(json.as_str(), seed),
            Self::Json(json) => {
                seed.deserialize(&mut serde_json::Deserializer::from_str(json.as_str()))
            }
        }
    }

    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Scalar(scalar) => scalar.into_value(),
            Self::Json(json) => lenient::value(&json),
        }
    }
}

impl<'de> Untagged<'de> for Buffered<'de> {
    fn string<E>(text: Cow<'de, str>) -> Result<Self, E> {
        Ok(match text {
            Cow::Borrowed(text) => Self::Scalar(Scalar::String(text)),
            Cow::Owned(text) => Self::Json(Value::from(text).into()),
        })
    }

    fn integer<E>(value: i64) -> Result<Self, E> {
        Ok(Self::Scalar(Scalar::Integer(value)))
    }

    fn unknown(value: Value) -> Self {
        Self::Json(value.into())
    }
}

impl<'de> Deserialize<'de> for Buffered<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        by_json_type(deserializer)
    }
}

/// A string or an integer. Types that expect others are not compiled for it.
#[derive(Clone, Copy)]
pub(crate) enum Scalar<'de> {
    String(&'de str),
    Integer(i64),
}

impl Scalar<'_> {
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::String(text) => text.into(),
            Self::Integer(number) => number.into(),
        }
    }
}

impl<'de> Deserializer<'de> for Scalar<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::String(text) => visitor.visit_borrowed_str(text),
            Self::Integer(number) => visitor.visit_i64(number),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
