//! The properties of a JSON object, read one by one into the fields of a struct.
//!
//! Unknown properties are kept, and in lenient mode malformed ones too.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::{fmt, mem};

use serde::Deserializer;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Error as _, MapAccess, Visitor,
};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::json::buffered::{Buffered, Scalar};
use crate::json::extra::Extra;
use crate::json::lenient;
use crate::json::malformed_item::MalformedItem;
use crate::json::raw::Json;
use crate::json::rule::{By, NullAsDefault, Rule};
use crate::json::scalar::{self, StringEnum};
use crate::json::untagged::MaybeString;

/// The properties of an object that have not been read yet.
pub(crate) struct Properties<'de, A> {
    access: A,
    /// Whether malformed properties are kept.
    is_lenient: bool,
    /// Whether the next value is buffered, or has to be in case that it is malformed.
    is_buffered: bool,
    /// Whether there are properties in front of the tag of a union. They are read first.
    has_before: bool,
    /// The first of them, if it is a scalar: usually an index or an ID.
    first: Option<(&'de str, Scalar<'de>)>,
    /// What most objects do not have.
    unusual: Option<Box<Unusual<'de>>>,
}

#[derive(Default)]
struct Unusual<'de> {
    /// The others in front of the tag, the last one first.
    before: SmallVec<[(Cow<'de, str>, Buffered<'de>); 1]>,
    /// The value of the last key, if it was in front of the tag.
    value: Option<Buffered<'de>>,
    /// The last key, if it is unknown.
    key: String,
    /// Unknown and malformed properties.
    extra: Extra,
    /// Why properties are malformed.
    malformed: Vec<(&'static str, String)>,
}

impl<'de, A: MapAccess<'de>> Properties<'de, A> {
    pub(crate) fn new(access: A) -> Self {
        let is_lenient = lenient::is_lenient();
        Self {
            access,
            is_lenient,
            is_buffered: is_lenient,
            has_before: false,
            first: None,
            unusual: None,
        }
    }

    /// Reads the tag of a union, and sets the properties in front of it aside.
    pub(crate) fn tag(&mut self, name: &'static str) -> Result<Option<MaybeString<'de>>, A::Error> {
        while let Some(key) = self.access.next_key_seed(KeyExcept(name))? {
            match key {
                None => {
                    self.reverse_before();
                    return self.access.next_value().map(Some);
                }
                Some(key) => self.push_before(key)?,
            }
        }
        self.reverse_before();
        Ok(None)
    }

    /// Puts the tag back in front of the other properties: the member has a field for it.
    #[allow(dead_code, reason = "a document may have no such union")]
    pub(crate) fn push_tag(&mut self, name: &'static str, tag: &str) {
        let tag = Buffered::Json(Value::from(tag).into());
        self.has_before = true;
        self.unusual().before.insert(0, (Cow::Borrowed(name), tag));
    }

    fn reverse_before(&mut self) {
        if let Some(unusual) = &mut self.unusual {
            unusual.before.reverse();
        }
    }

    fn push_before(&mut self, key: Cow<'de, str>) -> Result<(), A::Error> {
        let is_first = !mem::replace(&mut self.has_before, true);
        match (key, self.access.next_value()?) {
            (Cow::Borrowed(key), Buffered::Scalar(value)) if is_first => {
                self.first = Some((key, value));
            }
            property => self.unusual().before.push(property),
        }
        Ok(())
    }

    /// Reads the next key. Returns the index of its field, `None` for an unknown property.
    #[inline(always)]
    pub(crate) fn next(
        &mut self,
        field: fn(&str) -> Option<usize>,
    ) -> Result<Option<Option<usize>>, A::Error> {
        if self.has_before
            && let Some(field) = self.next_before(field)
        {
            return Ok(Some(field));
        }
        let unusual = &mut self.unusual;
        self.access.next_key_seed(Key { field, unusual })
    }

    #[inline(never)]
    fn next_before(&mut self, field: fn(&str) -> Option<usize>) -> Option<Option<usize>> {
        let key = if let Some((key, _)) = self.first {
            Cow::Borrowed(key)
        } else if let Some(unusual) = &mut self.unusual
            && let Some((key, value)) = unusual.before.pop()
        {
            unusual.value = Some(value);
            key
        } else {
            self.has_before = false;
            return None;
        };
        self.is_buffered = true;
        let field = field(&key);
        if field.is_none() {
            self.unusual().key = key.into_owned();
        }
        Some(field)
    }

    fn unusual(&mut self) -> &mut Unusual<'de> {
        self.unusual.get_or_insert_default()
    }

    /// Deserializes the value of the property.
    pub(crate) fn set<R: Rule<T>, T>(
        &mut self,
        property: &'static str,
        value: &mut Option<T>,
    ) -> Result<(), A::Error> {
        if self.is_buffered {
            return self.set_buffered::<R, T>(property, value);
        }
        if value.is_some() {
            return Err(de::Error::duplicate_field(property));
        }
        *value = Some(self.access.next_value_seed(By::<R, T>(PhantomData))?);
        Ok(())
    }

    #[cold]
    fn set_buffered<R: Rule<T>, T>(
        &mut self,
        property: &'static str,
        value: &mut Option<T>,
    ) -> Result<(), A::Error> {
        if value.is_some() && !self.is_lenient {
            return Err(de::Error::duplicate_field(property));
        }
        let buffered = self.buffered()?;
        *value = match buffered.deserialize(By::<R, T>(PhantomData), self.is_lenient) {
            Ok(part) => {
                self.forget(property);
                Some(part)
            }
            Err(error) => {
                self.contain(property, buffered, &error)?;
                None
            }
        };
        Ok(())
    }

    /// Forgets the value in `extra` of a property that is repeated.
    fn forget(&mut self, property: &str) {
        if let Some(unusual) = &mut self.unusual
            && !unusual.extra.is_empty()
        {
            unusual.extra.remove(property);
        }
    }

    fn buffered(&mut self) -> Result<Buffered<'de>, A::Error> {
        self.is_buffered = self.is_lenient;
        if let Some((_, value)) = self.first.take() {
            return Ok(Buffered::Scalar(value));
        }
        let before = self.unusual.as_mut();
        match before.and_then(|unusual| unusual.value.take()) {
            Some(value) => Ok(value),
            None => self.access.next_value().map(Buffered::Json),
        }
    }

    /// Deserializes the items of a page. In lenient mode malformed ones are set aside.
    pub(crate) fn items<T: DeserializeOwned>(
        &mut self,
        property: &'static str,
        items: &mut Option<Vec<T>>,
        malformed: &mut Vec<MalformedItem>,
    ) -> Result<(), A::Error> {
        if !self.is_lenient {
            return self.set::<NullAsDefault, _>(property, items);
        }
        let buffered = self.buffered()?;
        let parts = match buffered.deserialize(PhantomData::<Option<Vec<Json>>>, true) {
            Ok(parts) => parts.unwrap_or_default(),
            Err(error) => return self.contain(property, buffered, &error),
        };
        let items = items.get_or_insert_default();
        for (index, json) in parts.iter().enumerate() {
            match lenient::part(json.as_str(), PhantomData) {
                Ok(item) => items.push(item),
                Err(error) => malformed.push(MalformedItem {
                    index,
                    value: lenient::value(json),
                    reason: lenient::reason(&error),
                }),
            }
        }
        Ok(())
    }

    /// Reads a property that has one value. The type serializes it, so only another is kept.
    pub(crate) fn constant(
        &mut self,
        property: &'static str,
        expected: &str,
    ) -> Result<(), A::Error> {
        if self.is_buffered {
            let value = self.buffered()?.into_value();
            if value == expected {
                self.forget(property);
            } else {
                self.unusual().extra.insert(property.to_owned(), value);
            }
        } else {
            let unusual = &mut self.unusual;
            let constant = Constant {
                property,
                expected,
                unusual,
            };
            self.access.next_value_seed(constant)?;
        }
        Ok(())
    }

    /// Keeps the value of an unknown property.
    pub(crate) fn keep(&mut self) -> Result<(), A::Error> {
        let value = if self.is_buffered {
            self.buffered()?.into_value()
        } else {
            self.access.next_value()?
        };
        let unusual = self.unusual();
        unusual.extra.insert(mem::take(&mut unusual.key), value);
        Ok(())
    }

    /// In lenient mode, keeps the value of a malformed property.
    fn contain(
        &mut self,
        property: &'static str,
        buffered: Buffered<'de>,
        error: &serde_json::Error,
    ) -> Result<(), A::Error> {
        let reason = lenient::reason(error);
        if !self.is_lenient {
            return Err(A::Error::custom(format_args!("`{property}`: {reason}")));
        }
        let unusual = self.unusual();
        let value = buffered.into_value();
        unusual.extra.insert(property.to_owned(), value);
        unusual.malformed.push((property, reason));
        Ok(())
    }

    /// Returns the value of a property without which the object is useless.
    pub(crate) fn required<T>(
        &self,
        property: &'static str,
        value: Option<T>,
    ) -> Result<T, A::Error> {
        value.ok_or_else(|| self.missing(property))
    }

    #[cold]
    fn missing(&self, property: &'static str) -> A::Error {
        let malformed = self.unusual.iter().flat_map(|unusual| &unusual.malformed);
        match malformed.into_iter().find(|(name, _)| *name == property) {
            Some((_, reason)) => de::Error::custom(format_args!("`{property}`: {reason}")),
            None => de::Error::missing_field(property),
        }
    }

    /// Returns the value of a required property, where failures are contained or else a default.
    pub(crate) fn expected<T>(
        &self,
        property: &'static str,
        value: Option<T>,
        default: fn() -> Option<T>,
    ) -> Result<T, A::Error> {
        match value {
            Some(value) => Ok(value),
            None if self.is_lenient => self.required(property, default()),
            None => Err(self.missing(property)),
        }
    }

    /// Takes the unknown and malformed properties.
    pub(crate) fn take_extra(&mut self) -> Extra {
        match &mut self.unusual {
            Some(unusual) => mem::take(&mut unusual.extra),
            None => Extra::default(),
        }
    }

    /// Returns all properties in the order in which they were received.
    pub(crate) fn into_object(
        self,
        tag: Option<(&str, MaybeString<'_>)>,
    ) -> Result<Map<String, Value>, A::Error> {
        let mut object = Map::new();
        let first = self.first.into_iter();
        object.extend(first.map(|(key, value)| (key.to_owned(), value.into_value())));
        let before = self.unusual.map(|unusual| unusual.before);
        let before = before.into_iter().flatten().rev();
        object.extend(before.map(|(key, value)| (key.into_owned(), value.into_value())));
        object.extend(tag.map(|(key, value)| (key.to_owned(), value.into_value())));
        object.extend(Map::deserialize(MapAccessDeserializer::new(self.access))?);
        Ok(object)
    }
}

/// The default of a property whose type has one.
#[allow(clippy::unnecessary_wraps, reason = "it is an argument of `expected`")]
pub(crate) fn default<T: Default>() -> Option<T> {
    Some(T::default())
}

/// The default of a string enum.
#[allow(clippy::unnecessary_wraps, reason = "it is an argument of `expected`")]
pub(crate) fn unknown<T: StringEnum>() -> Option<T> {
    Some(scalar::unknown())
}

/// The default of a union or a struct: deserialized from null or an empty object.
pub(crate) fn nothing<T: DeserializeOwned>() -> Option<T> {
    let empty = |text| lenient::part(text, PhantomData).ok();
    empty("null").or_else(|| empty("{}"))
}

/// Deserializes a text, and keeps it if it is not the expected one.
struct Constant<'a, 'de> {
    property: &'static str,
    expected: &'a str,
    unusual: &'a mut Option<Box<Unusual<'de>>>,
}

impl<'de> DeserializeSeed<'de> for Constant<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Constant<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        if text != self.expected {
            keep_text(self.unusual, self.property, text);
        }
        Ok(())
    }
}

/// Most servers send the constants of the document.
#[cold]
fn keep_text(unusual: &mut Option<Box<Unusual<'_>>>, property: &str, text: &str) {
    let unusual = unusual.get_or_insert_default();
    unusual.extra.insert(property.to_owned(), text.into());
}

/// Most servers send no unknown properties.
#[cold]
fn keep_key(unusual: &mut Option<Box<Unusual<'_>>>, key: &str) {
    key.clone_into(&mut unusual.get_or_insert_default().key);
}

struct Key<'a, 'de> {
    field: fn(&str) -> Option<usize>,
    unusual: &'a mut Option<Box<Unusual<'de>>>,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: de::Error>(self, property: &str) -> Result<Self::Value, E> {
        let field = (self.field)(property);
        if field.is_none() {
            keep_key(self.unusual, property);
        }
        Ok(field)
    }
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
