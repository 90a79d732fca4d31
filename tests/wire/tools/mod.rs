//! Tools from Rust functions, and structured output.

mod arguments;
mod call;
mod concurrency;
mod definitions;
mod failures;
mod json_schemas;
mod nulls;
mod outputs;
mod response_format;
mod round_trip;
mod run_output;
mod schema;
mod support;
mod type_schemas;
