//! `cargo xtask build-cost`: compile time and binary size, compared with the peer.
//!
//! For each crate there is an empty program that depends on it, and a program that sends a
//! request and opens a stream, with each library of cryptography. They are written to `target`.
//! Each has its own target folder, which is removed after the measurement. Dependencies resolve
//! to the newest compatible versions, as for a new user.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::workspace::{DOCUMENT, cargo, context};

/// A library of cryptography, and the dependencies that select it.
struct Cryptography {
    /// Ends the names of the rows.
    suffix: &'static str,
    /// The features of this crate.
    ours: &'static str,
    /// async-openai, in its last version with Assistants.
    peer: &'static str,
}

/// aws-lc, the default of both crates, and ring.
const CRYPTOGRAPHY: [Cryptography; 2] = [
    Cryptography {
        suffix: "",
        ours: "features = []",
        peer: r#"async-openai = { version = "=0.41.3", default-features = false, features = ["assistant", "rustls"] }
"#,
    },
    Cryptography {
        suffix: "_ring",
        ours: r#"default-features = false, features = ["rustls-ring", "tools"]"#,
        peer: r#"async-openai = { version = "=0.41.3", default-features = false, features = ["assistant", "rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring"] }
"#,
    },
];

/// Additional dependencies of the programs that send requests.
const RUNTIME: &str = r#"tokio = { version = "1", features = ["macros", "rt"] }
futures-util = { version = "0.3", default-features = false }
"#;

/// Incremental builds per round.
const TOUCHES: usize = 10;

/// Measures, writes `target/build-cost.json` and returns the table.
pub(crate) fn run(root: &Path, rounds: u32) -> Result<String, String> {
    let mut rows = Vec::new();
    for cryptography in &CRYPTOGRAPHY {
        rows.extend(measure(root, rounds, cryptography)?);
    }
    let report: Map<String, Value> = rows
        .iter()
        .map(|row| (row.name.clone(), row.json()))
        .collect();
    std::fs::write(
        root.join("target").join("build-cost.json"),
        format!("{:#}\n", Value::Object(report)),
    )
    .map_err(context("cannot write the figures"))?;
    let head = format!(
        "{:<16} {:>8} {:>8}  {:<4} {:>8}\n",
        "row", "ours", "peer", "unit", "vs peer"
    );
    Ok(rows.iter().fold(head, |table, row| table + &row.line()))
}

/// Measures both crates with a library of cryptography.
fn measure(root: &Path, rounds: u32, cryptography: &Cryptography) -> Result<[Row; 3], String> {
    let Cryptography { suffix, ours, peer } = cryptography;
    let folder = root.join("target").join("build-cost");
    let ours = format!(
        "openai-assistants = {{ path = {:?}, {ours} }}\n",
        root.display()
    );
    let empty = |client, dependencies| {
        let name = format!("empty-{client}{suffix}");
        Program::write(&folder, &name, dependencies, EMPTY)
    };
    let calling = |client, dependencies: &str, source| {
        let dependencies = format!("{dependencies}{RUNTIME}");
        let name = format!("calling-{client}{suffix}");
        Program::write(&folder, &name, &dependencies, source)
    };
    let programs = [empty("ours", &ours)?, empty("peer", peer)?];
    let (mut clean, mut touch) = (
        Row::new("build_clean", suffix, "s", 1.0),
        Row::new("build_touch", suffix, "s", 1.0),
    );
    for _ in 0..rounds {
        for (client, program) in programs.iter().enumerate() {
            clean.samples[client].push(program.clean_build()?);
            for _ in 0..TOUCHES {
                touch.samples[client].push(program.incremental_build()?);
            }
            program.clean()?;
        }
    }
    let mut binary = Row::new("binary", suffix, "MB", 0.85);
    let programs = [calling("ours", &ours, OURS)?, calling("peer", peer, PEERS)?];
    for (client, program) in programs.iter().enumerate() {
        binary.samples[client].push(program.binary_size()?);
        program.clean()?;
    }
    Ok([clean, touch, binary])
}

/// The measurements of both crates in one row of the table.
struct Row {
    name: String,
    unit: &'static str,
    /// Upper limit of the ratio to the peer.
    limit: f64,
    /// Samples of this crate and of the peer.
    samples: [Vec<f64>; 2],
}

impl Row {
    fn new(name: &str, suffix: &str, unit: &'static str, limit: f64) -> Self {
        Self {
            name: format!("{name}{suffix}"),
            unit,
            limit,
            samples: [Vec::new(), Vec::new()],
        }
    }

    /// The medians of this crate and of the peer, and their ratio.
    fn medians(&self) -> [f64; 3] {
        let [ours, peer] = [median(&self.samples[0]), median(&self.samples[1])];
        [ours, peer, ours / peer]
    }

    fn json(&self) -> Value {
        let [ours, peer, vs_peer] = self.medians();
        json!({
            "ours": ours,
            "peer": peer,
            "floor": null,
            "unit": self.unit,
            "vs_peer": vs_peer,
            "vs_floor": null,
        })
    }

    fn line(&self) -> String {
        let [ours, peer, vs_peer] = self.medians();
        let mark = if vs_peer > self.limit { "!" } else { " " };
        format!(
            "{:<16} {ours:>8.2} {peer:>8.2}  {:<4} {vs_peer:>7.2}{mark}\n",
            self.name, self.unit
        )
    }
}

/// A package with one source file.
struct Program {
    name: String,
    folder: PathBuf,
}

impl Program {
    /// Writes the package and fetches its dependencies, which is not measured.
    fn write(folder: &Path, name: &str, dependencies: &str, source: &str) -> Result<Self, String> {
        let program = Self {
            name: name.to_owned(),
            folder: folder.join(name),
        };
        let files = [
            ("Cargo.toml", &*manifest(name, dependencies)),
            ("src/main.rs", source),
        ];
        std::fs::create_dir_all(program.folder.join("src"))
            .map_err(context("cannot create a folder in target"))?;
        for (file, text) in files {
            std::fs::write(program.folder.join(file), text)
                .map_err(context("cannot write to target"))?;
        }
        program.cargo(&["fetch"])?;
        Ok(program)
    }

    /// Returns the duration of a clean debug build, in seconds.
    fn clean_build(&self) -> Result<f64, String> {
        self.clean()?;
        self.build()
    }

    /// Returns the duration of a debug build after a change, in seconds.
    fn incremental_build(&self) -> Result<f64, String> {
        let source = self.folder.join("src/main.rs");
        let text = std::fs::read_to_string(&source).map_err(context("cannot read the program"))?;
        std::fs::write(&source, format!("{text}// Changed.\n"))
            .map_err(context("cannot change the program"))?;
        self.build()
    }

    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    fn build(&self) -> Result<f64, String> {
        let before = Instant::now();
        self.cargo(&["build", "--offline"])?;
        Ok(before.elapsed().as_secs_f64())
    }

    /// Returns the size of the stripped release binary, in megabytes.
    #[expect(clippy::cast_precision_loss, reason = "a figure for a table")]
    fn binary_size(&self) -> Result<f64, String> {
        self.clean()?;
        self.cargo(&["build", "--offline", "--release"])?;
        let binary = self.target().join("release").join(&self.name);
        let binary = binary.with_extension(std::env::consts::EXE_EXTENSION);
        let binary = std::fs::metadata(binary).map_err(context("cannot find the binary"))?;
        Ok(binary.len() as f64 / 1e6)
    }

    fn clean(&self) -> Result<(), String> {
        let target = self.target();
        match target.exists() {
            true => {
                std::fs::remove_dir_all(target).map_err(context("cannot remove the target folder"))
            }
            false => Ok(()),
        }
    }

    fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    fn cargo(&self, arguments: &[&str]) -> Result<(), String> {
        let mut cargo = cargo();
        // Build settings in the environment would override the manifest.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            let is_setting = ["CARGO_PROFILE_", "CARGO_BUILD_", "RUSTC_", "RUSTFLAGS"]
                .iter()
                .any(|prefix| name.starts_with(prefix));
            if is_setting || name == "CARGO_INCREMENTAL" || name == "CARGO_ENCODED_RUSTFLAGS" {
                cargo.env_remove(&*name);
            }
        }
        let output = cargo
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.target())
            .env_remove(DOCUMENT)
            .stdin(Stdio::null())
            .output()
            .map_err(context("cannot run cargo"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!(
                "cargo {} failed in {}:\n{}",
                arguments.join(" "),
                self.folder.display(),
                String::from_utf8_lossy(&output.stderr)
            )),
        }
    }
}

/// The manifest of a package outside of the workspace.
///
/// Cargo compiles path dependencies incrementally, but registry dependencies not. Users
/// depend on the registry, so incremental compilation of dependencies is disabled.
fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        r#"[package]
name = {name:?}
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
{dependencies}
[profile.dev.package."*"]
incremental = false

[profile.release]
strip = true
"#
    )
}

fn median(samples: &[f64]) -> f64 {
    let mut samples = samples.to_vec();
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

const EMPTY: &str = "fn main() {}\n";

const OURS: &str = r#"use openai_assistants::types::{CreateRunRequest, CreateThreadRequest};
use openai_assistants::{Client, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let client = Client::from_env()?;
    let body = CreateThreadRequest::builder();
    let thread = client.create_thread().body(body).send().await?;
    let body = CreateRunRequest::builder().assistant_id("asst_1");
    let run = client.create_run().thread_id(&thread.id).body(body);
    let mut events = run.stream().await?;
    let mut count = 0;
    while events.try_next().await?.is_some() {
        count += 1;
    }
    println!("{count} events in {}", thread.id);
    Ok(())
}
"#;

const PEERS: &str = r#"use async_openai::Client;
use async_openai::error::OpenAIError;
use async_openai::types::assistants::{CreateRunRequest, CreateThreadRequest};
use futures_util::StreamExt;

#[allow(deprecated)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), OpenAIError> {
    let client = Client::new();
    let threads = client.threads();
    let thread = threads.create(CreateThreadRequest::default()).await?;
    let body = CreateRunRequest { assistant_id: "asst_1".to_owned(), ..Default::default() };
    let mut events = threads.runs(&thread.id).create_stream(body).await?;
    let mut count = 0;
    while let Some(event) = events.next().await {
        event?;
        count += 1;
    }
    println!("{count} events in {}", thread.id);
    Ok(())
}
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_sample() {
        assert_eq!(median(&[9.0]).to_string(), "9");
        assert_eq!(median(&[100.0, 2.0, 10.0, 3.0, 1.0]).to_string(), "3");
    }

    #[test]
    fn a_ratio_above_its_limit_is_marked() {
        let line = |ours| {
            let mut row = Row::new("build_clean", "_ring", "s", 0.75);
            row.samples = [vec![ours], vec![40.0]];
            row.line()
        };
        assert_eq!(
            line(30.0),
            "build_clean_ring    30.00    40.00  s       0.75 \n"
        );
        assert_eq!(
            line(31.0),
            "build_clean_ring    31.00    40.00  s       0.78!\n"
        );
    }
}
