//! Where the examples send their calls: to the server that the environment names, or to a
//! fake one in this process, whose assistant does what a script says.

use std::env;
use std::error::Error;
use std::time::Duration;

use openai_assistants::Client;
use openai_assistants_fake::{Fake, Script, Server};

/// From one event of a run to the next: somebody is to see the words come one by one.
const PACE: Duration = Duration::from_millis(50);

/// A client, and the fake server if it is that which is asked: it runs for as long as this
/// value lives.
pub async fn client(script: Script) -> Result<(Client, Option<Server>), Box<dyn Error>> {
    if env::var_os("OPENAI_BASE_URL").is_some_and(|url| !url.is_empty()) {
        return Ok((Client::from_env()?, None));
    }
    if !cfg!(assistants_document = "openapi.yaml") {
        return Err(
            "this client is built from another document than the fake server: name a \
                    server in OPENAI_BASE_URL, or run `cargo xtask doctor`"
                .into(),
        );
    }
    println!("OPENAI_BASE_URL is not set: talking to a fake server in this process.\n");
    let server = Fake::builder().model(script).pace(PACE).start().await?;
    Ok((server.client(), Some(server)))
}
