//! Typed mocks of the operations of version 1 (features `mock` and `v1`).
//!
//! As in [`mock`](crate::mock), [`MockServerExt`] adds a method for each operation to the server of
//! httpmock. The mocks match only requests of version 1, by their header
//! `OpenAI-Beta: assistants=v1`. There are no ready-made objects: create them with
//! `serde_json::from_value`.
//!
//! # Examples
//!
//! ```
//! use httpmock::MockServer;
//! use openai_assistants::v1::mock::MockServerExt;
//! use openai_assistants::v1::types::MessageFileObject;
//! use openai_assistants::{Client, Credentials};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::start_async().await;
//! let file: MessageFileObject =
//!     serde_json::from_value(json!({"id": "file_1", "message_id": "msg_1", "created_at": 1}))?;
//! server.get_message_file(|when, then| {
//!     when.message_id("msg_1").file_id("file_1");
//!     then.ok(&file);
//! });
//!
//! let client = Client::builder()
//!     .base_url(server.base_url())
//!     .credentials(Credentials::bearer("any"))
//!     .build()?
//!     .v1();
//! let call = client.get_message_file().thread_id("thread_1").message_id("msg_1");
//! assert_eq!(call.file_id("file_1").send().await?, file);
//! # Ok(())
//! # }
//! ```

pub use generated::{MockServerExt, operations};

#[allow(
    missing_docs,
    unused_imports,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/mocks_v1.rs"));
}
