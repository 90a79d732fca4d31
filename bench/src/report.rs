//! All rows, round by round, and the table of their medians.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Map, Value, json};

use crate::measure::Taken;
use crate::row::{self, Figure, Line, Row, Who};

/// How often everybody does every row, in turn.
const ROUNDS: usize = 7;

/// Measures the rows of these names, or all. Of rows that are not measured the file keeps what
/// it has.
pub fn run(names: &[&str]) -> Result<(), String> {
    let rows: Vec<Row> = match names {
        [] => row::ALL.to_vec(),
        names => names
            .iter()
            .map(|name| Row::named(name).ok_or_else(|| usage(name)))
            .collect::<Result<_, _>>()?,
    };
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let path = target.join("bench.json");
    let mut report: Map<String, Value> = std::fs::read(&path)
        .ok()
        .and_then(|json| serde_json::from_slice(&json).ok())
        .unwrap_or_default();
    let server = Server::start()?;
    println!(
        "{:<20} {:>10} {:>10} {:>10}  {:<17} {:>8} {:>8}",
        "row", "ours", "peer", "floor", "unit", "vs peer", "vs floor"
    );
    for row in rows {
        let mut taken: Vec<(Who, Taken)> = Vec::new();
        for _ in 0..ROUNDS {
            for who in row.who() {
                taken.push((*who, server.measure(row, *who)?));
            }
        }
        for line in row.lines() {
            let figures = Figures::of(&line, &taken);
            println!("{}", figures.line(&line));
            report.insert(line.name.to_owned(), figures.json(&line));
        }
    }
    println!("`!` is beyond the limit that is set in src/row.rs");
    std::fs::create_dir_all(&target).map_err(|error| error.to_string())?;
    std::fs::write(&path, format!("{:#}\n", Value::Object(report)))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn usage(name: &str) -> String {
    let rows: Vec<&str> = row::ALL.iter().map(|row| row.name()).collect();
    format!(
        "there is no row `{name}`: name some of {}, or none for all",
        rows.join(", ")
    )
}

/// The medians of a line.
struct Figures {
    ours: Option<f64>,
    peer: Option<f64>,
    floor: Option<f64>,
}

impl Figures {
    fn of(line: &Line, taken: &[(Who, Taken)]) -> Self {
        let of = |who| {
            let figures = taken.iter().filter(|(other, _)| *other == who);
            median(figures.map(|(_, taken)| match line.figure {
                Figure::Cpu => taken.cpu,
                Figure::Wall => taken.wall,
                Figure::Memory => taken.memory,
            }))
        };
        Self {
            ours: of(Who::Ours),
            peer: of(Who::Peer),
            floor: of(Who::Floor),
        }
    }

    fn ratio(&self, other: Option<f64>) -> Option<f64> {
        Some(self.ours? / other?)
    }

    fn line(&self, line: &Line) -> String {
        let figure = |figure: Option<f64>| figure.map_or("-".to_owned(), |it| format!("{it:.3}"));
        let ratio = |ratio: Option<f64>, limit: Option<f64>| match (ratio, limit) {
            (Some(ratio), Some(limit)) if ratio > limit => format!("{ratio:.2}!"),
            (Some(ratio), _) => format!("{ratio:.2} "),
            _ => "- ".to_owned(),
        };
        format!(
            "{:<20} {:>10} {:>10} {:>10}  {:<17} {:>8} {:>8}",
            line.name,
            figure(self.ours),
            figure(self.peer),
            figure(self.floor),
            line.unit,
            ratio(self.ratio(self.peer), line.vs_peer),
            ratio(self.ratio(self.floor), line.vs_floor),
        )
    }

    fn json(&self, line: &Line) -> Value {
        json!({
            "ours": self.ours,
            "peer": self.peer,
            "floor": self.floor,
            "unit": line.unit,
            "vs_peer": self.ratio(self.peer),
            "vs_floor": self.ratio(self.floor),
        })
    }
}

fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}

/// The server, for as long as this value lives.
struct Server {
    process: Child,
    port: String,
}

impl Server {
    fn start() -> Result<Self, String> {
        let mut process = this_program()
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start the server: {error}"))?;
        let mut port = String::new();
        let output = process.stdout.take().ok_or("the server says nothing")?;
        BufReader::new(output)
            .read_line(&mut port)
            .map_err(|error| format!("cannot read the server's port: {error}"))?;
        let port = port.trim().to_owned();
        Ok(Self { process, port })
    }

    fn measure(&self, row: Row, who: Who) -> Result<Taken, String> {
        let output = this_program()
            .args(["measure", row.name(), who.name(), &self.port])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("cannot measure {}: {error}", row.name()))?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_| format!("{} of {} fails", row.name(), who.name()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn this_program() -> Command {
    Command::new(std::env::current_exe().unwrap_or_else(|_| "bench".into()))
}
