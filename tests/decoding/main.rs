//! Deserialization of generated types, timestamps and free-form JSON.

#![cfg(assistants_document = "openapi.yaml")]

mod free_form;
mod generated;
mod timestamp;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn parse<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the text matches the type")
}

fn serialized<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("the value can be serialized")
}
