//! The versions of the API that are compiled, and what the tests have to know of each.

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
    /// What `OpenAI-Beta` says.
    pub beta: &'static str,
    pub document: Document,
    pub contracts: Vec<Contract>,
    /// The file of these contracts.
    pub rows: &'static str,
    /// What the crate says that it has.
    pub operations: &'static [&'static OperationInfo],
    pub mocks: Vec<(&'static str, Mock)>,
    /// An object of the schema of that name, if events carry it.
    pub event_data: fn(&str) -> Option<Value>,
    pub decode_event: fn(&str, &str) -> Result<Told, Error>,
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
    /// Every event that the document names.
    pub fn events(&self) -> Vec<NamedEvent<'_>> {
        let events = self.document.events().map(|(name, schema)| NamedEvent {
            name,
            schema,
            data: match Document::name(schema) {
                Some(schema) => (self.event_data)(schema)
                    .unwrap_or_else(|| panic!("`event_data` of {} lacks {schema}", self.beta)),
                None => schema["enum"][0].clone(),
            },
        });
        events.collect()
    }
}

/// An event that the document names, and data for it.
pub struct NamedEvent<'a> {
    pub name: &'a str,
    pub schema: &'a Value,
    pub data: Value,
}

/// The type that a version has for its events.
pub trait Event: StreamEvent {
    fn told(&self) -> Told;
}

/// What a caller learns from an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub name: String,
    pub data: Value,
    /// Whether there is a type for its data.
    pub is_typed: bool,
}

impl Told {
    fn new(name: &str, data: serde_json::Result<String>, is_typed: bool) -> Self {
        let data = data.expect("the data can be written");
        Self {
            name: name.to_owned(),
            data: serde_json::from_str(&data).unwrap_or(Value::String(data)),
            is_typed,
        }
    }
}

impl Event for types::AssistantStreamEvent {
    fn told(&self) -> Told {
        let is_typed = !matches!(self, Self::Unknown { .. });
        Told::new(self.event(), self.data(), is_typed)
    }
}

#[cfg(feature = "v1")]
impl Event for openai_assistants::v1::types::AssistantStreamEvent {
    fn told(&self) -> Told {
        let is_typed = !matches!(self, Self::Unknown { .. });
        Told::new(self.event(), self.data(), is_typed)
    }
}

fn decode<E: Event>(name: &str, data: &str) -> Result<Told, Error> {
    E::decode(name, data).map(|event| event.told())
}

/// Data of an event as it is on the wire: JSON, or a word such as `[DONE]`.
pub fn on_the_wire(data: &Value) -> String {
    data.as_str()
        .map_or_else(|| data.to_string(), str::to_owned)
}
