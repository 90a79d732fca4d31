//! The types of requests and responses, generated from the schemas of `openapi.yaml`.

mod message;
pub(crate) mod setters;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

pub use generated::*;
