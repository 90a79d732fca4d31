//! Complete runs, against typed mocks, against the stateful fake server, and against both.

#![cfg(assistants_document = "openapi.yaml")]

mod both;
mod fake;
mod mocks;
#[path = "../shared_clock/mod.rs"]
mod shared_clock;

use openai_assistants::Client;
use openai_assistants::operations::CreateRun;
use openai_assistants::types::CreateRunRequest;

/// The operation that creates a run.
fn create_run(client: &Client, thread_id: &str, assistant_id: &str) -> CreateRun {
    client
        .create_run()
        .thread_id(thread_id)
        .body(CreateRunRequest::builder().assistant_id(assistant_id))
}
