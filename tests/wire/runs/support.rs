//! Responses and requests of a followed run.

use openai_assistants::operations::CreateRun;
use openai_assistants::{Client, Follow};

use crate::support::{ScriptedServer, create_run, json_response, run, run_event};

/// Follows a new run.
pub fn follow(client: &Client) -> Follow<CreateRun> {
    create_run(client).follow()
}

/// The event of a completed run.
pub fn completed() -> String {
    run_event(&run("completed"))
}

/// The response to the cancellation of a run.
pub fn cancelling() -> String {
    json_response(&run("cancelling"))
}

/// Whether the client has cancelled the run.
pub fn is_cancelled(server: &ScriptedServer) -> bool {
    let lines = server.request_lines();
    lines.iter().any(|line| line.ends_with("/run_1/cancel"))
}
