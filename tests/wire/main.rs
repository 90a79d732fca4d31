//! The behavior of the client on the wire: bytes sent, bytes received, values returned.
//!
//! The tests talk to a scripted server, which sends exact bytes, and use a manual clock, so that
//! waits take no time.

#![cfg(assistants_document = "openapi.yaml")]

mod client;
mod errors;
#[cfg(feature = "files")]
mod files;
mod http;
mod mock_objects;
mod runs;
mod secrets;
mod spans;
mod streams;
mod support;
#[cfg(feature = "tools")]
mod tools;
#[cfg(feature = "v1")]
mod v1;
