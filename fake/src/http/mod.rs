//! The HTTP server: routing, authentication, validation, faults, streams and connections.

mod access;
pub(crate) mod app;
pub(crate) mod exchange;
pub(crate) mod fake_service;
pub(crate) mod fault;
pub(crate) mod fault_rules;
mod form;
mod foundry;
pub(crate) mod serve;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod shutdown;
mod sse;
mod stream;
mod stub;
mod validate;
