//! Serializes events as server-sent events.

use bytes::Bytes;
use serde_json::Value;

use crate::store::event::Event;

pub(crate) const DONE: &str = "event: done\ndata: [DONE]\n\n";

pub(crate) fn serialize(event: &Event) -> Bytes {
    match event {
        Event::Object { name, data } => named(name, data),
        Event::Done => Bytes::from_static(DONE.as_bytes()),
    }
}

pub(crate) fn named(name: &str, data: &Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}
