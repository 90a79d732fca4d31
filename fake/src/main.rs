//! The command line program that runs the fake server.

#![forbid(unsafe_code)]

use std::fs::File;
use std::future::{pending, ready};
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{BoxError, Router};
use clap::Parser;
use clap::builder::NonEmptyStringValueParser;
use openai_assistants_fake::{Fake, Fault, Recorder, Script, Server, Upstream};
use tokio::net::TcpListener;
use tower_layer::Layer;
use tower_service::Service;

/// A stateful in-memory server of the OpenAI Assistants API v2
///
/// Prints the two environment variables that clients need, as shell commands, and runs until
/// it is interrupted. Without a script, the assistant repeats the last message, or quotes files.
#[derive(Parser)]
#[command(name = "openai-assistants-fake")]
struct Options {
    /// Port to listen on; 0 selects a free one
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// IP address to listen on; any other than loopback makes the server accessible to others
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// JSON script of the assistant's turns
    ///
    /// `{"turns": [TURN, ...], "repeat": false}`. Every thread starts at the first turn.
    /// The properties of a turn, all optional: `say` (a string, or a list of strings to
    /// stream), `cite` and `path` (annotations of that text: a list of
    /// `{"text", "file_id"}`), `refuse` (a string), `calls` (a list of
    /// `{"name", "arguments"}`), `search` (a list of `{"file_id", "file_name", "text"}`),
    /// `file_search` (a query, or `true` for the last message), `code`
    /// (`{"input", "logs"}`), `mcp` (a list of `{"server", "name", "arguments", "output"}`),
    /// `fail` (`{"code", "message"}`), `incomplete` (a reason), `wait_ms`, `tokens`
    /// (`{"prompt", "completion"}`).
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The only valid API key; by default, any key is valid
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    api_key: Option<String>,
    /// Speak the dialect of Azure AI Foundry Agents (classic)
    ///
    /// Prints the endpoint of a project as `PROJECT_ENDPOINT` in place of `OPENAI_BASE_URL`.
    #[arg(long)]
    foundry: bool,
    /// Return sample objects for unknown IDs and limits out of range
    #[arg(long)]
    stub: bool,
    /// Delay between two events of a run; 0 completes a turn at once
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 20)]
    pace: u64,
    /// Value of the header `openai-poll-after-ms` for active runs
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 10)]
    poll_after: u64,
    /// Fault that applies to every request, such as `latency=250`; can be repeated
    ///
    /// `latency=MS`, `status=CODE`, `lost`, `truncated`, `close-idle=MS`, `cut`, `stall`, `no-done`, `error-event`,
    /// `malformed-json`, `unknown` or `fail-indexing`; in a stream with `; after=EVENTS`.
    /// The header `x-fake-fault` sets faults for a single request.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Check responses and events against openapi.yaml; violations are errors
    #[arg(long)]
    checked: bool,
    /// Use sequential IDs, such as `msg_0001`, instead of random ones
    #[arg(long)]
    counted_ids: bool,
    /// Store the content of uploaded files in a folder, instead of in memory
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Print a line per request
    #[arg(long)]
    log: bool,
    /// Forward all requests to the server with this base URL, and append each exchange to a file
    ///
    /// A line of the file is a JSON object with the request and the response as text, without
    /// the values of headers and query parameters that may be secrets. Of the other options, only `--port` and `--host` have an effect.
    #[arg(long, num_args = 2, value_names = ["UPSTREAM", "FILE"])]
    record: Option<Vec<String>>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some([upstream, file]) = options.record.as_deref() {
        return match record(&options, upstream, file).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => {
                eprintln!("error: {reason}");
                ExitCode::FAILURE
            }
        };
    }
    let url_variable = match options.foundry {
        true => "PROJECT_ENDPOINT",
        false => "OPENAI_BASE_URL",
    };
    match start(options).await {
        Ok(server) => {
            let mut interrupted_once = pin!(interrupted());
            // Polling installs the signal handlers before the output is printed, which callers
            // wait for.
            tokio::select! {
                biased;
                () = &mut interrupted_once => return ExitCode::SUCCESS,
                () = ready(()) => {}
            }
            print_line(&export(url_variable, &server.url()));
            print_line(&export("OPENAI_API_KEY", server.api_key()));
            interrupted_once.await;
            tokio::select! {
                biased;
                // A second signal exits at once. It is polled first, so that it is handled
                // before the server stops.
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

/// Forwards requests and records the exchanges until the program is interrupted.
async fn record(options: &Options, upstream: &str, file: &str) -> Result<(), BoxError> {
    let file = File::options().create(true).append(true).open(file)?;
    let recorded = Recorder::new(file).layer(Upstream::new(upstream)?);
    let app = Router::new().fallback(async move |request: Request| {
        let response = recorded.clone().call(request).await;
        response
            .unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
    });
    let listener = TcpListener::bind((options.host, options.port)).await?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    print_line(&export("OPENAI_BASE_URL", &url));
    let server = axum::serve(listener, app);
    server.with_graceful_shutdown(interrupted()).await?;
    Ok(())
}

/// Waits for SIGINT or SIGTERM. If a handler cannot be installed, the signal ends the program.
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
        fake = fake.model(read_script(&path)?);
    }
    if let Some(key) = options.api_key {
        fake = fake.api_key(key);
    }
    if options.foundry {
        fake = fake.foundry();
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
    if let Some(folder) = options.folder {
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        fake = fake.folder(folder);
    }
    if options.log {
        fake = fake.on_request(|exchange| print_line(&exchange.to_string()));
    }
    for fault in options.fault {
        fake = fake.fault(fault);
    }
    let server = fake.start().await;
    server.map_err(|error| format!("cannot listen on {}:{}: {error}", address.0, address.1))
}

fn read_script(path: &Path) -> Result<Script, String> {
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    text.parse()
        .map_err(|error| format!("cannot parse {name}: {error}"))
}

/// A shell command that exports a variable.
fn export(name: &str, value: &str) -> String {
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    if value.chars().all(is_plain) {
        format!("export {name}={value}")
    } else {
        format!("export {name}='{}'", value.replace('\'', r"'\''"))
    }
}

/// Prints a line. A closed pipe is not an error.
fn print_line(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
