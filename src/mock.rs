//! Typed mocks of every operation, and ready-made objects to answer with.
//!
//! Feature `mock`. For the tests of programs that use this crate, and for its own:
//! [`MockServerExt`] adds a method for each operation to httpmock's server, and
//! [`run()`], [`message()`] and the others are valid objects whose fields a test
//! sets as it needs.
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
//! let answer = client.get_run().thread_id("thread_1").run_id("run_1").send().await?;
//!
//! assert_eq!(answer.status, RunStatus::Completed);
//! get_run.assert();
//! # Ok(())
//! # }
//! ```

mod objects;

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
