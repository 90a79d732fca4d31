//! What the crate costs at run time, beside the peer and beside the floor.
//!
//! `cargo run --release -p bench` measures every row and prints a table; the figures go to
//! `target/bench.json` as well. The server and each single measurement are processes of
//! their own: `report` starts them.
//!
//! - peer: async-openai, in its last version with Assistants
//! - floor: what any client has to do, by hand

#![forbid(unsafe_code)]

mod contender;
mod floor;
mod measure;
mod ours;
mod payload;
mod peer;
mod report;
mod row;
mod server;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["serve"] => server::serve().await.map_err(|error| error.to_string()),
        ["measure", row, who, port] => measure::print(row, who, port).await,
        rows => report::run(rows),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}
