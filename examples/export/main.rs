//! Exports the objects of a server to JSON lines, and restores them on another.
//!
//! ```text
//! cargo run --example export --features files -- FOLDER [--threads FILE]
//! cargo run --example export --features files -- FOLDER --restore
//! ```
//!
//! The server is that of the environment, see `Client::from_env`, or with `PROJECT_ENDPOINT` a project of Foundry,
//! with a token in `OPENAI_API_KEY`. `--threads` names a file with the IDs of
//! threads, one in a line, for a server that does not list them. Both commands continue after they were
//! interrupted. A folder is a snapshot: objects that were exported are not exported again. `ids.jsonl` maps
//! old to new IDs; remove it to restore on a further server.

mod archive;
mod bodies;
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
use openai_assistants::{Client, Credentials};

use archive::Archive;
use exporter::Exporter;
use report::Report;
use source::Source;

const USAGE: &str = "usage: export FOLDER [--threads FILE | --restore]";

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let style = ProgressStyle::with_template("{spinner} {wide_bar} {pos} of {len}, {elapsed}")?;
    let bar = ProgressBar::no_length().with_style(style);
    let report = &mut Report::new(bar);
    let client = || client(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let summary = match arguments[..] {
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
    let endpoint = variable("PROJECT_ENDPOINT").or_else(|| variable("AZURE_AI_PROJECT_ENDPOINT"));
    let Some(endpoint) = endpoint else {
        return Ok(Client::from_env()?);
    };
    if variable("OPENAI_BASE_URL").is_some() {
        let text =
            "the endpoint of a Foundry project and OPENAI_BASE_URL are both set: unset one of them";
        return Err(text.into());
    }
    let token = variable("OPENAI_API_KEY").unwrap_or_default();
    let builder = Client::builder().foundry(endpoint, "v1");
    Ok(builder.credentials(Credentials::bearer(token)).build()?)
}

/// Exports what the archive does not have yet. Returns what it has then.
async fn export(
    client: &Client,
    folder: &Path,
    threads: Option<Vec<String>>,
    report: &mut Report,
) -> Result<String, Box<dyn Error>> {
    let source = Source::open(folder, client.base_url())?;
    let date = source.started;
    report.note(&format!("snapshot of {}, started {date}", source.base_url));
    Exporter::new(client, Archive::open(folder)?, report)
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
