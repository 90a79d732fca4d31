//! Tools from Rust functions, their schemas, and structured output.

pub(crate) mod context;
pub(crate) mod execute;
pub(crate) mod failure;
mod handler;
mod naming;
#[cfg(assistants_schema = "ResponseFormatJsonSchema")]
pub(crate) mod response_format;
mod schema;
pub(crate) mod structured;
pub(crate) mod tool;
pub(crate) mod tool_set;
