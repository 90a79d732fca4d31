//! Maintenance commands of this repository: `cargo xtask --help`.

#![forbid(unsafe_code)]

#[path = "../../build/document.rs"]
mod document;
mod spec;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Maintenance commands of this repository"
)]
enum Command {
    /// Work with the OpenAPI document
    #[command(subcommand)]
    Spec(Spec),
}

#[derive(Subcommand)]
enum Spec {
    /// Cut the Assistants API out of a complete OpenAPI document and write it in canonical form
    ///
    /// Names, types, values and limits are taken from DOCUMENT. Descriptions are
    /// kept from the document that is replaced; what has none is listed.
    Import {
        /// A complete OpenAPI 3.0 or 3.1 document, YAML or JSON
        document: PathBuf,
        /// The canonical document to write
        #[arg(long, value_name = "PATH", default_value_os_t = default_output())]
        output: PathBuf,
    },
}

/// `openapi.yaml` at the top of the repository that Cargo runs this command for,
/// from whatever folder.
fn default_output() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = xtask
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf);
    root.unwrap_or_default().join("openapi.yaml")
}

fn main() -> ExitCode {
    let Command::Spec(Spec::Import { document, output }) = Command::parse();
    match spec::import::run(&document, &output) {
        Ok(summary) => {
            // Whoever closed the pipe has seen enough.
            let _ = write!(std::io::stdout(), "{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
