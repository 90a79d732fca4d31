//! `cargo xtask doctor`: a client of a document against a validating mock of it.
//!
//! The document is imported, the example `doctor` is built from the import, and runs with
//! many seeds. The mock is third-party (the npm package `@stdy/cli`): it refuses requests
//! that the document does not allow, and answers with random objects that it does allow.
//! Each seed is another set of answers.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use openai_assistants_codegen::document;
use serde_json::{Map, Value};

use crate::spec;
use crate::{DOCUMENT, cargo, says};

const PACKAGE: &str = "@stdy/cli@0.22.2";

/// Builds doctor from the document, and runs it once for each seed; that is skipped, and
/// said so, where node is missing.
pub(crate) fn run(root: &Path, document: &Path, seeds: u32) -> Result<String, String> {
    let folder = root.join("target").join("doctor");
    std::fs::create_dir_all(&folder).map_err(says("cannot make a folder in target"))?;
    let imported = import(root, document, &folder)?;
    let program = Doctor::build(root, &imported)?;
    let Some(mock) = install(root)? else {
        return Ok(
            "skipped: doctor needs node and npm for its mock, and they are not there\n".to_owned(),
        );
    };
    let served = served(document, &imported, &folder)?;
    let mut failed = Vec::new();
    for seed in 1..=seeds {
        let server = Server::start(&mock, &served, seed)?;
        // What makes sense and all that is possible, in turns.
        let bodies = if seed % 2 == 0 { "full" } else { "" };
        let output = program
            .command()
            .env("OPENAI_BASE_URL", &server.url)
            .env("OPENAI_API_KEY", "any")
            .env("DOCTOR_WAIT", "0")
            .env("DOCTOR_BODIES", bodies)
            .output()
            .map_err(says("cannot run doctor"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        println!(
            "seed {seed}: {}",
            text.lines().last().unwrap_or("doctor printed nothing")
        );
        if seed == 1 {
            text.lines()
                .filter(|line| line.starts_with("-- "))
                .for_each(|line| println!("    {line}"));
        }
        if !output.status.success() {
            text.lines()
                .filter(|line| line.starts_with("failed "))
                .for_each(|line| println!("    {line}"));
            println!("{}", String::from_utf8_lossy(&output.stderr));
            failed.push(seed);
        }
    }
    if failed.is_empty() {
        Ok(format!("doctor passes with each of {seeds} seeds\n"))
    } else {
        Err(format!(
            "doctor fails with {} of {seeds} seeds: {failed:?}",
            failed.len()
        ))
    }
}

/// Imports the document below `target`, unless the import is `openapi.yaml` already.
fn import(root: &Path, document: &Path, folder: &Path) -> Result<PathBuf, String> {
    let canonical = root.join("openapi.yaml");
    let is_canonical = |path: &Path| std::fs::read(path).ok() == std::fs::read(&canonical).ok();
    if is_canonical(document) {
        return Ok(canonical);
    }
    let imported = beside(folder, document, "yaml");
    // The descriptions are those of `openapi.yaml`, whatever an earlier import left there.
    std::fs::copy(&canonical, &imported).map_err(says("cannot write to target"))?;
    spec::import::run(document, &imported, &canonical).map_err(|error| error.to_string())?;
    Ok(match is_canonical(&imported) {
        true => canonical,
        false => imported,
    })
}

/// A file that is made of the document.
fn beside(folder: &Path, document: &Path, extension: &str) -> PathBuf {
    let name = document.file_stem().unwrap_or_default().to_string_lossy();
    folder.join(format!("{name}.{extension}"))
}

/// The example, built from a canonical document.
struct Doctor {
    root: PathBuf,
    document: PathBuf,
}

impl Doctor {
    /// Builds it. What the build has to say, such as what it leaves out, goes to the terminal.
    fn build(root: &Path, document: &Path) -> Result<Self, String> {
        println!("doctor is built from {}", document.display());
        let doctor = Self {
            root: root.to_path_buf(),
            document: document.to_path_buf(),
        };
        let status = doctor.cargo("build").status();
        match status.map_err(says("cannot run cargo"))?.success() {
            true => Ok(doctor),
            false => Err(format!(
                "no client can be built from {}",
                doctor.document.display()
            )),
        }
    }

    fn command(&self) -> Command {
        let mut command = self.cargo("run");
        command.arg("--quiet");
        command
    }

    fn cargo(&self, subcommand: &str) -> Command {
        let mut command = cargo();
        command
            .args([subcommand, "--example", "doctor"])
            .current_dir(&self.root);
        // What a plain build is made from needs no build of its own.
        match self.document == self.root.join("openapi.yaml") {
            true => command.env_remove(DOCUMENT),
            false => command.env(DOCUMENT, &self.document),
        };
        command
    }
}

/// What the mock serves: the document itself, unless that contradicts itself.
///
/// Documents exist that require properties which an object does not have, such as the
/// `thread_id` in the body of `createRun`, which stands in the path. The mock insists on
/// them, so it is given a copy that does not require them.
fn served(document: &Path, imported: &Path, folder: &Path) -> Result<PathBuf, String> {
    let read = |path| document::read(path).map_err(|error| error.to_string());
    let (mut copy, imported) = (read(document)?, read(imported)?);
    let mut dropped = Vec::new();
    for name in components(&imported).into_iter().flat_map(Map::keys) {
        if let Some(schema) = copy["components"]["schemas"].get_mut(name) {
            drop_impossible(name, schema, &mut dropped);
        }
    }
    if dropped.is_empty() {
        return document
            .canonicalize()
            .map_err(says("cannot find the document"));
    }
    println!(
        "the mock serves a copy without what the document requires of objects that do not have it: {}",
        dropped.join(", ")
    );
    let path = beside(folder, document, "mock.json");
    std::fs::write(&path, copy.to_string()).map_err(says("cannot write to target"))?;
    Ok(path)
}

fn components(document: &Value) -> Option<&Map<String, Value>> {
    document["components"]["schemas"].as_object()
}

/// Drops the requirements that no property can fulfil.
fn drop_impossible(place: &str, schema: &mut Value, dropped: &mut Vec<String>) {
    let known = schema["properties"].as_object();
    let known: Option<Vec<String>> = known.map(|known| known.keys().cloned().collect());
    if let (Some(known), Some(required)) = (known, schema["required"].as_array_mut()) {
        required.retain(|name| {
            let name = name.as_str().unwrap_or_default();
            let is_known = known.iter().any(|known| known == name);
            if !is_known {
                dropped.push(format!("{name} of {place}"));
            }
            is_known
        });
    }
}

/// Installs the mock below `target` and returns its program, if node and npm are there.
fn install(root: &Path) -> Result<Option<PathBuf>, String> {
    let folder = root.join("target").join("steady");
    std::fs::create_dir_all(&folder).map_err(says("cannot make a folder in target"))?;
    if let Some(program) = program(&folder) {
        return Ok(Some(program));
    }
    // npm is a script: that it starts does not tell that node does.
    if !["node", "npm"].into_iter().all(can_start) {
        return Ok(None);
    }
    let npm = Command::new("npm")
        .args(["install", "--loglevel=error", "--no-save", "--prefix"])
        .arg(&folder)
        .arg(PACKAGE)
        .output()
        .map_err(says("cannot run npm"))?;
    if !npm.status.success() {
        let reason = String::from_utf8_lossy(&npm.stderr);
        return Err(format!("npm cannot install {PACKAGE}: {}", reason.trim()));
    }
    match program(&folder) {
        Some(program) => Ok(Some(program)),
        None => Err(format!("{PACKAGE} has no program for this platform")),
    }
}

fn can_start(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// The program for this platform. The script that npm links to only starts it, and
/// would leave it running when it is ended.
fn program(folder: &Path) -> Option<PathBuf> {
    let packages = std::fs::read_dir(folder.join("node_modules/@stdy")).ok()?;
    let mut programs = packages
        .filter_map(Result::ok)
        .map(|package| package.path().join("bin/steady"));
    programs.find(|program| program.exists())
}

/// The mock, for as long as this value lives.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(mock: &Path, document: &Path, seed: u32) -> Result<Self, String> {
        let port = free_port().map_err(says("no port is free"))?;
        let process = Command::new(mock)
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--quiet",
            ])
            .arg(format!("--generator-seed={seed}"))
            .arg(document)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(says("cannot start the mock"))?;
        let url = format!("http://127.0.0.1:{port}");
        let mut server = Self { process, url };
        server.wait_until_it_listens(port).map_err(|reason| {
            format!("the mock does not serve {}: {reason}", document.display())
        })?;
        Ok(server)
    }

    /// What the mock prints differs from place to place; that it listens does not.
    fn wait_until_it_listens(&mut self, port: u16) -> Result<(), String> {
        for _ in 0..300 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("it ended with {status}"));
            }
            pause();
        }
        Err("it does not listen within 30 s".to_owned())
    }
}

#[expect(clippy::disallowed_methods, reason = "another process takes real time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

impl Drop for Server {
    fn drop(&mut self) {
        // A mock that has ended by itself needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
