//! Version 1 of the Assistants API: types, operations and mocks (feature `v1`).
//!
//! Generated from `openapi-v1.yaml`, the last revision of version 1, which self-hosted servers such
//! as open-assistant-api still implement. In this version assistants and messages have `file_ids`,
//! there are operations to attach and list files, and the tool that searches files is called
//! `retrieval`.
//!
//! Settings, credentials, retries, errors, pagination and streams are those of the root module.
//! `follow` is not available: poll a run with [`get_run`](Client::get_run), or read its events.
//!
//! # Examples
//!
//! ```no_run
//! use openai_assistants::Client;
//! use openai_assistants::v1::types::{CreateMessageRequest, CreateRunRequest, MessageRole};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let client = Client::from_env()?.v1();
//! let thread = client.create_thread().send().await?;
//! let question = CreateMessageRequest::builder()
//!     .role(MessageRole::User)
//!     .content("What does the report say?")
//!     .file_ids(["file_1"]);
//! client.create_message().thread_id(&thread.id).body(question).send().await?;
//! let run = CreateRunRequest::builder().assistant_id("asst_1");
//! let events = client.create_run().thread_id(&thread.id).body(run).stream().await?;
//! let mut texts = events.text_deltas();
//! while let Some(text) = texts.try_next().await? {
//!     print!("{text}");
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod constants;
#[cfg(feature = "mock")]
pub mod mock;

/// The types of requests and responses of version 1.
#[allow(
    missing_docs,
    unreachable_pub,
    nonstandard_style,
    unused_mut,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
pub mod types {
    include!(concat!(env!("OUT_DIR"), "/types_v1.rs"));
}

/// Request builders, one for each operation of version 1.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
pub mod operations {
    include!(concat!(env!("OUT_DIR"), "/operations_v1.rs"));
}

pub use client::Client;
