//! A stateful in-memory server of the OpenAI Assistants API v2, for tests, demos and
//! development.
//!
//! It implements the 44 operations of `openapi.yaml`, with runs that change status and stream events, and with file
//! search in uploaded files. A
//! [`Model`] produces the turns of the assistant: [`Echo`], a [`Script`], or your own. The
//! server can inject faults into its responses ([`Fault`]).
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
//! let client = server.client(); // an openai_assistants::Client of this server
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
//! The same server is a program for clients in any language. The README describes it.

#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]

// Sorted by layer: a module imports only from the modules above it. The blank lines
// prevent rustfmt from sorting them by name.
mod api_error;

mod clock;

mod random;

mod record;

mod ids;

mod spec;

mod model;

mod store;

mod engine;

mod operations;

mod http;

mod builder;

pub use builder::{Fake, FakeBuilder};
pub use clock::SkippingClock;
pub use http::exchange::Exchange;
pub use http::fake_service::FakeService;
pub use http::fault::{Fault, FaultError, RetryAfter};
pub use http::server::Server;
pub use model::conversation::{Conversation, ConversationMessage, Model, ToolOutput};
pub use model::echo::Echo;
pub use model::passage::Passage;
pub use model::script::Script;
pub use model::script_file::ScriptError;
pub use model::turn::{FailureCode, IncompleteReason, Reply, Turn};
pub use record::recorder::{Recorded, Recorder};
pub use record::replay::Replay;
#[cfg(feature = "program")]
pub use record::upstream::Upstream;

/// Compiles the code in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
