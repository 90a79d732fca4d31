//! Checks what a server of the API can and cannot do.
//!
//! Calls every operation of the document, checks the behavior of the server, prints a line for each
//! call and check, and a summary in words. It exits with 1 if anything failed. It modifies and deletes
//! only what it created itself, and deletes all of that in the end.
//!
//! If the server refuses a body, it is sent again with fewer optional properties, and the summary
//! names those that the server refuses. A missing route is told from an unknown object.
//!
//! Set `OPENAI_BASE_URL` and `OPENAI_API_KEY` to select the server; `examples/local/environment.rs` lists the
//! variables for Azure OpenAI and Foundry, and for additional headers. Operations that only Foundry has are
//! called on Foundry. The default is a fake server in this process, if the client is built from `openapi.yaml`.
//! Further variables:
//!
//! - `OPENAI_MODEL`: the model.
//! - `OPENAI_FILE_ID`: a file, for documents with operations on files. It is only read.
//! - `DOCTOR_WAIT`: how many seconds to wait until a run requires action (30 by default).
//! - `DOCTOR_CHECKS=none`: makes each call once and checks no behavior. For mocks without state.
//! - `DOCTOR_BODIES=full`: sends every documented property with a valid value. For servers that
//!   validate requests without acting on them.

mod bodies;
mod checks;
mod checkup;
mod document;
#[path = "../local/mod.rs"]
mod local;
mod objects;
mod options;
mod refusal;
mod report;
mod routes;
mod streams;
#[cfg(all(test, assistants_document = "openapi.yaml"))]
mod tests;

use std::cmp::Reverse;
use std::error::Error;
use std::process::ExitCode;

use openai_assistants_fake::{IncompleteReason, Reply, Script, Turn};
use serde_json::json;

use checkup::Checkup;
use document::{CALLS, Call};
use local::environment::{self, Dialect};
use options::Options;

/// The feature of the operations that only Foundry has.
const FOUNDRY: &str = "foundry";

#[tokio::main]
async fn main() -> ExitCode {
    match check().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Checks the server of the environment. Returns whether nothing has failed.
async fn check() -> Result<bool, Box<dyn Error>> {
    let (client, _server) = local::client(script()).await?;
    println!("server: {}", client.base_url());
    let mut options = Options::from_env();
    let dialect = environment::dialect(environment::variable)?;
    // A mock without state has all of the document.
    if !options.stateless && dialect != Some(Dialect::Foundry) {
        options.left_out = Some(FOUNDRY);
    }
    Ok(run(&mut Checkup::new(client, options)).await)
}

/// Makes all calls and checks. Returns whether nothing has failed.
async fn run(checkup: &mut Checkup) -> bool {
    let left_out = checkup.options.left_out;
    let calls = CALLS
        .iter()
        .filter(|call| call.feature.is_none() || call.feature != left_out);
    let (mut ends, mut others): (Vec<&Call>, Vec<&Call>) =
        calls.partition(|call| call.method == "DELETE");
    // A run is cancelled after all other calls on it.
    others.sort_by_key(|call| (call.path.ends_with("/cancel"), call.order()));
    for call in others {
        checkup.call(call).await;
        // The next calls act on the run, or on the thread once the run is terminal.
        if call.names == Some("run_id") && call.path.contains("{run_id}") {
            checkup.settle().await;
        }
        if checkup.is_hopeless() {
            checkup
                .report
                .line("skipped the other calls: check the URL and the key".to_owned());
            return checkup.report.close();
        }
    }
    if !checkup.options.stateless {
        checks::run(checkup).await;
    }
    streams::run(checkup).await;
    ends.sort_by_key(|call| Reverse(call.order()));
    for call in ends {
        checkup.delete(call).await;
    }
    checkup.report.close()
}

/// The turns of the fake assistant in each thread: a tool call, a reply, an incomplete reply.
fn script() -> Script {
    let reply = Reply::text("It is 12 °C【1】, see sandbox:/oslo.png.");
    let reply = reply
        .cite("【1】", "file-1")
        .path("sandbox:/oslo.png", "file-2");
    Script::new()
        .call("get_weather", json!({ "city": "Oslo" }))
        .turn(
            Turn::new()
                .search([("file-1", "oslo.txt", "Oslo has 12 °C.")])
                .run_code("plot(12)", "oslo.png")
                .say(reply),
        )
        .incomplete("It is still", IncompleteReason::MaxCompletionTokens)
}
