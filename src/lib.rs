//! Client for the OpenAI Assistants API v2 and the servers that speak it.
//!
//! The models ([`types`]) and the operations ([`operations`]) are generated from
//! `openapi.yaml` when the crate is built; [`Client`] has a method for each operation.
//! What is handwritten around them is small: credentials, retries, errors, lists, and the
//! life of a run ([`Follow`], [`EventStream`], tools). The README shows all of it.
//!
//! ```no_run
//! use openai_assistants::types::{CreateMessageRequest, CreateRunRequest, MessageRole};
//! use openai_assistants::Client;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let client = Client::from_env()?;
//! let thread = client.create_thread().send().await?;
//! client
//!     .create_message()
//!     .thread_id(&thread.id)
//!     .body(CreateMessageRequest::builder().role(MessageRole::User).content("What is 2 + 2?"))
//!     .send()
//!     .await?;
//! let outcome = client
//!     .create_run()
//!     .thread_id(&thread.id)
//!     .body(CreateRunRequest::builder().assistant_id("asst_1"))
//!     .follow()
//!     .outcome()
//!     .await?;
//! println!("{}: {}", outcome.run.status, outcome.text());
//! # Ok(())
//! # }
//! ```

// The tests are for `openapi.yaml`: built from another document there are none.
#![cfg(any(not(any(test, doctest)), assistants_document = "openapi.yaml"))]
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod client;
mod clock;
mod codec;
mod config;
#[cfg_attr(
    not(assistants_schema = "AssistantStreamEvent"),
    allow(dead_code, reason = "nothing grows where nothing streams")
)]
mod delta;
mod error;
#[cfg(feature = "foundry")]
pub mod foundry;
mod json;
mod json_path;
mod message;
#[cfg(feature = "mock")]
pub mod mock;
mod object;
mod operation;
mod pagination;
mod raw;
mod retry;
#[cfg_attr(
    not(assistants_schema = "AssistantStreamEvent"),
    allow(dead_code, reason = "a part of it is for streams")
)]
mod run;
mod stream;
#[cfg(test)]
mod testing;
mod timestamp;
mod tls;
#[cfg(feature = "tools")]
mod tools;
mod transport;
#[cfg(feature = "v1")]
pub mod v1;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/client.rs"));
    include!(concat!(env!("OUT_DIR"), "/constants.rs"));
}

pub use auth::{Credentials, TokenProvider};
pub use client::Client;
pub use clock::{Clock, Sleep, SystemClock};
pub use config::ClientBuilder;
pub use error::{Error, Result};
pub use generated::{operations, types};
pub use http::Method;
pub use json::Json;
pub use operation::{Operation, OperationInfo, Request, Response, StreamingOperation};
pub use pagination::{Items, List, Page, Pages};
pub use raw::{RawEvent, RawRequest};
pub use retry::RetryPolicy;
pub use run::{Follow, RunOutcome, ToolCall, UntilIdle};
#[cfg(assistants_schema = "AssistantStreamEvent")]
pub use run::{RunStream, RunTextDeltas};
pub use stream::{EventStream, RunState, StreamEvent, TextDeltas};
pub use timestamp::Timestamp;
#[cfg(all(feature = "tools", assistants_schema = "ResponseFormatJsonSchema"))]
pub use tools::response_format;
#[cfg(feature = "tools")]
pub use tools::{
    OnFailure, Parsed, Tool, ToolContext, ToolError, ToolErrorKind, ToolSet, ToolSetBuilder,
};

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
