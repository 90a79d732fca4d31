//! The OpenAPI document: operations, JSON schemas, sample values and response checks.

pub(crate) mod check;
pub(crate) mod document;
mod json_schema;
pub(crate) mod sample;
