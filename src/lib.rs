//! A client for the OpenAI Assistants API v2 and the servers that implement it.
//!
//! [`types`] and [`operations`] are generated from `openapi.yaml` when the crate is built, and
//! [`Client`] has a method for each operation. A handwritten layer adds credentials, retries, typed
//! errors, pagination, event streams, run polling and tool calls.
//!
//! # A call
//!
//! Every method of [`Client`] returns a request builder. `send` returns the response body,
//! `send_response` a [`Response`] with status, headers and request ID.
//!
//! ```no_run
//! use openai_assistants::Client;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let client = Client::from_env()?;
//! let thread = client.create_thread().send().await?;
//! client
//!     .create_message()
//!     .thread_id(&thread.id)
//!     .with(|message| message.role("user").content("What is 2 + 2?"))
//!     .send()
//!     .await?;
//! let outcome = client
//!     .create_run()
//!     .thread_id(&thread.id)
//!     .with(|run| run.assistant_id("asst_1"))
//!     .follow()
//!     .outcome()
//!     .await?
//!     .into_completed()?;
//! println!("{}", outcome.text());
//! # Ok(())
//! # }
//! ```
//!
//! [`Follow`] polls the run until it is terminal or requires action. Lists have `items` and `pages`
//! ([`Items`], [`Pages`]), which fetch further pages on demand. Failed attempts are retried by the
//! [`RetryPolicy`]; an [`Error`] states what failed and what to do. [`Client::request`] calls
//! endpoints that are not in the document.
//!
//! # A stream
//!
//! [`EventStream`] yields the events of a run. It also converts to a stream of only the text, or to
//! a [`RunStream`] that accumulates messages and steps.
//!
//! ```no_run
//! # use openai_assistants::types::CreateRunRequest;
//! # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
//! let events = client
//!     .create_run()
//!     .thread_id("thread_1")
//!     .body(CreateRunRequest::builder().assistant_id("asst_1"))
//!     .stream()
//!     .await?;
//! let mut texts = events.text_deltas();
//! while let Some(delta) = texts.try_next().await? {
//!     print!("{delta}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Tools
//!
//! A tool is an async function. It takes one argument, whose type defines the JSON Schema.
//!
//! ```no_run
//! # #[cfg(feature = "tools")]
//! # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
//! use openai_assistants::ToolSet;
//! use openai_assistants::types::{CreateAssistantRequest, CreateRunRequest};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! /// Returns the weather in a city.
//! #[derive(Deserialize, JsonSchema)]
//! struct GetWeather {
//!     /// Name of the city.
//!     city: String,
//! }
//!
//! let tools = ToolSet::builder()
//!     .function(|arguments: GetWeather| async move {
//!         Ok::<_, String>(format!("12 °C in {}", arguments.city))
//!     })
//!     .build()?;
//! let assistant = client
//!     .create_assistant()
//!     .body(CreateAssistantRequest::builder().model("gpt-4o").tools(tools.definitions()))
//!     .send()
//!     .await?;
//! let outcome = client
//!     .create_run()
//!     .thread_id("thread_1")
//!     .body(CreateRunRequest::builder().assistant_id(&assistant.id))
//!     .follow()
//!     .tools(&tools)
//!     .outcome()
//!     .await?
//!     .into_completed()?;
//! println!("{}", outcome.text());
//! # Ok(())
//! # }
//! ```
//!
//! # A test
//!
//! With the feature `mock`, [httpmock](https://docs.rs/httpmock) has a typed method for each
//! operation.
//!
//! ```
//! # #[cfg(feature = "mock")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! use httpmock::MockServer;
//! use openai_assistants::mock::{self, MockServerExt};
//! use openai_assistants::{Client, Credentials};
//!
//! let server = MockServer::start_async().await;
//! let mocked = server.get_thread(|when, then| {
//!     when.thread_id("thread_1");
//!     then.ok(&mock::thread());
//! });
//!
//! let client = Client::builder()
//!     .base_url(server.base_url())
//!     .credentials(Credentials::none())
//!     .build()?;
//! client.get_thread().thread_id("thread_1").send().await?;
//! mocked.assert();
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! ```
//!
//! # Guides
//!
//! - [Recipes](guides::recipes): a web handler, a chat that survives broken streams
//! - [Migration](guides::migration) from the Python client and from async-openai
//! - [Servers](guides::servers): Azure OpenAI, Foundry, self-hosted servers, gateways, raw calls
//! - [What is retried, and what that can cost](guides::retries)
//! - [Runs and streams](guides::runs_and_streams): following, streaming, interruptions, lists
//! - [Tools](guides::tools): function calling and structured output
//! - [Tracing](guides::tracing): spans with the names of OpenTelemetry's conventions
//! - [Testing](guides::testing): typed mocks and the fake server
//! - [Regenerating](guides::regenerating): building from another OpenAPI document
//! - [Dialects](guides::dialects): types and methods for the additions of a server
//! - [Files](guides::files): uploads, downloads, vector stores
//! - [Performance](guides::performance): measurements, and where the time goes
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `rustls` | yes | TLS by rustls with aws-lc, as in other crates on reqwest |
//! | `tools` | yes | tools from Rust functions, structured output; sets `preserve_order` of serde_json |
//! | `rustls-ring` | | TLS by rustls with ring, unless the program installs another provider |
//! | `native-tls` | | TLS by the library of the operating system, which then is reqwest's default |
//! | `http2` | | HTTP/2, where the server supports it; see [connections](guides::retries#connections) |
//! | `files` | | files and vector stores: upload, download, waiting until files are indexed |
//! | `mock` | | typed mocks of every operation, and objects to start from |
//! | `foundry` | | additions of Foundry Agents (classic): tools, their calls in run steps, approvals, the list of threads |
//! | `v1` | | version 1 of the API, with its own client, types and mocks |

// Tests and doctests use the types of `openapi.yaml`, so another document has no such tests.
#![cfg(any(not(any(test, doctest)), assistants_document = "openapi.yaml"))]
#![forbid(unsafe_code)]
#![deny(missing_docs, unreachable_pub)]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The document decides these, not the user: documentation must not show them as requirements.
#![cfg_attr(
    docsrs,
    doc(auto_cfg(hide(
        assistants_document = "openapi.yaml",
        assistants_schema = "CreateMessageContentPart",
        assistants_schema = "DeleteMessageResponse",
        assistants_schema = "MessageContentRefusalObject",
        assistants_schema = "ResponseFormatJsonSchema",
        assistants_schema = "RunToolCallMcp",
        assistants_schema = "VectorStoreFileBatchObject",
    )))
)]

// First, so that the documentation of `Client` lists the operations first. The blank line keeps
// rustfmt from sorting it.
pub mod operations;

mod client;
mod error;
#[cfg(all(feature = "files", assistants_schema = "VectorStoreFileBatchObject"))]
mod files;
#[cfg(assistants_schema = "RunToolCallMcp")]
mod foundry;
#[cfg(any(doc, doctest))]
pub mod guides;
mod http;
mod json;
#[cfg(feature = "mock")]
pub mod mock;
mod run;
mod sse;
#[cfg(feature = "tools")]
mod tools;
pub mod types;
#[cfg(feature = "v1")]
pub mod v1;

pub use ::http::{HeaderMap, Method, StatusCode};
pub use client::builder::ClientBuilder;
pub use client::core::Client;
#[cfg(feature = "files")]
pub use client::download::Download;
pub use client::once::ONCE_KEY;
pub use client::operation::{Operation, StreamingOperation};
pub use client::pagination::{Items, List, Page, Pages};
pub use client::raw::{RawEvent, RawRequest};
pub use client::raw_page::{RawList, RawPage};
pub use error::core::{Error, Result};
pub use error::kind::ErrorKind;
#[cfg(all(feature = "files", assistants_schema = "VectorStoreFileBatchObject"))]
pub use files::index_files::{AddsFiles, BatchId, FileIds, IndexFiles, Uploads};
#[cfg(all(feature = "files", assistants_schema = "VectorStoreFileBatchObject"))]
pub use files::{
    indexed::{Indexed, NotUploaded},
    vector_store::VectorStore,
};
pub use http::clock::{Clock, Sleep, SystemClock};
pub use http::credentials::{Credentials, TokenProvider};
#[cfg(feature = "files")]
pub use http::form::Form;
pub use http::operation_info::OperationInfo;
pub use http::request::Request;
pub use http::response::Response;
pub use http::retry_policy::RetryPolicy;
pub use http::service::{CallInfo, HttpRequest, HttpResponse, HttpService};
pub use http::size_limits::SizeLimits;
#[cfg(feature = "files")]
pub use http::upload::{Progress, Upload};
pub use json::extra::Extra;
pub use json::malformed_item::MalformedItem;
pub use json::raw::Json;
pub use json::secret::Secret;
pub use json::timestamp::Timestamp;
pub use run::follow::Follow;
pub use run::outcome::RunOutcome;
pub use run::stream::{RunStream, RunTextDeltas};
pub use run::tool_call::ToolCall;
pub use run::until_idle::UntilIdle;
pub use sse::run_state::RunState;
pub use sse::stream::{EventStream, StreamEvent};
pub use sse::text::TextDeltas;
pub use sse::text_delta::TextDelta;
#[cfg(feature = "tools")]
pub use tools::context::ToolContext;
#[cfg(feature = "tools")]
pub use tools::failure::{OnToolFailure, ToolError, ToolErrorKind};
#[cfg(all(feature = "tools", assistants_schema = "ResponseFormatJsonSchema"))]
pub use tools::response_format::response_format;
#[cfg(feature = "tools")]
pub use tools::structured::Parsed;
#[cfg(feature = "tools")]
pub use tools::tool::Tool;
#[cfg(feature = "tools")]
pub use tools::tool_set::{ToolSet, ToolSetBuilder};

/// Compiles the code blocks of the README as doctests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
