//! The versions of the API that are compiled, with their documents and contracts.

use std::sync::LazyLock;

use openai_assistants::{Error, OperationInfo, StreamEvent, types};
use serde_json::Value;

use crate::contract::Contract;
use crate::document::Document;
use crate::mocks::{self, Mock};
use crate::{objects, operations};
#[cfg(feature = "v1")]
use crate::{objects_v1, operations_v1};

pub struct Version {
    /// The value of `OpenAI-Beta`.
    pub beta: &'static str,
    pub document: Document,
    pub contracts: Vec<Contract>,
    /// The file of these contracts.
    pub rows: &'static str,
    /// The operations that the crate lists.
    pub operations: &'static [&'static OperationInfo],
    pub mocks: Vec<(&'static str, Mock)>,
    /// Returns an object of the schema with this name, if it is the data of an event.
    pub event_data: fn(&str) -> Option<Value>,
    pub decode_event: fn(&str, &str) -> Result<ReceivedEvent, Error>,
}

pub fn versions() -> &'static [Version] {
    static VERSIONS: LazyLock<Vec<Version>> = LazyLock::new(|| {
        [
            v2(),
            #[cfg(feature = "v1")]
            v1(),
        ]
        .into()
    });
    &VERSIONS
}

fn v2() -> Version {
    Version {
        beta: "assistants=v2",
        document: Document::read("openapi.yaml"),
        contracts: operations::contracts(),
        rows: "tests/contract/operations.rs",
        operations: openai_assistants::operations::ALL,
        mocks: mocks::v2(),
        event_data: objects::event_data,
        decode_event: decode::<types::AssistantStreamEvent>,
    }
}

#[cfg(feature = "v1")]
fn v1() -> Version {
    Version {
        beta: "assistants=v1",
        document: Document::read("openapi-v1.yaml"),
        contracts: operations_v1::contracts(),
        rows: "tests/contract/operations_v1.rs",
        operations: openai_assistants::v1::operations::ALL,
        mocks: mocks::v1(),
        event_data: objects_v1::event_data,
        decode_event: decode::<openai_assistants::v1::types::AssistantStreamEvent>,
    }
}

impl Version {
    /// Returns every event of the document.
    pub fn events(&self) -> Vec<NamedEvent<'_>> {
        let events = self.document.events().map(|(name, schema)| NamedEvent {
            name,
            schema,
            data: match Document::name(schema) {
                Some(schema) => (self.event_data)(schema)
                    .unwrap_or_else(|| panic!("add {schema} to `event_data` of {}", self.beta)),
                None => schema["enum"][0].clone(),
            },
        });
        events.collect()
    }
}

/// An event of the document, with data for it.
pub struct NamedEvent<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub data: Value,
}

/// The event type of a version.
pub trait Event: StreamEvent {
    fn received(&self) -> ReceivedEvent;
}

/// An event as received by the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceivedEvent {
    pub name: String,
    pub data: Value,
    /// Whether its data has a type.
    pub is_typed: bool,
}

impl ReceivedEvent {
    fn new(name: &str, data: serde_json::Result<String>, is_typed: bool) -> Self {
        let data = data.expect("the data can be serialized");
        Self {
            name: name.to_owned(),
            data: serde_json::from_str(&data).unwrap_or(Value::String(data)),
            is_typed,
        }
    }
}

impl Event for types::AssistantStreamEvent {
    fn received(&self) -> ReceivedEvent {
        let is_typed = !matches!(self, Self::Unknown { .. });
        ReceivedEvent::new(self.event(), self.data(), is_typed)
    }
}

#[cfg(feature = "v1")]
impl Event for openai_assistants::v1::types::AssistantStreamEvent {
    fn received(&self) -> ReceivedEvent {
        let is_typed = !matches!(self, Self::Unknown { .. });
        ReceivedEvent::new(self.event(), self.data(), is_typed)
    }
}

fn decode<E: Event>(name: &str, data: &str) -> Result<ReceivedEvent, Error> {
    E::decode(name, data).map(|event| event.received())
}

/// The data of an event on the wire: JSON, or text such as `[DONE]`.
pub fn on_the_wire(data: &Value) -> String {
    data.as_str()
        .map_or_else(|| data.to_string(), str::to_owned)
}
