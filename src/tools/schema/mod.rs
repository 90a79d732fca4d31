//! JSON Schemas of Rust types in the strict subset of the API.

pub(crate) mod arguments;
pub(crate) mod generate;
mod keywords;
mod reference;
pub(crate) mod root;
pub(crate) mod strict;
mod unsupported;
