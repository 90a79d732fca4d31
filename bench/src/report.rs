//! Measures all rows in separate processes and prints a table of medians.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};

use crate::chart::{self, Bars};
use crate::row::{self, ClientKind, Line, Metric, Row};
use crate::usage::Usage;

/// Measurements of each client per row. The clients take turns.
const ROUNDS: usize = 7;

/// Measures the named rows, or all of them, and updates `target/bench.json` and, after all rows,
/// the chart.
///
/// The first file keeps its figures of rows that are not measured.
pub fn run(names: &[&str]) -> Result<(), String> {
    let rows: Vec<Row> = match names {
        [] => row::ALL.to_vec(),
        names => names
            .iter()
            .map(|name| Row::from_name(name).ok_or_else(|| unknown_row(name)))
            .collect::<Result<_, _>>()?,
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = root.join("target");
    let path = target.join("bench.json");
    let mut report: Map<String, Value> = std::fs::read(&path)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let server = Server::start()?;
    println!(
        "{:<20} {:>10} {:>10} {:>10} {:>10}  {:<17} {:>8} {:>8}",
        "row", "ours", "peer", "generated", "floor", "unit", "vs peer", "vs floor"
    );
    let mut bars = Vec::new();
    for row in rows {
        let mut usages: Vec<(ClientKind, Usage)> = Vec::new();
        for _ in 0..ROUNDS {
            for client in row.clients() {
                usages.push((*client, server.measure(row, *client)?));
            }
        }
        for line in row.lines() {
            let medians = Medians::new(&line, &usages);
            println!("{}", medians.format(&line));
            bars.push(medians.bars(&line));
            report.insert(line.name.to_owned(), medians.json(&line));
        }
    }
    println!("`!` marks a ratio above its limit in bench/src/row.rs");
    std::fs::create_dir_all(&target).map_err(|error| error.to_string())?;
    write(&path, &format!("{:#}\n", Value::Object(report)))?;
    if names.is_empty() {
        write(&root.join("docs/performance.svg"), &chart::svg(&bars))?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn unknown_row(name: &str) -> String {
    let rows: Vec<&str> = row::ALL.iter().map(|row| row.name()).collect();
    format!(
        "unknown row `{name}`; choose from {}, or omit the names to measure all",
        rows.join(", ")
    )
}

/// The median of each client for a line.
struct Medians {
    ours: Option<f64>,
    peer: Option<f64>,
    generated: Option<f64>,
    floor: Option<f64>,
}

impl Medians {
    fn new(line: &Line, usages: &[(ClientKind, Usage)]) -> Self {
        let median_of = |client| {
            let usages = usages.iter().filter(|(other, _)| *other == client);
            median(usages.map(|(_, usage)| match line.metric {
                Metric::Cpu => usage.cpu,
                Metric::Wall => usage.wall,
                Metric::Memory => usage.memory,
            }))
        };
        Self {
            ours: median_of(ClientKind::Ours),
            peer: median_of(ClientKind::Peer),
            generated: median_of(ClientKind::Generated),
            floor: median_of(ClientKind::Floor),
        }
    }

    fn ratio(&self, other: Option<f64>) -> Option<f64> {
        Some(self.ours? / other?)
    }

    fn format(&self, line: &Line) -> String {
        let median = |median: Option<f64>| median.map_or("-".to_owned(), |it| format!("{it:.3}"));
        let ratio = |ratio: Option<f64>, limit: Option<f64>| match (ratio, limit) {
            (Some(ratio), Some(limit)) if ratio > limit => format!("{ratio:.2}!"),
            (Some(ratio), _) => format!("{ratio:.2} "),
            _ => "- ".to_owned(),
        };
        format!(
            "{:<20} {:>10} {:>10} {:>10} {:>10}  {:<17} {:>8} {:>8}",
            line.name,
            median(self.ours),
            median(self.peer),
            median(self.generated),
            median(self.floor),
            line.unit,
            ratio(self.ratio(self.peer), line.vs_peer),
            ratio(self.ratio(self.floor), line.vs_floor),
        )
    }

    /// The bars of the line in the chart.
    fn bars(&self, line: &Line) -> Bars {
        Bars {
            title: format!("{}, {}", line.name, line.unit),
            values: [
                ("openai-assistants", self.ours),
                ("async-openai", self.peer),
                ("openai-client-base", self.generated),
                ("floor", self.floor),
            ]
            .into_iter()
            .filter_map(|(client, value)| Some((client, value?)))
            .collect(),
        }
    }

    fn json(&self, line: &Line) -> Value {
        json!({
            "ours": self.ours,
            "peer": self.peer,
            "generated": self.generated,
            "floor": self.floor,
            "unit": line.unit,
            "vs_peer": self.ratio(self.peer),
            "vs_floor": self.ratio(self.floor),
        })
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The server process. Dropping this value kills it.
struct Server {
    process: Child,
    port: String,
}

impl Server {
    fn start() -> Result<Self, String> {
        let mut process = current_program()
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the server: {error}"))?;
        let mut port = String::new();
        let output = process
            .stdout
            .take()
            .ok_or("the server has no standard output")?;
        BufReader::new(output)
            .read_line(&mut port)
            .map_err(|error| format!("cannot read the port of the server: {error}"))?;
        let port = port.trim().to_owned();
        Ok(Self { process, port })
    }

    fn measure(&self, row: Row, client: ClientKind) -> Result<Usage, String> {
        let output = current_program()
            .args(["measure", row.name(), client.name(), &self.port])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot measure {}: {error}", row.name()))?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("measuring {} with {} failed", row.name(), client.name()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process may have exited already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn current_program() -> Command {
    Command::new(std::env::current_exe().unwrap_or_else(|_| "bench".into()))
}
