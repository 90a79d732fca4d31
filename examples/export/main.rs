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
//! interrupted. `ids.jsonl` maps old to new IDs; remove it to restore on a further server.

mod archive;
mod bodies;
#[cfg(test)]
mod file_tests;
mod ids;
mod restore;
#[cfg(test)]
mod tests;
mod walk;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use openai_assistants::{Client, Credentials};

use archive::Archive;
use walk::Walk;

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
    match arguments[..] {
        [folder] if !folder.starts_with('-') => {
            export(&client()?, Path::new(folder), None, &bar).await
        }
        [folder, "--threads", file] => {
            let ids = fs::read_to_string(PathBuf::from(file))?;
            let ids = ids.lines().map(str::trim).filter(|id| !id.is_empty());
            let ids = ids.map(str::to_owned).collect();
            export(&client()?, Path::new(folder), Some(ids), &bar).await
        }
        [folder, "--restore"] => {
            let count = restore::restore(&client()?, Path::new(folder), &bar).await?;
            bar.finish_and_clear();
            println!("{count} objects were created");
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}

fn client() -> openai_assistants::Result<Client> {
    match env::var("PROJECT_ENDPOINT") {
        Ok(endpoint) if !endpoint.is_empty() => {
            let token = env::var("OPENAI_API_KEY").unwrap_or_default();
            let builder = Client::builder().foundry(endpoint, "v1");
            builder.credentials(Credentials::bearer(token)).build()
        }
        _ => Client::from_env(),
    }
}

async fn export(
    client: &Client,
    folder: &Path,
    threads: Option<Vec<String>>,
    bar: &ProgressBar,
) -> Result<(), Box<dyn Error>> {
    let mut archive = Archive::open(folder)?;
    let mut walk = Walk {
        client,
        archive: &mut archive,
        bar,
    };
    let missing = walk.run(threads).await?;
    bar.finish_and_clear();
    for list in missing {
        println!("the server has no list of {list}");
    }
    println!("{} is complete", folder.display());
    Ok(())
}
