//! The server of the examples: that of the environment, or else a scripted fake server.

pub mod fake_client;

use std::env;
use std::error::Error;
use std::time::Duration;

use openai_assistants::{Client, ClientBuilder};
use openai_assistants_fake::{Fake, Script, Server};

use fake_client::FakeClient;

/// The pause between two events of a run, so that the text visibly arrives in pieces.
const PACE: Duration = Duration::from_millis(50);

/// Returns a client, and the fake server if that is used. Dropping it stops the server.
pub async fn client(script: Script) -> Result<(Client, Option<Server>), Box<dyn Error>> {
    if env::var_os("OPENAI_BASE_URL").is_some_and(|url| !url.is_empty()) {
        return Ok((
            headers()
                .fold(Client::builder().env(), with_header)
                .build()?,
            None,
        ));
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

/// The lines of `OPENAI_HEADERS`, such as `x-team=maths`.
fn headers() -> impl Iterator<Item = String> {
    let lines = env::var("OPENAI_HEADERS").unwrap_or_default();
    let lines: Vec<String> = lines.lines().map(str::to_owned).collect();
    lines.into_iter().filter(|line| !line.trim().is_empty())
}

pub fn with_header(builder: ClientBuilder, line: String) -> ClientBuilder {
    let (name, value) = line.split_once('=').unwrap_or((&line, ""));
    builder.header(name.trim(), value.trim())
}
