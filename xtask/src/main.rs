//! Command line of the maintenance commands: `cargo xtask --help`.

#![forbid(unsafe_code)]

mod architecture;
mod build_cost;
mod conformance;
mod fuzz_seeds;
mod release;
mod workspace;

use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use openai_assistants_codegen::{self as codegen, Module, Options, document, features};
use serde_json::Value;

use workspace::{canonical_document, document_of, root};
use xtask::spec;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Maintenance commands of this repository"
)]
enum Command {
    /// Check the direction of imports, cycles and file sizes, and print them by layer
    ///
    /// ARCHITECTURE.md states the order of the layers. The exit code is 1 if a file breaks a
    /// rule.
    Architecture,
    /// Import or compare OpenAPI documents
    #[command(subcommand)]
    Spec(Spec),
    /// Print the generated source of the client
    Generate {
        /// A canonical document [default: the document of the crate]
        document: Option<PathBuf>,
        /// Print the typed mocks instead of the client
        #[arg(long)]
        mocks: bool,
        /// Print the source that the example `doctor` includes
        #[arg(long, conflicts_with = "mocks")]
        doctor: bool,
        /// Print the source of the module `v1`
        #[arg(long)]
        v1: bool,
        /// Cargo features that the document marks parts for, separated by commas [default: all]
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        features: Option<Vec<String>>,
    },
    /// Test a client generated from a document against a validating mock of the document
    ///
    /// Imports the document into `target`; `openapi.yaml` is not modified. The example
    /// `doctor` calls every operation, once per seed.
    Conformance {
        /// An upstream OpenAPI 3.0 or 3.1 document, or a canonical one
        #[arg(default_value_os_t = canonical_document())]
        document: PathBuf,
        /// An OpenAPI Overlay to apply; repeat it to apply several in order
        #[arg(long, value_name = "FILE")]
        overlay: Vec<PathBuf>,
        /// Number of seeds; each one produces different random responses
        #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
        seeds: u32,
    },
    /// Write the fixtures and recordings of this repository as inputs of the fuzz targets
    FuzzSeeds,
    /// Measure compile time and binary size, compared with async-openai
    ///
    /// Prints a table of medians and writes it to `target/build-cost.json`. Each round
    /// runs four clean builds. Other load on the machine affects the figures.
    BuildCost {
        /// Number of rounds
        #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
        rounds: u32,
    },
    /// Check that the packages can be released: manifests, changelog, links, dependencies, builds
    ///
    /// Publishes nothing. Prints the commands that do if all checks pass. The exit code is 1 if
    /// one fails.
    Release,
}

#[derive(Subcommand)]
enum Spec {
    /// Extract the Assistants API from an upstream document into a canonical document
    ///
    /// Names, types, values and limits come from DOCUMENT. Descriptions are kept from
    /// the existing output, or else copied from `openapi.yaml`, or else from DOCUMENT if
    /// it is canonical. Missing descriptions are listed.
    Import {
        /// An upstream OpenAPI 3.0 or 3.1 document, YAML or JSON
        document: PathBuf,
        /// An OpenAPI Overlay to apply; repeat it to apply several in order
        #[arg(long, value_name = "FILE")]
        overlay: Vec<PathBuf>,
        /// Print the document that overlays apply to, and write no files
        #[arg(long)]
        lowered: bool,
        /// The canonical document to write
        #[arg(long, value_name = "PATH", default_value_os_t = canonical_document())]
        output: PathBuf,
    },
    /// List the differences of an upstream document, breaking changes first
    ///
    /// Writes no files. Descriptions are not compared. The exit code is 0 without
    /// differences, 1 with differences, and 2 if a document is invalid.
    Diff {
        /// An upstream OpenAPI 3.0 or 3.1 document, or a canonical one
        document: PathBuf,
        /// An OpenAPI Overlay to apply to it; repeat it to apply several in order
        #[arg(long, value_name = "FILE")]
        overlay: Vec<PathBuf>,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        /// The document to compare against
        #[arg(long, value_name = "PATH", default_value_os_t = canonical_document())]
        from: PathBuf,
    },
    /// List what a server's own document has and `openapi.yaml` lacks, or is stricter about
    ///
    /// Compares what is on the wire; names of operations and schemas do not matter. The exit
    /// code is 0 if nothing is lacking, 1 if something is, and 2 if a document is invalid.
    Coverage {
        /// The OpenAPI 3.0 or 3.1 document of a server
        document: PathBuf,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
        /// Cargo features that `openapi.yaml` is used with, separated by commas [default: all]
        #[arg(long, value_name = "NAMES", value_delimiter = ',')]
        features: Option<Vec<String>>,
        /// The canonical document
        #[arg(long, value_name = "PATH", default_value_os_t = canonical_document())]
        of: PathBuf,
    },
}

/// The outcome of a comparison. The code 1 means differences, and 2 means failure.
fn compared<R: fmt::Display>(
    report: Result<R, codegen::Error>,
    json: Option<fn(&R) -> Value>,
    differs: fn(&R) -> bool,
) -> Result<Outcome, Failure> {
    let report = report.map_err(|error| Failure {
        text: error.to_string(),
        code: 2,
    })?;
    Ok(Outcome {
        text: match json {
            Some(json) => format!("{:#}\n", json(&report)),
            None => report.to_string(),
        },
        code: differs(&report).into(),
    })
}

/// Whether a Cargo feature is among those of the command line. All are by default.
fn is_enabled(enabled: Option<&[String]>, name: &str) -> bool {
    enabled.is_none_or(|enabled| enabled.iter().any(|other| other == name))
}

/// The output of a successful command, and its exit code.
struct Outcome {
    text: String,
    code: u8,
}

impl From<String> for Outcome {
    fn from(text: String) -> Self {
        Self { text, code: 0 }
    }
}

/// The error message of a failed command, and its exit code.
///
/// The code is 1 by default; clap exits with 2 if the arguments are invalid.
struct Failure {
    text: String,
    code: u8,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self { text, code: 1 }
    }
}

fn main() -> ExitCode {
    let (code, text) = match run(Command::parse()) {
        Ok(Outcome { text, code }) => (code, text),
        Err(Failure { text, code }) => {
            eprintln!("error: {text}");
            return ExitCode::from(code);
        }
    };
    // A closed pipe is not an error.
    let _ = write!(std::io::stdout(), "{text}");
    ExitCode::from(code)
}

fn run(command: Command) -> Result<Outcome, Failure> {
    let text = match command {
        Command::Architecture => return architecture(),
        Command::Spec(Spec::Import {
            document,
            overlay,
            lowered: true,
            ..
        }) => spec::import::show_lowered(&document, &overlay).map_err(|error| error.to_string())?,
        Command::Spec(Spec::Import {
            document,
            overlay,
            output,
            ..
        }) => spec::import::run(&document, &overlay, &output, &canonical_document())
            .map_err(|error| error.to_string())?
            .to_string(),
        Command::Spec(Spec::Diff {
            document,
            overlay,
            json,
            from,
        }) => {
            let report = spec::diff::run(&from, &document, &overlay);
            let json = json.then_some(spec::diff::Report::json as fn(&_) -> _);
            return compared(report, json, spec::diff::Report::has_changes);
        }
        Command::Spec(Spec::Coverage {
            document,
            json,
            features,
            of,
        }) => {
            let is_enabled = |name: &str| is_enabled(features.as_deref(), name);
            let report = spec::coverage::run(&document, &of, &is_enabled);
            let json = json.then_some(spec::coverage::Report::json as fn(&_) -> _);
            return compared(report, json, spec::coverage::Report::has_findings);
        }
        Command::Generate {
            document,
            mocks,
            doctor,
            v1,
            features,
        } => {
            let source = generate(document, v1, features.as_deref())?;
            match (mocks, doctor) {
                (true, _) => source.mocks,
                (_, true) => source.smoke_test,
                _ => source.types + &source.operations,
            }
        }
        Command::Conformance {
            document,
            overlay,
            seeds,
        } => conformance::run(&root(), &document, &overlay, seeds)?,
        Command::FuzzSeeds => fuzz_seeds::run(&root())?,
        Command::BuildCost { rounds } => build_cost::run(&root(), rounds)?,
        Command::Release => return release(),
    };
    Ok(text.into())
}

fn architecture() -> Result<Outcome, Failure> {
    let report = architecture::report::report(&root())?;
    let violations = report.violations.iter();
    let violations: String = violations
        .map(|violation| format!("{violation}\n"))
        .collect();
    Ok(Outcome {
        text: report.text + &violations,
        code: (!violations.is_empty()).into(),
    })
}

fn release() -> Result<Outcome, Failure> {
    let report = release::report::run(&root())?;
    Ok(Outcome {
        text: report.text,
        code: report.has_failed.into(),
    })
}

fn generate(
    document: Option<PathBuf>,
    v1: bool,
    enabled: Option<&[String]>,
) -> Result<codegen::Source, String> {
    let module = match v1 {
        true => Module::V1,
        false => Module::Root,
    };
    let path = document.unwrap_or_else(|| document_of(module));
    let document = document::read(&path).map_err(|error| error.to_string())?;
    let options = Options {
        module,
        mocks: true,
    };
    let source = features::select(&document, &|name| is_enabled(enabled, name))
        .and_then(|document| codegen::generate(&document, options))
        .map_err(|error| error.in_file(&path).to_string())?;
    eprintln!("{} schemas", source.compatibility.schemas.len());
    for unmet in &source.compatibility.unmet {
        let feature = unmet.feature.map(|name| format!("feature `{name}`: "));
        let kind = if unmet.is_fatal { "error" } else { "warning" };
        eprintln!("{kind}: {}{}", feature.unwrap_or_default(), unmet.message);
    }
    Ok(source)
}
