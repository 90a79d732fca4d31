//! How generated types are decoded and built.
//!
//! The generated code holds what differs from type to type; the rest is here, so
//! that it is compiled once. Servers send more than the document says: nothing in
//! here fails because a value is new.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{
    DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::{Error, Result};

/// The bytes of an answer as text, replaced where they are not UTF-8. Checked as a whole,
/// they need not be checked string by string; and looking for such places takes much longer
/// than to know that there are none.
pub(crate) fn text(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Decodes null like a missing value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Decodes an integer. Servers exist that write whole numbers as floats, such as `12.0`.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    /// 2⁶³, the first float that is too large for `i64`; its negative is not too small.
    const TOO_LARGE: f64 = 9_223_372_036_854_775_808.0;

    struct Whole;

    impl Visitor<'_> for Whole {
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
            reason = "what does not fit is refused"
        )]
        fn visit_f64<E: de::Error>(self, value: f64) -> Result<i64, E> {
            let fits = value.fract() == 0.0 && (-TOO_LARGE..TOO_LARGE).contains(&value);
            fits.then_some(value as i64)
                .ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    deserializer.deserialize_i64(Whole)
}

/// Decodes an integer, null as 0.
pub(crate) fn integer_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(integer_or_null(deserializer)?.unwrap_or_default())
}

/// The value of a string enum where there is none: an unknown one, without text.
pub(crate) fn no_word<T: for<'a> From<&'a str>>() -> T {
    T::from("")
}

/// Decodes null in place of a string enum like a missing value.
pub(crate) fn null_as_no_word<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + for<'a> From<&'a str>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(no_word))
}

/// Decodes an integer that may be missing or null.
pub(crate) fn integer_or_null<'de, D>(deserializer: D) -> Result<Option<i64>, D::Error>
where
    D: Deserializer<'de>,
{
    #[derive(Deserialize)]
    struct Integer(#[serde(deserialize_with = "integer")] i64);

    let integer = Option::<Integer>::deserialize(deserializer)?;
    Ok(integer.map(|Integer(value)| value))
}

/// Decodes a string enum. Known values are compared and not copied.
pub(crate) fn string<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    struct Known<T>(&'static str, PhantomData<T>);

    impl<T: for<'a> From<&'a str>> Visitor<'_> for Known<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            Ok(T::from(text))
        }
    }

    deserializer.deserialize_str(Known(expected, PhantomData))
}

/// What is decoded by the JSON type of the value. What has no type of its own is kept.
pub(crate) trait Shape<'de>: Sized {
    /// Decodes a string.
    fn text<E: de::Error>(text: Cow<'de, str>) -> Result<Self, E> {
        Ok(Self::unknown(text.into_owned().into()))
    }

    /// Decodes a boolean.
    fn boolean(value: bool) -> Self {
        Self::unknown(value.into())
    }

    /// Decodes a number.
    fn number<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Value::deserialize(value).map(Self::unknown)
    }

    /// Decodes an array.
    fn array<D: Deserializer<'de>>(items: D) -> Result<Self, D::Error> {
        Value::deserialize(items).map(Self::unknown)
    }

    /// Decodes an object.
    fn object<A: MapAccess<'de>>(members: A) -> Result<Self, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(members)).map(Self::unknown)
    }

    /// Keeps what has no type of its own.
    fn unknown(value: Value) -> Self;
}

/// Decodes a value by its JSON type.
pub(crate) fn shaped<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Shape<'de>,
{
    struct Any<T>(PhantomData<T>);

    impl<'de, T: Shape<'de>> Visitor<'de> for Any<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON value")
        }

        fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<T, E> {
            T::text(Cow::Borrowed(text))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::text(Cow::Owned(text.to_owned()))
        }

        fn visit_string<E: de::Error>(self, text: String) -> Result<T, E> {
            T::text(Cow::Owned(text))
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
            Ok(T::boolean(value))
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
            T::number(value.into_deserializer())
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
            T::number(value.into_deserializer())
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

        fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
            T::object(members)
        }
    }

    deserializer.deserialize_any(Any(PhantomData))
}

/// A union whose members are told apart by the text of one property.
pub(crate) trait Tagged: Sized {
    /// The property that tells the members apart.
    const TAG: &'static str;

    /// Decodes the member of that tag from the other properties; `None` if there is
    /// no such member, in which case nothing has been read.
    fn member<'de, D: Deserializer<'de>>(tag: &str, rest: D) -> Option<Result<Self, D::Error>>;

    /// Keeps what is not a member.
    fn unknown(value: Value) -> Self;
}

/// Decodes a tagged union in one pass: what stands before the tag is kept aside,
/// what follows goes straight into the member. The tag comes first on the wire, or
/// right behind a small `index`.
pub(crate) fn tagged<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Tagged,
{
    struct Union<T>(T);

    impl<'de, T: Tagged> Shape<'de> for Union<T> {
        fn object<A: MapAccess<'de>>(mut members: A) -> Result<Self, A::Error> {
            let mut before = Entries::new();
            while let Some(key) = members.next_key_seed(KeyBut(T::TAG))? {
                if let Some(key) = key {
                    before.push((key, members.next_value()?));
                    continue;
                }
                let tag = members.next_value()?;
                let mut rest = Rest::new(before, members);
                if let Text::Text(tag) = &tag
                    && let Some(member) = T::member(tag, MapAccessDeserializer::new(&mut rest))
                {
                    return member.map(Self);
                }
                let mut object = rest.into_object()?;
                object.insert(T::TAG.to_owned(), tag.into_value());
                return Ok(Self::unknown(Value::Object(object)));
            }
            let object = Rest::new(before, members).into_object()?;
            Ok(Self::unknown(Value::Object(object)))
        }

        fn unknown(value: Value) -> Self {
            Self(T::unknown(value))
        }
    }

    shaped(deserializer).map(|Union(union)| union)
}

/// A key; `None` if it is this one.
struct KeyBut(&'static str);

impl<'de> DeserializeSeed<'de> for KeyBut {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeyBut {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: de::Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok((key != self.0).then_some(Cow::Borrowed(key)))
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok((key != self.0).then(|| Cow::Owned(key.to_owned())))
    }
}

/// What stands before a tag; one property, where it does not come first.
type Entries<'de> = SmallVec<[(Cow<'de, str>, Value); 1]>;

/// The properties around the tag, in the order of the wire.
struct Rest<'de, A> {
    before: smallvec::IntoIter<[(Cow<'de, str>, Value); 1]>,
    value: Option<(Cow<'de, str>, Value)>,
    after: A,
}

impl<'de, A: MapAccess<'de>> Rest<'de, A> {
    fn new(before: Entries<'de>, after: A) -> Self {
        Self {
            before: before.into_iter(),
            value: None,
            after,
        }
    }

    fn into_object(mut self) -> Result<Map<String, Value>, A::Error> {
        Map::deserialize(MapAccessDeserializer::new(&mut self))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Rest<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.before.next() {
            Some((key, value)) => {
                self.value = Some((key.clone(), value));
                seed.deserialize(CowStrDeserializer::new(key)).map(Some)
            }
            None => self.after.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            // The reader is past this value: its name is all that can be told of its place.
            Some((key, value)) => seed
                .deserialize(value)
                .map_err(|error| A::Error::custom(format_args!("`{key}`: {error}"))),
            None => self.after.next_value_seed(seed),
        }
    }
}

/// A string, borrowed from the input where that is possible, or what stands in its place.
pub(crate) enum Text<'de> {
    Text(Cow<'de, str>),
    Other(Value),
}

impl<'de> Text<'de> {
    /// The string, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Other(_) => None,
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text.into_owned()),
            Self::Other(value) => value,
        }
    }
}

impl<'de> Shape<'de> for Text<'de> {
    fn text<E: de::Error>(text: Cow<'de, str>) -> Result<Self, E> {
        Ok(Self::Text(text))
    }

    fn unknown(value: Value) -> Self {
        Self::Other(value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped::<D, Text<'de>>(deserializer)
    }
}

/// Decodes the data of a server-sent event.
pub(crate) fn event_data<'de, T: Deserialize<'de>>(event: &str, data: &'de str) -> Result<T> {
    serde_json::from_str(data).map_err(|error| Error::event(event, data, error))
}

/// Converts the value of a setter, or keeps the first reason why that failed.
pub(crate) fn convert<V, T>(field: &str, value: V, first_error: &mut Option<String>) -> Option<T>
where
    V: TryInto<T>,
    V::Error: fmt::Display,
{
    value
        .try_into()
        .map_err(|error| keep_first(field, &error, first_error))
        .ok()
}

/// Converts the values of a setter, or keeps the first reason why that failed.
pub(crate) fn convert_all<I, T>(
    field: &str,
    values: I,
    first_error: &mut Option<String>,
) -> Option<Vec<T>>
where
    I: IntoIterator,
    I::Item: TryInto<T>,
    <I::Item as TryInto<T>>::Error: fmt::Display,
{
    let values: Result<Vec<T>, _> = values.into_iter().map(TryInto::try_into).collect();
    values
        .map_err(|error| keep_first(field, &error, first_error))
        .ok()
}

fn keep_first(field: &str, error: &dyn fmt::Display, first_error: &mut Option<String>) {
    first_error.get_or_insert_with(|| format!("`{field}` cannot be converted: {error}"));
}

/// Fails if a setter was given something that could not be converted.
pub(crate) fn built(first_error: Option<String>) -> Result<()> {
    first_error.map_or(Ok(()), |reason| Err(Error::unusable(reason)))
}

/// The value of a required field.
pub(crate) fn required<T>(schema: &str, field: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::unusable(format!(
            "`{field}` of {schema} is not set: call `.{field}(…)`"
        ))
    })
}
