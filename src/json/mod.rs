//! Deserialization of JSON, shared by all generated types and independent of the client.

pub(crate) mod buffered;
pub(crate) mod deep_merge;
pub(crate) mod extra;
pub(crate) mod lenient;
pub(crate) mod malformed_item;
pub(crate) mod merge;
pub(crate) mod object;
pub(crate) mod path;
pub(crate) mod properties;
pub(crate) mod raw;
pub(crate) mod rule;
pub(crate) mod scalar;
pub(crate) mod secret;
pub(crate) mod size;
pub(crate) mod surrogates;
pub(crate) mod tagged;
pub(crate) mod timestamp;
pub(crate) mod untagged;
pub(crate) mod utf8;
