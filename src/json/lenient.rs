//! Deserializes JSON that does not match its type, and contains each failure in its part.
//!
//! [`from_str`] first deserializes the text directly. Only if that fails, it does so again in
//! lenient mode. There each part is deserialized from its own text, which is still at hand when
//! its type does not match: a malformed member of a union becomes its unknown variant, a
//! malformed property is kept in `extra`, a malformed item of a page is set aside.
//!
//! The mode is a thread-local variable, since serde passes no state to nested types. Both modes
//! use the same deserializer, so no type is compiled twice.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

use crate::json::raw::Json;
use crate::json::surrogates;

thread_local! {
    /// How many parts are being deserialized inside each other. Zero in strict mode.
    static PARTS: Cell<usize> = const { Cell::new(0) };
}

/// How many parts may be inside each other. The types of the document need about ten.
const MAX_PARTS: usize = 32;

/// How deep a part that cannot be a [`Value`] is searched for. Each level is parsed once more.
const MAX_DEPTH: usize = 8;

/// Deserializes JSON text, with contained failures if it does not match the type.
pub(crate) fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).or_else(|error| again(text, error))
}

#[cold]
fn again<T: DeserializeOwned>(text: &str, error: Error) -> Result<T, Error> {
    let text = surrogates::replace_unpaired(text);
    let Ok(raw) = serde_json::from_str::<&RawValue>(&text) else {
        return Err(error);
    };
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(_) => text,
        Err(_) => parse(raw, MAX_DEPTH).to_string().into(),
    };
    part(&text, PhantomData::<T>).map_err(|lenient| {
        // The first error has a position, but may be about a part that can be contained.
        let is_same = reason(&lenient).ends_with(&reason(&error));
        if is_same { error } else { lenient }
    })
}

/// Whether failures are contained.
#[inline]
pub(crate) fn is_lenient() -> bool {
    PARTS.get() > 0
}

/// Deserializes the text of a part in lenient mode.
pub(crate) fn part<'de, S: DeserializeSeed<'de>>(
    text: &'de str,
    seed: S,
) -> Result<S::Value, Error> {
    struct Leave;

    impl Drop for Leave {
        fn drop(&mut self) {
            PARTS.set(PARTS.get() - 1);
        }
    }

    if PARTS.get() == MAX_PARTS {
        return Err(Error::custom("recursion limit exceeded"));
    }
    PARTS.set(PARTS.get() + 1);
    let _leave = Leave;
    seed.deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// The reason of an error without its position, which is that in a part.
pub(crate) fn reason(error: &Error) -> String {
    let mut text = error.to_string();
    if error.line() > 0
        && let Some(at) = text.rfind(" at line ")
    {
        text.truncate(at);
    }
    text
}

/// Returns the value of a part.
pub(crate) fn value(json: &Json) -> Value {
    json.to_value().unwrap_or_else(|_| json.as_str().into())
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
            let object: Value = properties
                .map(|(name, value)| (name, part(value)))
                .collect();
            // serde_json reserves some names, under which it expects only its own values.
            let is_readable = serde_json::from_str::<Value>(&object.to_string()).is_ok();
            if is_readable { object } else { text.into() }
        } else {
            Value::from(text)
        }
    })
}
