//! Classifies events, unwraps envelopes, and deserializes the data of events.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};
use serde_json::value::RawValue;

use crate::error::core::{Error, Result};
use crate::error::server_error::is_error;
use crate::json::object::Object;
use crate::json::{lenient, path, size};
use crate::sse::parser::SseEvent;

/// Deserializes the data of an event.
pub(crate) fn deserialize<T: DeserializeOwned>(name: &str, data: &str) -> Result<T> {
    size::check(data)
        .and_then(|()| lenient::from_str(data))
        .map_err(|error| decode_error(name, data, error))
}

/// Deserializes the object of an event. Some servers send an error within a delta, whose
/// properties are all optional.
pub(crate) fn deserialize_object<T>(name: &str, data: &str) -> Result<Box<T>>
where
    T: DeserializeOwned + Object,
{
    let object: Box<T> = deserialize(name, data)?;
    let error = object.extra().get("error");
    if error.is_some_and(|error| !error.is_null()) && name.ends_with(".delta") {
        let error = serde_json::Error::custom("it has an `error`");
        return Err(decode_error(name, data, error));
    }
    Ok(object)
}

fn decode_error(name: &str, data: &str, error: serde_json::Error) -> Error {
    let path = path::path_of(&error, data.as_bytes());
    Error::event(name, data, &path, error)
}

/// The role of an event in its stream.
pub(super) enum EventClass {
    /// The end of the stream.
    Done,
    /// An error of the server, which ends the stream too.
    Error,
    Other,
}

impl EventClass {
    /// Classifies an event. In an undocumented stream an unnamed event may be anything.
    pub(super) fn of(event: &SseEvent<'_>, is_documented: bool) -> Self {
        match &*event.name {
            // No JSON starts like this, and servers differ in the name of the event.
            _ if event.data.starts_with("[DONE]") => Self::Done,
            "done" => Self::Done,
            "error" => Self::Error,
            "" if is_error(&event.data, is_documented) => Self::Error,
            _ => Self::Other,
        }
    }
}

/// Whether data is certainly complete: `[DONE]`, or JSON that does not end with a number or word.
pub(super) fn is_whole(data: &str) -> bool {
    data.starts_with("[DONE]")
        || data.trim_start().starts_with(['{', '[', '"'])
            && serde_json::from_str::<IgnoredAny>(data).is_ok()
}

/// Unwraps an unnamed event from its envelope. Gateways and Astra Assistants send
/// `{"event": …, "data": …}` as its data.
pub(super) fn unwrap_envelope<'a>(event: &'a SseEvent<'_>) -> Option<SseEvent<'a>> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        #[serde(borrow)]
        data: &'a RawValue,
    }

    let may_be_wrapped = event.data.trim_start().starts_with('{');
    let envelope = may_be_wrapped.then(|| serde_json::from_str(&event.data));
    let Envelope { event: name, data } = envelope?.ok()?;
    // Without data the envelope itself is the object.
    let data = match data.get() {
        "null" => &event.data,
        data => data,
    };
    Some(SseEvent {
        name,
        data: Cow::Borrowed(data),
    })
}
