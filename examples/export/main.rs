//! Exports the objects of a server to JSON lines, and restores them on another.
//!
//! ```text
//! cargo run --example export --features files -- FOLDER [--threads FILE]
//! cargo run --example export --features files -- FOLDER --restore
//! ```
//!
//! The server is that of the environment: `examples/local/environment.rs` lists the variables for OpenAI and
//! compatible servers, Azure OpenAI and Foundry, and for additional headers. `--threads` names a file with the
//! IDs of threads, one in a line, for a server that does not list them. Both commands continue after they were
//! interrupted. A folder is a snapshot: objects that were exported are not exported again. `ids.jsonl` maps
//! old to new IDs; remove it to restore on a further server.

mod archive;
mod bodies;
#[path = "../local/environment.rs"]
mod environment;
mod exporter;
#[cfg(test)]
#[path = "../local/fake_client.rs"]
mod fake_client;
#[cfg(test)]
mod file_tests;
mod ids;
mod report;
mod restore;
mod source;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use openai_assistants::Client;

use archive::Archive;
use environment::Dialect;
use exporter::Exporter;
use report::Report;
use source::Source;

const USAGE: &str = "usage: export FOLDER [--threads FILE | --restore]";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let Err(error) = run(&arguments, environment::variable).await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

/// Runs the command that the arguments name, with the server that the variables name.
async fn run(
    arguments: &[&str],
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), Box<dyn Error>> {
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {pos} of {len}, {elapsed}")?;
    let bar = ProgressBar::no_length().with_style(style);
    let report = &mut Report::new(bar);
    let client = || client(&variable);
    let summary = match *arguments {
        [folder] if !folder.starts_with('-') => {
            export(&client()?, Path::new(folder), None, report).await?
        }
        [folder, "--threads", file] => {
            let ids = fs::read_to_string(file)?;
            let ids = ids.lines().map(str::trim).filter(|id| !id.is_empty());
            let ids = ids.map(str::to_owned).collect();
            export(&client()?, Path::new(folder), Some(ids), report).await?
        }
        [folder, "--restore"] => {
            let count = restore::restore(&client()?, Path::new(folder), report).await?;
            format!("{count} objects were created")
        }
        _ => return Err(USAGE.into()),
    };
    report.bar.finish_and_clear();
    println!("{summary}");
    match report.problems.len() {
        0 => Ok(()),
        count => Err(format!("{count} problems, see above").into()),
    }
}

/// Returns a client for the server of the environment.
fn client(variable: impl Fn(&str) -> Option<String>) -> Result<Client, Box<dyn Error>> {
    let dialect = environment::dialect(&variable)?.unwrap_or(Dialect::OpenAi);
    Ok(environment::builder(dialect, variable).build()?)
}

/// Exports what the archive does not have yet. Returns what it has then.
async fn export(
    client: &Client,
    folder: &Path,
    threads: Option<Vec<String>>,
    report: &mut Report,
) -> Result<String, Box<dyn Error>> {
    let source = Source::open(folder, client.base_url())?;
    let Source { base_url, started } = &source;
    report.note(&format!("snapshot of {base_url}, started {started}"));
    Exporter::new(client, &source, Archive::open(folder)?, report)
        .run(threads)
        .await?;
    let mut counts = BTreeMap::<String, usize>::new();
    for line in archive::read(folder)?.lines {
        let (parent, list) = line.list.rsplit_once('/').unwrap_or_default();
        match list {
            // A file in a vector store is not a further file.
            "files" if !parent.is_empty() => {}
            "content" => report.problem(format!("{parent}: its content is not exported")),
            list => *counts.entry(list.to_owned()).or_default() += 1,
        }
    }
    let counts = counts.iter().map(|(list, count)| format!("{count} {list}"));
    let counts: Vec<String> = counts.collect();
    Ok(format!("{}: {}", folder.display(), counts.join(", ")))
}
