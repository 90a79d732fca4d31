//! How generated types are decoded and built.
//!
//! The generated code holds what differs from type to type; the rest is here, so
//! that it is compiled once. Servers send more than the document says: nothing in
//! here fails because a value is new.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::vec;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value};

use crate::{Error, Result};

/// Decodes null like a missing value.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Decodes a string without allocating where the reader can lend it.
pub(crate) fn text<'de, D, T>(deserializer: D, expected: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    struct Text<T>(&'static str, PhantomData<T>);

    impl<T: for<'a> From<&'a str>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            Ok(T::from(text))
        }
    }

    deserializer.deserialize_str(Text(expected, PhantomData))
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
    struct Union<T>(PhantomData<T>);

    impl<'de, T: Tagged> Visitor<'de> for Union<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "an object with a string `{}`", T::TAG)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
            let mut before = Vec::new();
            while let Some(Text(key)) = map.next_key()? {
                if key != T::TAG {
                    before.push((key, map.next_value()?));
                    continue;
                }
                let Text(tag) = map.next_value()?;
                let mut rest = Rest {
                    before: before.into_iter(),
                    value: None,
                    after: map,
                };
                return match T::member(&tag, MapAccessDeserializer::new(&mut rest)) {
                    Some(member) => member,
                    None => {
                        let mut object = object(rest)?;
                        object.insert(T::TAG.to_owned(), Value::String(tag.into_owned()));
                        Ok(T::unknown(Value::Object(object)))
                    }
                };
            }
            let rest = Rest {
                before: before.into_iter(),
                value: None,
                after: map,
            };
            Ok(T::unknown(Value::Object(object(rest)?)))
        }
    }

    deserializer.deserialize_map(Union(PhantomData))
}

/// The properties around the tag, in the order of the wire.
struct Rest<'de, A> {
    before: vec::IntoIter<(Cow<'de, str>, Value)>,
    value: Option<Value>,
    after: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Rest<'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.before.next() {
            Some((key, value)) => {
                self.value = Some(value);
                seed.deserialize(CowStrDeserializer::new(key)).map(Some)
            }
            None => self.after.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        match self.value.take() {
            Some(value) => seed.deserialize(value).map_err(A::Error::custom),
            None => self.after.next_value_seed(seed),
        }
    }
}

fn object<'de, A: MapAccess<'de>>(mut rest: Rest<'de, A>) -> Result<Map<String, Value>, A::Error> {
    Map::deserialize(MapAccessDeserializer::new(&mut rest))
}

/// A string, borrowed from the input where that is possible.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// A union whose branches differ in their JSON type. What has no branch is unknown.
pub(crate) trait Untagged: Sized {
    /// Decodes a JSON string.
    fn text<E: de::Error>(value: &str) -> Result<Self, E> {
        Ok(Self::unknown(value.into()))
    }

    /// Decodes a JSON boolean.
    fn boolean(value: bool) -> Self {
        Self::unknown(value.into())
    }

    /// Decodes a JSON number.
    fn number<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Value::deserialize(value).map(Self::unknown)
    }

    /// Decodes a JSON array.
    fn array<'de, D: Deserializer<'de>>(items: D) -> Result<Self, D::Error> {
        Value::deserialize(items).map(Self::unknown)
    }

    /// Decodes a JSON object.
    fn object<'de, D: Deserializer<'de>>(members: D) -> Result<Self, D::Error> {
        Value::deserialize(members).map(Self::unknown)
    }

    /// Keeps what no branch stands for.
    fn unknown(value: Value) -> Self;
}

/// Decodes an untagged union by the JSON type of the value.
pub(crate) fn untagged<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Untagged,
{
    struct Union<T>(PhantomData<T>);

    impl<'de, T: Untagged> Visitor<'de> for Union<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON value")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            T::text(text)
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<T, E> {
            Ok(T::boolean(value))
        }

        fn visit_i64<E: de::Error>(self, value: i64) -> Result<T, E> {
            T::number(de::IntoDeserializer::into_deserializer(value))
        }

        fn visit_u64<E: de::Error>(self, value: u64) -> Result<T, E> {
            T::number(de::IntoDeserializer::into_deserializer(value))
        }

        fn visit_f64<E: de::Error>(self, value: f64) -> Result<T, E> {
            T::number(de::IntoDeserializer::into_deserializer(value))
        }

        fn visit_unit<E: de::Error>(self) -> Result<T, E> {
            Ok(T::unknown(Value::Null))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
            T::array(SeqAccessDeserializer::new(items))
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
            T::object(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(Union(PhantomData))
}

/// Decodes the data of a server-sent event.
pub(crate) fn event_data<'de, T: Deserialize<'de>>(event: &str, data: &'de str) -> Result<T> {
    serde_json::from_str(data).map_err(|error| Error::event(event, error))
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
pub(crate) fn built(schema: &'static str, first_error: Option<String>) -> Result<()> {
    first_error.map_or(Ok(()), |reason| {
        Err(Error::invalid_argument(schema, reason))
    })
}

/// The value of a required field.
pub(crate) fn required<T>(
    schema: &'static str,
    field: &'static str,
    value: Option<T>,
) -> Result<T> {
    value.ok_or_else(|| {
        Error::invalid_argument(schema, format!("`{field}` is not set: call `.{field}(…)`"))
    })
}
