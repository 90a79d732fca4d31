//! A stateful in-memory server of the OpenAI Assistants API v2, for tests, demos and
//! development.
//!
//! It implements the 44 operations of `openapi.yaml`, with runs that change status and stream events, and with file
//! search in uploaded files. A
//! [`Model`] produces the turns of the assistant: [`Echo`], a [`Script`], or your own. The
//! server can inject faults into its responses ([`Fault`]).
//!
//! ```
//! use openai_assistants_fake::{Fake, Script};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let server = Fake::builder()
//!     .model(Script::new().say("Hello").call("get_weather", json!({ "city": "Oslo" })).say("12 °C"))
//!     .start()
//!     .await?;
//! // What a client of any language needs:
//! println!("OPENAI_BASE_URL={} OPENAI_API_KEY={}", server.url(), server.api_key());
//! # Ok(())
//! # }
//! ```
//!
//! The guide "Testing" of the crate `openai-assistants` has the same server with its client. The server is also a
//! program. The README describes it.

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
pub use clock::{Clock, SkippingClock};
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
