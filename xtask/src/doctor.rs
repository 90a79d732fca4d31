//! Runs the example `doctor` against a validating mock of a document, with many seeds.
//!
//! The mock is third-party (the npm package `@stdy/cli`): it refuses requests that the
//! document does not allow, and answers with random objects that it does allow. Each
//! seed is another set of answers.

use std::fmt::Display;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PACKAGE: &str = "@stdy/cli@0.22.2";

/// Runs doctor once for each seed; skipped, and said so, where node is missing.
pub(crate) fn run(root: &Path, document: &Path, seeds: u32) -> Result<String, String> {
    let Some(mock) = install(root) else {
        return Ok(
            "skipped: doctor needs node and npm for its mock, and they are not there\n".to_owned(),
        );
    };
    let document = document
        .canonicalize()
        .map_err(says("cannot find the document"))?;
    let mut failed = Vec::new();
    for seed in 1..=seeds {
        let server = Server::start(&mock, &document, seed)?;
        let output = cargo()
            .args(["run", "--quiet", "--example", "doctor"])
            .current_dir(root)
            .env("OPENAI_BASE_URL", &server.url)
            .env("OPENAI_API_KEY", "any")
            .env("DOCTOR_WAIT", "0")
            .output()
            .map_err(says("cannot run doctor"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        println!(
            "seed {seed}: {}",
            text.lines().last().unwrap_or("doctor printed nothing")
        );
        if !output.status.success() {
            text.lines()
                .filter(|line| !line.starts_with("ok "))
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

/// Installs the mock below `target` and returns its program, if node and npm are there.
fn install(root: &Path) -> Option<PathBuf> {
    let folder = root.join("target").join("steady");
    std::fs::create_dir_all(&folder).ok()?;
    if program(&folder).is_none() {
        let installed = Command::new("npm")
            .args(["install", "--silent", "--no-save", "--prefix"])
            .arg(&folder)
            .arg(PACKAGE)
            .stdout(Stdio::null())
            .status()
            .ok()?;
        if !installed.success() {
            return None;
        }
    }
    program(&folder)
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

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn says<E: Display>(what: &str) -> impl FnOnce(E) -> String {
    move |error| format!("{what}: {error}")
}
