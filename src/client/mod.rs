//! The client: configuration, operations, pagination and raw calls.

pub(crate) mod base_url;
pub(crate) mod builder;
mod constants;
pub(crate) mod core;
#[cfg(feature = "files")]
pub(crate) mod download;
pub(crate) mod environment;
mod http_settings;
mod middleware;
pub(crate) mod once;
pub(crate) mod operation;
pub(crate) mod pagination;
pub(crate) mod preset;
mod proxy;
pub(crate) mod raw;
pub(crate) mod raw_page;
#[cfg(feature = "files")]
mod replacement;
