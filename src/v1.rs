//! Version 1 of the Assistants API: its types, operations and mocks. Feature `v1`.
//!
//! Generated from `openapi-v1.yaml`, the last state of version 1. Self-hosted servers such
//! as open-assistant-api still speak it. Assistants and messages have `file_ids` here, and
//! operations to attach and list files; the tool that searches them is called `retrieval`.
//!
//! Settings, credentials, retries, errors, pages and streams are those of the whole crate.
//! Only following a run is left to the caller here, by [`get_run`](Client::get_run) or along
//! its events.
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

use std::fmt;

#[cfg(feature = "mock")]
pub mod mock;

#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    reason = "generated from the document"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/client_v1.rs"));
}

pub use generated::{operations, types};

/// A client of version 1. Each operation of it is a method.
///
/// Made by [`Client::v1`](crate::Client::v1), whose connections and settings it shares. It
/// is cheap to clone.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, v1};
///
/// let client = Client::builder().api_key("sk-test").build()?;
/// let client = v1::Client::from(&client);
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone)]
pub struct Client(crate::Client);

impl From<&crate::Client> for Client {
    fn from(client: &crate::Client) -> Self {
        Self(crate::Client::new(
            client.config().for_beta(generated::BETA),
        ))
    }
}

/// What does not depend on the version, such as [`request`](crate::Client::request). It
/// sends the header of version 1.
impl AsRef<crate::Client> for Client {
    fn as_ref(&self) -> &crate::Client {
        &self.0
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("v1::Client").field(&self.0).finish()
    }
}
