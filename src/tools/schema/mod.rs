//! JSON Schemas of Rust types, and JSON that a model writes according to them.

mod fit;
pub(crate) mod generate;
mod keywords;
mod normalize;
pub(crate) mod normalized;
mod reference;
mod restore;
pub(crate) mod root;
mod strict;
mod type_fit;
mod unsupported;
