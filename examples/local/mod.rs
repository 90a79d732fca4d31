//! The server of the examples: that of the environment, or else a scripted fake server.

pub mod environment;
pub mod fake_client;

use std::error::Error;
use std::time::Duration;

use openai_assistants::Client;
use openai_assistants_fake::{Fake, Script, Server};

use environment::variable;
use fake_client::FakeClient;

/// The pause between two events of a run, so that the text visibly arrives in pieces.
const PACE: Duration = Duration::from_millis(50);

/// Returns a client, and the fake server if that is used. Dropping it stops the server.
pub async fn client(script: Script) -> Result<(Client, Option<Server>), Box<dyn Error>> {
    if let Some(dialect) = environment::dialect(variable)? {
        let client = environment::builder(dialect, variable).build()?;
        return Ok((client, None));
    }
    if !cfg!(assistants_document = "openapi.yaml") {
        return Err(
            "the client is built from another document than the fake server: set \
                    OPENAI_BASE_URL, or run `cargo xtask conformance`"
                .into(),
        );
    }
    println!("OPENAI_BASE_URL is not set: using a fake server in this process.\n");
    let server = Fake::builder().model(script).pace(PACE).start().await?;
    Ok((server.client(), Some(server)))
}
