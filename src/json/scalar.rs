//! Deserializes scalars leniently: integers, string enums, null in place of a missing value.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::json::untagged::MaybeString;

/// Deserializes null like a missing value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Deserializes an integer. Some servers send whole numbers as floats, such as `12.0`.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    /// 2⁶³, the first float above the range of `i64`. Its negative is within the range.
    const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

    struct Integer;

    impl Visitor<'_> for Integer {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("i64")
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
            Ok(value)
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
            value
                .try_into()
                .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
        }

        #[allow(
            clippy::cast_possible_truncation,
            reason = "values out of range are rejected"
        )]
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<i64, E> {
            let fits = value.fract() == 0.0 && (-TOO_LARGE..TOO_LARGE).contains(&value);
            fits.then_some(value as i64)
                .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    deserializer.deserialize_i64(Integer)
}

/// Deserializes an integer, null as 0.
#[allow(dead_code, reason = "a document may have no such required integer")]
pub(crate) fn integer_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(integer_or_null(deserializer)?.unwrap_or_default())
}

/// Deserializes an integer that may be null.
pub(crate) fn integer_or_null<'de, D>(deserializer: D) -> Result<Option<i64>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Integer(#[serde(deserialize_with = "integer")] i64);

    let integer = Option::<Integer>::deserialize(deserializer)?;
    Ok(integer.map(|Integer(value)| value))
}

/// Deserializes a text, null as `None`. JSON of another type becomes its compact text: some
/// servers send the arguments of a function as an object.
pub(crate) fn json_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(match MaybeString::deserialize(deserializer)? {
        MaybeString::String(text) => Some(text.into_owned()),
        MaybeString::Other(Value::Null) => None,
        MaybeString::Other(value) => Some(value.to_string()),
    })
}

/// A string enum, whose unknown values servers may send.
pub(crate) trait StringEnum {
    /// The value as received: unknown text is kept.
    fn from_wire(value: &str) -> Self;
}

/// Deserializes a string enum. Known values are compared without copying the text.
pub(crate) fn string_enum<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: StringEnum,
{
    struct Text<T>(&'static str, PhantomData<T>);

    impl<T: StringEnum> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            Ok(T::from_wire(text))
        }
    }

    deserializer.deserialize_str(Text(expected, PhantomData))
}

/// Default for a missing string enum: `Unknown("")`.
pub(crate) fn unknown<T: StringEnum>() -> T {
    T::from_wire("")
}

/// Deserializes a string enum, null as `Unknown("")`.
pub(crate) fn null_as_unknown<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + StringEnum,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(unknown))
}
