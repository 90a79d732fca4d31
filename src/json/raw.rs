//! JSON kept as text until its value is requested.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, forward_to_deserialize_any};
use serde_json::Value;
use serde_json::value::RawValue;

/// Free-form JSON, such as the schema of a function's arguments.
///
/// Every run contains the schemas of all its functions, and few programs read them there. The
/// text is therefore kept verbatim and is parsed only on request. It is serialized again where
/// serde buffers values: in a `#[serde(flatten)]`, or in a union whose tag comes after it. Two
/// values are equal if their parsed values are.
///
/// Other formats than JSON serialize it like [`RawValue`](serde_json::value::RawValue).
///
/// # Examples
///
/// ```
/// use openai_assistants::Json;
/// use serde_json::json;
///
/// let schema = Json::from(json!({"type": "object"}));
/// assert_eq!(schema.as_str(), r#"{"type":"object"}"#);
/// assert_eq!(schema.to_value()?["type"], "object");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Parses the text.
    ///
    /// # Errors
    /// A number exceeds the range of `f64`, a string has an unpaired surrogate, or there are more
    /// than 127 levels of nesting.
    ///
    /// # Examples
    ///
    /// ```
    /// # use openai_assistants::Json;
    /// let schema: Json = serde_json::from_str(r#"{ "required": ["city"] }"#)?;
    /// assert_eq!(schema.to_value()?["required"][0], "city");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::from_str(self.as_str())
    }

    /// Deserializes the text.
    ///
    /// # Errors
    /// The JSON does not match the type.
    ///
    /// # Examples
    ///
    /// ```
    /// # use openai_assistants::Json;
    /// #[derive(serde::Deserialize)]
    /// struct Schema {
    ///     required: Vec<String>,
    /// }
    ///
    /// let schema: Json = serde_json::from_str(r#"{ "required": ["city"] }"#)?;
    /// assert_eq!(schema.parse::<Schema>()?.required, ["city"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(self.as_str())
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        // Serializing a `Value` cannot fail.
        let text = serde_json::value::to_raw_value(&value);
        Self(text.unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = None;
        let text = Box::<RawValue>::deserialize(TextOrValue {
            inner: deserializer,
            value: &mut value,
        });
        match (text, value) {
            (Err(_), Some(value)) => Ok(value.into()),
            (text, _) => text.map(Self),
        }
    }
}

/// Deserializes a [`RawValue`] from a deserializer that may have no text, such as serde's buffer.
/// Then it fails and leaves the parsed value in `value`.
///
/// It wraps each of deserializer, visitor and map on the way, since only `RawValue` and
/// serde_json share the name by which text is requested.
struct TextOrValue<'a, T> {
    inner: T,
    value: &'a mut Option<Value>,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for TextOrValue<'_, D> {
    type Error = D::Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(
            name,
            TextOrValue {
                inner: visitor,
                value: self.value,
            },
        )
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        option unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for TextOrValue<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    /// Deserializers without text treat the request like any newtype.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        *self.value = Some(Value::deserialize(value)?);
        Err(de::Error::custom("the deserializer has no text"))
    }

    fn visit_map<A: MapAccess<'de>>(self, properties: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(TextOrValue {
            inner: properties,
            value: self.value,
        })
    }
}

/// A key that is borrowed from the text where possible.
#[derive(Deserialize)]
#[serde(transparent)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// The text is the only entry of a map of serde_json, under a key that the visitor expects. Any other
/// map is the value itself, also one that a server sent with this key: its text may not be JSON.
/// Only the name of the type tells them apart.
impl<'de, A: MapAccess<'de>> MapAccess<'de> for TextOrValue<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let mut object: Vec<(String, Value)> = Vec::new();
        if let Some(Key(key)) = self.inner.next_key()? {
            let expected: Result<_, A::Error> = seed.deserialize(key.as_ref().into_deserializer());
            if expected.is_ok() && type_name::<A>().contains("serde_json::raw::") {
                return expected.map(Some);
            }
            object.push((key.into_owned(), self.inner.next_value()?));
        }
        while let Some(property) = self.inner.next_entry()? {
            object.push(property);
        }
        *self.value = Some(object.into_iter().collect());
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(seed)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        let are_equal = || Some(self.to_value().ok()? == other.to_value().ok()?);
        self.as_str() == other.as_str() || are_equal().unwrap_or(false)
    }
}

impl PartialEq<Value> for Json {
    fn eq(&self, other: &Value) -> bool {
        self.to_value().is_ok_and(|value| value == *other)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
