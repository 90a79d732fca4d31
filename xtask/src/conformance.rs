//! `cargo xtask conformance`: tests a generated client against a validating mock server.
//!
//! Imports the document, builds the example `doctor` from it, and runs the example once per
//! seed. The mock server is the npm package `@stdy/cli`: it rejects requests that violate
//! the document and responds with random objects that match it. Each seed produces
//! different responses.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use openai_assistants_codegen::document;
use serde_json::{Map, Value};
use xtask::spec;

use crate::workspace::{DOCUMENT, cargo, context};

const PACKAGE: &str = "@stdy/cli@0.22.2";

/// Builds the example from the document and runs it once per seed.
///
/// Skips the runs if node or npm is not installed.
pub(crate) fn run(
    root: &Path,
    document: &Path,
    overlays: &[PathBuf],
    seeds: u32,
) -> Result<String, String> {
    let folder = root.join("target").join("conformance");
    std::fs::create_dir_all(&folder).map_err(context("cannot create a folder in target"))?;
    let imported = import(root, document, overlays, &folder)?;
    let example = Example::build(root, &imported)?;
    let Some(mock) = install(root)? else {
        return Ok(
            "skipped: the mock server requires node and npm, which are not installed\n".to_owned(),
        );
    };
    let served = served_document(document, &imported, &folder)?;
    let mut failed = Vec::new();
    for seed in 1..=seeds {
        let server = MockServer::start(&mock, &served, seed)?;
        // Alternates between typical bodies and bodies with every property.
        let bodies = if seed % 2 == 0 { "full" } else { "" };
        let output = example
            .command()
            .env("OPENAI_BASE_URL", &server.url)
            .env("OPENAI_API_KEY", "any")
            .env("DOCTOR_CHECKS", "none")
            .env("DOCTOR_BODIES", bodies)
            .output()
            .map_err(context("cannot run the example"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        println!(
            "seed {seed}: {}",
            text.lines().last().unwrap_or("no output")
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
        Ok(format!("passed with all {seeds} seeds\n"))
    } else {
        Err(format!(
            "failed with {} of {seeds} seeds: {failed:?}",
            failed.len()
        ))
    }
}

/// Imports the document into `target`, or returns `openapi.yaml` if they are equal.
fn import(
    root: &Path,
    document: &Path,
    overlays: &[PathBuf],
    folder: &Path,
) -> Result<PathBuf, String> {
    let canonical = root.join("openapi.yaml");
    let is_canonical = |path: &Path| std::fs::read(path).ok() == std::fs::read(&canonical).ok();
    if is_canonical(document) {
        return Ok(canonical);
    }
    let imported = derived_path(folder, document, "yaml");
    // Without this, the descriptions of an earlier import would be kept.
    std::fs::copy(&canonical, &imported).map_err(context("cannot write to target"))?;
    spec::import::run(document, overlays, &imported, &canonical)
        .map_err(|error| error.to_string())?;
    Ok(match is_canonical(&imported) {
        true => canonical,
        false => imported,
    })
}

/// The path of a file derived from the document.
fn derived_path(folder: &Path, document: &Path, extension: &str) -> PathBuf {
    let name = document.file_stem().unwrap_or_default().to_string_lossy();
    folder.join(format!("{name}.{extension}"))
}

/// The example `doctor`, built from a canonical document.
struct Example {
    root: PathBuf,
    document: PathBuf,
}

impl Example {
    /// Builds the example. Warnings of the build go to the terminal.
    fn build(root: &Path, document: &Path) -> Result<Self, String> {
        println!("building the example from {}", document.display());
        let example = Self {
            root: root.to_path_buf(),
            document: document.to_path_buf(),
        };
        let status = example.cargo("build").status();
        match status.map_err(context("cannot run cargo"))?.success() {
            true => Ok(example),
            false => Err(format!(
                "cannot build a client from {}",
                example.document.display()
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
            .args([
                subcommand,
                "--package",
                "openai-assistants",
                "--example",
                "doctor",
                "--features",
                "files",
            ])
            .current_dir(&self.root);
        match self.document == self.root.join("openapi.yaml") {
            true => command.env_remove(DOCUMENT),
            false => command.env(DOCUMENT, &self.document),
        };
        command
    }
}

/// Returns a copy of the document for the mock server.
///
/// Some documents require properties that the object does not define, such as `thread_id`
/// in the body of `createRun`, which is a path parameter. The mock server enforces them, so
/// the copy drops these requirements. It has no `allOf` of a single reference, because the mock
/// server does not convert the texts of a form to numbers within one.
fn served_document(document: &Path, imported: &Path, folder: &Path) -> Result<PathBuf, String> {
    let read = |path| document::read(path).map_err(|error| error.to_string());
    let (mut copy, imported) = (read(document)?, read(imported)?);
    let mut dropped = Vec::new();
    for name in components(&imported).into_iter().flat_map(Map::keys) {
        if let Some(schema) = copy["components"]["schemas"].get_mut(name) {
            drop_undefined_requirements(name, schema, &mut dropped);
        }
    }
    if !dropped.is_empty() {
        println!(
            "the mock server uses a copy of the document without required properties that are not defined: {}",
            dropped.join(", ")
        );
    }
    replace_single_references(&mut copy["components"]["schemas"]);
    let path = derived_path(folder, document, "mock.json");
    std::fs::write(&path, copy.to_string()).map_err(context("cannot write to target"))?;
    Ok(path)
}

fn components(document: &Value) -> Option<&Map<String, Value>> {
    document["components"]["schemas"].as_object()
}

/// Drops required names that are not defined as properties.
fn drop_undefined_requirements(component: &str, schema: &mut Value, dropped: &mut Vec<String>) {
    let properties = schema["properties"].as_object();
    let defined: Option<Vec<String>> =
        properties.map(|properties| properties.keys().cloned().collect());
    if let (Some(defined), Some(required)) = (defined, schema["required"].as_array_mut()) {
        required.retain(|name| {
            let name = name.as_str().unwrap_or_default();
            let is_defined = defined.iter().any(|property| property == name);
            if !is_defined {
                dropped.push(format!("{name} of {component}"));
            }
            is_defined
        });
    }
}

/// Replaces each `allOf` of a single reference that has nothing but a description beside it.
fn replace_single_references(schema: &mut Value) {
    match schema {
        Value::Object(map) if map.keys().all(|key| key == "allOf" || key == "description") => {
            if let Some([reference]) = map
                .get("allOf")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
            {
                *schema = reference.clone();
            }
        }
        Value::Object(map) => map.values_mut().for_each(replace_single_references),
        Value::Array(items) => items.iter_mut().for_each(replace_single_references),
        _ => {}
    }
}

/// Installs the mock server in `target` and returns its executable.
///
/// Returns `None` if node or npm is not installed.
fn install(root: &Path) -> Result<Option<PathBuf>, String> {
    let folder = root.join("target").join("steady");
    std::fs::create_dir_all(&folder).map_err(context("cannot create a folder in target"))?;
    if let Some(program) = executable(&folder) {
        return Ok(Some(program));
    }
    // npm is a script and may start even though node does not.
    if !["node", "npm"].into_iter().all(can_start) {
        return Ok(None);
    }
    let npm = Command::new("npm")
        .args(["install", "--loglevel=error", "--no-save", "--prefix"])
        .arg(&folder)
        .arg(PACKAGE)
        .output()
        .map_err(context("cannot run npm"))?;
    if !npm.status.success() {
        let reason = String::from_utf8_lossy(&npm.stderr);
        return Err(format!("npm cannot install {PACKAGE}: {}", reason.trim()));
    }
    match executable(&folder) {
        Some(program) => Ok(Some(program)),
        None => Err(format!("{PACKAGE} has no executable for this platform")),
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

/// The native executable for this platform.
///
/// The script that npm installs starts it as a child process, which would outlive the script.
fn executable(folder: &Path) -> Option<PathBuf> {
    let packages = std::fs::read_dir(folder.join("node_modules/@stdy")).ok()?;
    let mut programs = packages
        .filter_map(Result::ok)
        .map(|package| package.path().join("bin/steady"));
    programs.find(|program| program.exists())
}

/// The mock server process. Dropping this value kills it.
struct MockServer {
    process: Child,
    url: String,
}

impl MockServer {
    fn start(executable: &Path, document: &Path, seed: u32) -> Result<Self, String> {
        let port = free_port().map_err(context("cannot find a free port"))?;
        let process = Command::new(executable)
            .args([
                "--host",
                "127.0.0.1",
                "--port",
                &port.to_string(),
                "--quiet",
            ])
            .arg(format!("--generator-seed={seed}"))
            // As the client sends the objects of a form; the documents do not say.
            .arg("--validator-form-object-format=brackets")
            .arg(document)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(context("cannot start the mock server"))?;
        let url = format!("http://127.0.0.1:{port}");
        let mut server = Self { process, url };
        server.wait_for_port(port).map_err(|reason| {
            format!(
                "the mock server does not serve {}: {reason}",
                document.display()
            )
        })?;
        Ok(server)
    }

    /// Waits until the server accepts connections. Its output differs by platform.
    fn wait_for_port(&mut self, port: u16) -> Result<(), String> {
        for _ in 0..300 {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
                return Ok(());
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(format!("it exited with {status}"));
            }
            pause();
        }
        Err("it does not listen after 30 s".to_owned())
    }
}

#[expect(clippy::disallowed_methods, reason = "another process takes real time")]
fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

impl Drop for MockServer {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}
