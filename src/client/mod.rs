//! The client: configuration, operations, pagination and raw calls.

pub(crate) mod base_url;
pub(crate) mod builder;
mod constants;
pub(crate) mod core;
pub(crate) mod environment;
mod http_settings;
pub(crate) mod once;
pub(crate) mod operation;
pub(crate) mod pagination;
pub(crate) mod preset;
pub(crate) mod raw;
