//! The types of requests and responses, generated from the schemas of `openapi.yaml`.

pub(crate) mod completion;
#[cfg(assistants_schema = "CreateMessageContentPart")]
mod content;
mod message;
pub(crate) mod run_status;
pub mod setters;

#[allow(
    missing_docs,
    unreachable_pub,
    nonstandard_style,
    unused_mut,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

pub use generated::*;
