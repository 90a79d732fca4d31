//! Deserializes JSON that does not match its type, and contains each failure in its part.
//!
//! [`from_str`] first deserializes the text directly. Only if that fails, the text is parsed to a
//! [`Value`] and deserialized again from [`Part`]s. There the value is still at hand when its
//! type does not match: a malformed member of a union becomes its unknown variant, a malformed
//! property is kept in `extra`, a malformed item of a page is set aside.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::{fmt, vec};

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use serde_json::value::RawValue;
use serde_json::{Error, Map, Value, map};

use crate::json::surrogates;

/// Asks a deserializer for [`Lenient::lenient`]. Others than [`Part`] take it for a newtype.
const TOKEN: &str = "$openai_assistants::lenient";

/// How deep a part that cannot be a [`Value`] is searched for. Each level is parsed once more.
const MAX_DEPTH: usize = 8;

/// Deserializes JSON text, with contained failures if it does not match the type.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).or_else(|error| again(text, error))
}

#[cold]
fn again<T: DeserializeOwned>(text: &str, error: Error) -> Result<T, Error> {
    let text = surrogates::replace_unpaired(text);
    let Ok(raw) = serde_json::from_str(&text) else {
        return Err(error);
    };
    T::deserialize(Part::lenient(parse(raw, MAX_DEPTH))).map_err(|lenient| {
        // The first error has a position, but may be about a part that can be contained.
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        let is_same = lenient.to_string().ends_with(reason);
        if is_same { error } else { lenient }
    })
}

/// Parses JSON. What cannot be a [`Value`], such as `1e400`, becomes its text.
fn parse(raw: &RawValue, depth: usize) -> Value {
    let text = raw.get();
    let part = |raw| parse(raw, depth - 1);
    serde_json::from_str(text).unwrap_or_else(|_| {
        if depth == 0 {
            Value::from(text)
        } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) {
            items.into_iter().map(part).collect()
        } else if let Ok(properties) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
            let properties = properties.into_iter();
            properties
                .map(|(name, value)| (name, part(value)))
                .collect()
        } else {
            Value::from(text)
        }
    })
}

/// A type that contains failures of its parts.
pub(crate) trait Lenient: Sized {
    /// Deserializes a value that matches the type.
    fn strict<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// Deserializes any value as far as possible.
    fn lenient(value: Value) -> Result<Self, Error>;
}

/// Deserializes strictly, or leniently where the deserializer is a lenient [`Part`].
pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Lenient>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Mode<T>(PhantomData<T>);

    impl<'de, T: Lenient> Visitor<'de> for Mode<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a JSON value")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<T, D::Error> {
            T::strict(value)
        }

        /// Deserializers of only a map ignore what they are asked for.
        fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<T, A::Error> {
            T::strict(MapAccessDeserializer::new(properties))
        }

        fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<T, D::Error> {
            T::lenient(Value::deserialize(value)?).map_err(D::Error::custom)
        }
    }

    deserializer.deserialize_newtype_struct(TOKEN, Mode(PhantomData))
}

/// A parsed value, as a deserializer.
pub(crate) struct Part {
    value: Value,
    is_lenient: bool,
}

impl Part {
    /// Fails where the value does not match.
    pub(crate) fn strict(value: Value) -> Self {
        Self {
            value,
            is_lenient: false,
        }
    }

    /// Contains failures.
    pub(crate) fn lenient(value: Value) -> Self {
        Self {
            value,
            is_lenient: true,
        }
    }
}

impl<'de> Deserializer<'de> for Part {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.into_iter(),
                is_lenient: self.is_lenient,
            }),
            Value::Object(object) => visitor.visit_map(Entries::new(object, self.is_lenient)),
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.is_lenient && name == TOKEN {
            visitor.visit_some(self)
        } else {
            visitor.visit_newtype_struct(self)
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.value.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items {
    items: vec::IntoIter<Value>,
    is_lenient: bool,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let is_lenient = self.is_lenient;
        let item = self.items.next().map(|value| Part { value, is_lenient });
        item.map(|item| seed.deserialize(item)).transpose()
    }
}

/// The properties of an object. A lenient value can be read again until the next key.
pub(crate) struct Entries {
    entries: map::IntoIter,
    value: Value,
    is_lenient: bool,
}

impl Entries {
    pub(crate) fn new(object: Map<String, Value>, is_lenient: bool) -> Self {
        Self {
            entries: object.into_iter(),
            value: Value::Null,
            is_lenient,
        }
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(key.into_deserializer()).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(if self.is_lenient {
            Part::lenient(self.value.clone())
        } else {
            Part::strict(self.value.take())
        })
    }
}
