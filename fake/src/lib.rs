//! A server of the OpenAI Assistants API v2 that keeps everything in memory, for tests,
//! demos and development.
//!
//! It has all operations with their real semantics, and runs that go through their states
//! and stream their events. What the assistant says comes from a [`Model`]: an [`Echo`], a
//! [`Script`], or one of your own. Faults come on demand ([`Fault`]).
//!
//! ```
//! use openai_assistants::types::{CreateAssistantRequest, CreateThreadAndRunRequest};
//! use openai_assistants_fake::{Fake, Script};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Fake::builder()
//!     .model(Script::new().say("Hello").call("get_weather", json!({ "city": "Oslo" })).say("12 °C"))
//!     .start()
//!     .await?;
//! let client = server.client(); // an openai_assistants::Client that points at it
//!
//! let assistant = client
//!     .create_assistant()
//!     .body(CreateAssistantRequest::builder().model("gpt-4o"))
//!     .send()
//!     .await?;
//! let outcome = client
//!     .create_thread_and_run()
//!     .body(CreateThreadAndRunRequest::builder().assistant_id(&assistant.id))
//!     .follow()
//!     .outcome()
//!     .await?;
//! assert_eq!(outcome.text(), "Hello");
//! # Ok(())
//! # }
//! ```
//!
//! The program does the same for any language: see the README.

#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]

mod access;
mod app;
mod builder;
mod check;
mod clock;
mod document;
mod echo;
mod events;
mod exchange;
mod failure;
mod faults;
mod ids;
mod length;
mod machine;
mod message;
mod model;
mod operations;
mod page;
mod plan;
mod query;
mod random;
mod run;
mod sample;
mod schema;
mod script;
mod script_file;
mod serve;
mod server;
mod service;
mod shelf;
mod store;
mod stream;
mod stub;
mod turn;
mod validate;

pub use builder::{Fake, FakeBuilder};
pub use clock::SkippingClock;
pub use echo::Echo;
pub use exchange::Exchange;
pub use faults::{Fault, FaultError, RetryAfter};
pub use model::{Conversation, Model, Output, Said};
pub use script::Script;
pub use script_file::ScriptError;
pub use server::Server;
pub use turn::{FailureCode, IncompleteReason, Reply, Turn};

/// The code in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
