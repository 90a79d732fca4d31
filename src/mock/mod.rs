//! Typed mocks of every operation, and ready-made objects (feature `mock`).
//!
//! For tests of programs that use this crate. [`MockServerExt`] adds a method for each operation to
//! the server of httpmock. [`run()`], [`message()`] and the other functions return valid objects
//! whose fields a test changes as needed. [`requires_action()`], [`tool_call()`], [`tool_calls_step()`],
//! [`annotated_text()`], [`outcome()`] and [`refusal()`] build objects that are cumbersome or impossible to
//! construct by hand.
//!
//! # Examples
//!
//! ```
//! use httpmock::MockServer;
//! use openai_assistants::mock::{self, MockServerExt};
//! use openai_assistants::types::RunStatus;
//! use openai_assistants::{Client, Credentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let server = MockServer::start_async().await;
//! let mut run = mock::run();
//! run.status = RunStatus::Completed;
//! let get_run = server.get_run(|when, then| {
//!     when.thread_id("thread_1").run_id("run_1");
//!     then.ok(&run);
//! });
//!
//! let client = Client::builder()
//!     .base_url(server.base_url())
//!     .credentials(Credentials::bearer("any"))
//!     .build()?;
//! let response = client.get_run().thread_id("thread_1").run_id("run_1").send().await?;
//!
//! assert_eq!(response.status, RunStatus::Completed);
//! get_run.assert();
//! # Ok(())
//! # }
//! ```
//!
//! If several mocks match a request, the first one responds, up to its limit of responses. With
//! that a run changes its status from poll to poll:
//!
//! ```
//! use std::time::Duration;
//! use httpmock::MockServer;
//! use openai_assistants::mock::{self, MockServerExt};
//! use openai_assistants::types::{CreateRunRequest, RunStatus};
//! use openai_assistants::{Client, Credentials, ToolSet};
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Add {
//!     a: i64,
//!     b: i64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let server = MockServer::start_async().await;
//! server.create_run(|_, then| drop(then.ok(&mock::run())));
//! let calls = mock::requires_action(&[("call_1", "add", r#"{"a": 1, "b": 2}"#)]);
//! for run in [mock::run_in(RunStatus::InProgress), calls] {
//!     server.get_run(|_, then| drop(then.ok(&run).into_inner().up_to_n_times(1)));
//! }
//! server.get_run(|_, then| drop(then.ok(&mock::run_in(RunStatus::Completed))));
//! let submission = server.submit_tool_outputs_to_run(|when, then| {
//!     when.into_inner().body_includes(r#""output":"3""#);
//!     then.ok(&mock::run());
//! });
//!
//! let client = Client::builder()
//!     .base_url(server.base_url())
//!     .credentials(Credentials::bearer("any"))
//!     .build()?;
//! let tools = ToolSet::builder()
//!     .function(|numbers: Add| async move { Ok::<_, String>(numbers.a + numbers.b) })
//!     .build()?;
//! let run = client
//!     .create_run()
//!     .thread_id("thread_1")
//!     .body(CreateRunRequest::builder().assistant_id("asst_1"))
//!     .follow()
//!     .tools(&tools)
//!     .interval(Duration::ZERO)
//!     .wait()
//!     .await?;
//! assert_eq!(run.status, RunStatus::Completed);
//! submission.assert();
//! # Ok(())
//! # }
//! ```
//!
//! The default interval between two polls is one second. A test that cannot set
//! [`interval`](crate::Follow::interval) can have the mock send
//! `then.ok(&run).into_inner().header("openai-poll-after-ms", "1")`, or give the client a
//! [`clock`](crate::ClientBuilder::clock) whose sleeps end immediately, like the one in the example
//! of [`Clock`](crate::Clock).
//!
//! A mock of a stream responds with events:
//!
//! ```
//! use httpmock::MockServer;
//! use openai_assistants::mock::{self, MockServerExt};
//! use openai_assistants::types::{AssistantStreamEvent, CreateRunRequest, RunStatus};
//! use openai_assistants::{Client, Credentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> openai_assistants::Result<()> {
//! let server = MockServer::start_async().await;
//! let mut run = mock::run();
//! run.status = RunStatus::Completed;
//! server.create_run(|when, then| {
//!     when.streamed();
//!     then.events(&[
//!         AssistantStreamEvent::ThreadRunCreated(mock::run().into()),
//!         AssistantStreamEvent::ThreadMessageDelta(mock::message_delta("2 + 2 = 4").into()),
//!         AssistantStreamEvent::ThreadRunCompleted(run.into()),
//!         AssistantStreamEvent::Done,
//!     ]);
//! });
//!
//! let client = Client::builder()
//!     .base_url(server.base_url())
//!     .credentials(Credentials::bearer("any"))
//!     .build()?;
//! let body = CreateRunRequest::builder().assistant_id("asst_1");
//! let events = client.create_run().thread_id("thread_1").body(body).stream().await?;
//! let mut texts = events.text_deltas();
//! assert_eq!(texts.try_next().await?.as_deref(), Some("2 + 2 = 4"));
//! # Ok(())
//! # }
//! ```

#[cfg(all(feature = "files", assistants_schema = "VectorStoreFileBatchObject"))]
mod files;
mod objects;

#[cfg(all(feature = "files", assistants_schema = "VectorStoreFileBatchObject"))]
pub use files::*;
pub use generated::{MockServerExt, operations};
pub use objects::*;

#[allow(
    missing_docs,
    unused_imports,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/mocks.rs"));
}

/// Serializes an event as a server-sent event.
pub(crate) fn event(name: &str, data: serde_json::Result<String>) -> String {
    let data = data.expect("the event can be serialized");
    let lines = data.split('\n').map(|line| format!("data: {line}\n"));
    format!("event: {name}\n{}\n", lines.collect::<String>())
}
