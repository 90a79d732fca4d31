//! Run-time benchmarks of the crate against another client and a lower bound.
//!
//! `cargo run --release -p bench` measures every row, prints a table, and writes the figures
//! to `target/bench.json` and a chart to `docs/performance.svg`. The server and every measurement run in separate
//! processes, which `report` starts.
//!
//! - peer: async-openai, in its last version with Assistants
//! - generated: openai-client-base, which openapi-generator generates from the same document
//! - floor: the minimum that any client has to do

#![forbid(unsafe_code)]

mod chart;
mod client;
mod floor;
#[cfg(feature = "generated")]
mod generated;
mod measure;
mod ours;
mod payload;
mod peer;
mod report;
mod row;
mod server;
mod usage;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["serve"] => server::serve().await.map_err(|error| error.to_string()),
        ["measure", row, client, port] => measure::print_usage(row, client, port).await,
        rows => report::run(rows),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
