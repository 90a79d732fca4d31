//! How the value of a property is deserialized, as a type that generated code names.

use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{DeserializeOwned, DeserializeSeed};

use crate::json::scalar::{self, StringEnum};

/// How the value of a property is deserialized.
pub(crate) trait Rule<T> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;
}

/// Deserializes a value of type `T` by the rule `R`.
pub(crate) struct By<R, T>(pub(crate) PhantomData<(R, T)>);

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

impl<T: DeserializeOwned + StringEnum> Rule<T> for NullAsUnknown {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        scalar::null_as_unknown(deserializer)
    }
}

/// Uses [`scalar::integer`].
#[allow(dead_code, reason = "a document may have no such required integer")]
pub(crate) struct Integer;

impl Rule<i64> for Integer {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        scalar::integer(deserializer)
    }
}

/// Uses [`scalar::integer_or_zero`].
#[allow(dead_code, reason = "a document may have no such required integer")]
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
