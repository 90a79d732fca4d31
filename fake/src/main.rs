//! The fake server as a program.

#![forbid(unsafe_code)]

use std::future::{pending, ready};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use openai_assistants_fake::{Fake, Fault, Script, Server};

/// Serves the OpenAI Assistants API v2 from memory
///
/// Prints the two environment variables that point a client at it, for a shell to take over,
/// and runs until it is interrupted. Without a script, the assistant says what it was told.
#[derive(Parser)]
#[command(name = "openai-assistants-fake")]
struct Options {
    /// The port to listen at; 0 is any that is free
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// The address to listen at; anything but the loopback interface lets others in
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// What the assistant does, as JSON
    ///
    /// `{"turns": [TURN, ...], "repeat": false}`. Every thread starts at the first turn.
    /// A turn has any of: `say` (a text, or a list of pieces), `cite` and `path` (of the
    /// text: a list of `{"text", "file_id"}`), `refuse` (a text), `calls` (a list of
    /// `{"name", "arguments"}`), `search` (a list of `{"file_id", "file_name", "text"}`),
    /// `code` (`{"input", "logs"}`), `fail` (`{"code", "message"}`), `incomplete` (a
    /// reason), `wait_ms`, `tokens` (`{"prompt", "completion"}`).
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The one key that is right; otherwise any is
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    api_key: Option<String>,
    /// Answer for ids that do not exist, and for limits out of range, with made-up objects
    #[arg(long)]
    stub: bool,
    /// Milliseconds between two things that happen to a run; with 0, all happens at once
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 20)]
    pace: u64,
    /// Milliseconds after which a run is to be asked for again
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 10)]
    poll_after: u64,
    /// A fault for every request, such as `latency=250`; may be repeated
    ///
    /// The header `x-fake-fault` asks for the same in a single request.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Compare everything that is sent with openapi.yaml; what it does not allow is an error
    #[arg(long)]
    checked: bool,
    /// Ids that count, `msg_0001`, instead of random ones
    #[arg(long)]
    counted_ids: bool,
    /// Print a line for each request
    #[arg(long)]
    log: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match start(Options::parse()).await {
        Ok(server) => {
            let mut interrupted_once = pin!(interrupted());
            // A signal is heard from the first look on, and what is said tells that it is.
            tokio::select! {
                biased;
                () = &mut interrupted_once => return ExitCode::SUCCESS,
                () = ready(()) => {}
            }
            say(&export("OPENAI_BASE_URL", &server.url()));
            say(&export("OPENAI_API_KEY", server.api_key()));
            interrupted_once.await;
            tokio::select! {
                biased;
                // Whoever asks twice does not want to wait. This is heard before it stops.
                () = interrupted() => ExitCode::FAILURE,
                () = server.stop() => ExitCode::SUCCESS,
            }
        }
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

/// Until somebody wants the program to end. Where signals cannot be heard, they end it
/// themselves.
async fn interrupted() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            pending().await
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}

async fn start(options: Options) -> Result<Server, String> {
    let address = (options.host, options.port);
    let mut fake = Fake::builder()
        .address(address)
        .pace(Duration::from_millis(options.pace))
        .poll_after(Duration::from_millis(options.poll_after));
    if let Some(path) = options.script {
        fake = fake.model(script(&path)?);
    }
    if let Some(key) = options.api_key {
        fake = fake.api_key(key);
    }
    if options.stub {
        fake = fake.stub();
    }
    if options.checked {
        fake = fake.checked();
    }
    if options.counted_ids {
        fake = fake.counted_ids();
    }
    if options.log {
        fake = fake.on_request(|exchange| say(&exchange.to_string()));
    }
    for fault in options.fault {
        fake = fake.fault(fault);
    }
    let server = fake.start().await;
    server.map_err(|error| format!("cannot listen at {}:{}: {error}", address.0, address.1))
}

fn script(path: &Path) -> Result<Script, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    text.parse().map_err(|error| format!("{name}: {error}"))
}

/// A variable as a shell takes it.
fn export(name: &str, value: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if value.chars().all(is_plain) {
        format!("export {name}={value}")
    } else {
        format!("export {name}='{}'", value.replace('\'', r"'\''"))
    }
}

/// Whoever closed the pipe has seen enough.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
