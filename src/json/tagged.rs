//! Deserializes an internally tagged union in one pass.
//!
//! serde's derive buffers the whole object before it selects a variant. Here only the
//! properties in front of the tag are buffered. On the wire the tag comes first, or directly
//! after a small `index`.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{self, DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::json::lenient::{self, Lenient, Part};
use crate::json::untagged::{MaybeString, Untagged, by_json_type};

/// A union whose variant is selected by the text of one property, the tag.
pub(crate) trait Tagged: Sized {
    /// Name of the tag property.
    const TAG: &'static str;

    /// Deserializes the variant of this tag from the other properties.
    ///
    /// Returns `None` without reading if there is no such variant.
    fn variant<'de, D: Deserializer<'de>>(tag: &str, rest: D) -> Option<Result<Self, D::Error>>;

    /// Keeps a value that is not of any variant.
    fn unknown(value: Value) -> Self;
}

/// Deserializes a tagged union. Where failures are contained, a malformed member is unknown.
pub(crate) fn tagged<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Tagged,
{
    struct Union<T>(T);

    impl<'de, T: Tagged> Untagged<'de> for Union<T> {
        fn object<A: MapAccess<'de>>(mut properties: A) -> Result<Self, A::Error> {
            let mut before = Buffer::new();
            while let Some(key) = properties.next_key_seed(KeyExcept(T::TAG))? {
                if let Some(key) = key {
                    before.push((key, properties.next_value()?));
                    continue;
                }
                let tag = properties.next_value()?;
                let mut rest = Rest::new(before, properties);
                if let MaybeString::String(tag) = &tag
                    && let Some(variant) = T::variant(tag, MapAccessDeserializer::new(&mut rest))
                {
                    return variant.map(Self);
                }
                let mut object = rest.into_object()?;
                object.insert(T::TAG.to_owned(), tag.into_value());
                return Ok(Self::unknown(Value::Object(object)));
            }
            let object = Rest::new(before, properties).into_object()?;
            Ok(Self::unknown(Value::Object(object)))
        }

        fn unknown(value: Value) -> Self {
            Self(T::unknown(value))
        }
    }

    impl<T: Tagged> Lenient for Union<T> {
        fn strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            by_json_type(deserializer)
        }

        fn lenient(value: Value) -> serde_json::Result<Self> {
            let mut rest = value.clone();
            let tag = rest.as_object_mut().and_then(|rest| rest.remove(T::TAG));
            let tag = tag.as_ref().and_then(Value::as_str);
            let member = tag.and_then(|tag| T::variant(tag, Part::lenient(rest))?.ok());
            Ok(Self(member.unwrap_or_else(|| T::unknown(value))))
        }
    }

    lenient::deserialize(deserializer).map(|Union(union)| union)
}

/// Deserializes a key, to `None` if it is this one.
struct KeyExcept(&'static str);

impl<'de> DeserializeSeed<'de> for KeyExcept {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeyExcept {
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

/// Properties in front of the tag; rarely more than one.
type Buffer<'de> = SmallVec<[(Cow<'de, str>, Value); 1]>;

/// The properties other than the tag, in the order of the wire.
struct Rest<'de, A> {
    before: smallvec::IntoIter<[(Cow<'de, str>, Value); 1]>,
    value: Option<(Cow<'de, str>, Value)>,
    after: A,
}

impl<'de, A: MapAccess<'de>> Rest<'de, A> {
    fn new(before: Buffer<'de>, after: A) -> Self {
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
            // The parser is past this value, so its position would mislead: name the key.
            Some((key, value)) => seed
                .deserialize(Part::strict(value))
                .map_err(|error| A::Error::custom(format_args!("`{key}`: {error}"))),
            None => self.after.next_value_seed(seed),
        }
    }
}
