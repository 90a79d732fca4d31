//! Maintenance commands of this repository: `cargo xtask --help`.

#![forbid(unsafe_code)]

mod build_cost;
mod doctor;
mod spec;

use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use clap::{Parser, Subcommand};
use openai_assistants_codegen::{self as codegen, Module, Options, document};

/// Names the document that the crate is built from.
const DOCUMENT: &str = "ASSISTANTS_OPENAPI";

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
    /// Print the source that the crate is built from
    Generate {
        /// A canonical document, instead of the one that the crate has
        document: Option<PathBuf>,
        /// Print the typed mocks instead of the client
        #[arg(long)]
        mocks: bool,
        /// Print what the example `doctor` knows of the document instead
        #[arg(long, conflicts_with = "mocks")]
        doctor: bool,
        /// Print what goes to the module `v1`
        #[arg(long)]
        v1: bool,
    },
    /// Build a client from a document and try it against a validating mock of the document
    ///
    /// The document is imported below `target`, and `openapi.yaml` stays as it is. The
    /// example `doctor` calls every operation, once for each seed.
    Doctor {
        /// A complete OpenAPI 3.0 or 3.1 document of any date, or an imported one
        #[arg(default_value_os_t = default_output())]
        document: PathBuf,
        /// How many sets of random answers to try
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
        seeds: u32,
    },
    /// Measure what the crate costs to compile and adds to a binary, beside async-openai
    ///
    /// Prints a table of medians, and writes them to `target/build-cost.json`. A round takes
    /// two clean builds; other work on the machine shows in the figures.
    BuildCost {
        /// How often both are built in turn
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
}

#[derive(Subcommand)]
enum Spec {
    /// Cut the Assistants API out of a complete OpenAPI document and write it in canonical form
    ///
    /// Names, types, values and limits are taken from DOCUMENT. Descriptions are
    /// kept from the document that is replaced, or else taken from `openapi.yaml`;
    /// what has none is listed.
    Import {
        /// A complete OpenAPI 3.0 or 3.1 document, YAML or JSON
        document: PathBuf,
        /// The canonical document to write
        #[arg(long, value_name = "PATH", default_value_os_t = default_output())]
        output: PathBuf,
    },
    /// Tell what is different in an upstream document, and what of it breaks callers
    ///
    /// Nothing is written. Descriptions are not compared: this project has its own.
    /// Exits with 0 if nothing is different, 1 if something is, and 2 if a document
    /// cannot be used.
    Diff {
        /// A complete OpenAPI 3.0 or 3.1 document of any date, or an imported one
        document: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
        /// The document to compare with
        #[arg(long, value_name = "PATH", default_value_os_t = default_output())]
        from: PathBuf,
    },
}

/// What a command prints, and how it exits.
struct Outcome {
    text: String,
    code: u8,
}

impl From<String> for Outcome {
    fn from(text: String) -> Self {
        Self { text, code: 0 }
    }
}

/// What a command reports when it fails, and how it exits. Without a word to the
/// contrary that is 1; clap exits with 2 when it does not understand a command.
struct Failure {
    text: String,
    code: u8,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, code: 1 }
    }
}

fn default_output() -> PathBuf {
    root().join("openapi.yaml")
}

/// The top of the repository that Cargo runs this command for, from whatever folder.
fn root() -> PathBuf {
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    xtask
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .unwrap_or_default()
}

/// The Cargo that runs this command.
fn cargo() -> process::Command {
    process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Puts what could not be done before the reason.
fn says<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}

fn main() -> ExitCode {
    let (code, text) = match run(Command::parse()) {
        Ok(Outcome { text, code }) => (code, text),
        Err(Failure { text, code }) => {
            eprintln!("error: {text}");
            return ExitCode::from(code);
        }
    };
    // Whoever closed the pipe has seen enough.
    let _ = write!(std::io::stdout(), "{text}");
    ExitCode::from(code)
}

fn run(command: Command) -> Result<Outcome, Failure> {
    let text = match command {
        Command::Spec(Spec::Import { document, output }) => {
            spec::import::run(&document, &output, &default_output())
                .map_err(|error| error.to_string())?
                .to_string()
        }
        Command::Spec(Spec::Diff {
            document,
            json,
            from,
        }) => return diff(&from, &document, json),
        Command::Generate {
            document,
            mocks,
            doctor,
            v1,
        } => {
            let source = generate(document, v1)?;
            match (mocks, doctor) {
                (true, _) => source.mocks,
                (_, true) => source.smoke_test,
                _ => source.client,
            }
        }
        Command::Doctor { document, seeds } => doctor::run(&root(), &document, seeds)?,
        Command::BuildCost { rounds } => build_cost::run(&root(), rounds)?,
    };
    Ok(text.into())
}

/// As with `diff` and `grep`, 1 is an answer, so that a failure is 2.
fn diff(from: &Path, document: &Path, json: bool) -> Result<Outcome, Failure> {
    let report = spec::diff::run(from, document).map_err(|error| Failure {
        text: error.to_string(),
        code: 2,
    })?;
    Ok(Outcome {
        text: if json {
            format!("{:#}\n", report.json())
        } else {
            report.to_string()
        },
        code: report.is_drift().into(),
    })
}

fn generate(document: Option<PathBuf>, v1: bool) -> Result<codegen::Source, String> {
    let (module, own) = match v1 {
        true => (Module::V1, "openapi-v1.yaml"),
        false => (Module::Root, "openapi.yaml"),
    };
    let path = document.unwrap_or_else(|| root().join(own));
    let document = document::read(&path).map_err(|error| error.to_string())?;
    let source = codegen::generate(
        &document,
        Options {
            module,
            mocks: true,
        },
    )
    .map_err(|error| error.in_file(&path).to_string())?;
    eprintln!("{} schemas", source.compatibility.schemas.len());
    for unmet in &source.compatibility.unmet {
        let feature = unmet.feature.map(|name| format!("feature `{name}`: "));
        let kind = if unmet.is_fatal { "error" } else { "warning" };
        eprintln!("{kind}: {}{}", feature.unwrap_or_default(), unmet.message);
    }
    Ok(source)
}
