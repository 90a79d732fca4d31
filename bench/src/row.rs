//! The rows of the table: the work, its repetitions, the metrics and their limits.

use crate::payload::{FILE_SIZE, PAGES};

/// A benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    DecodePage,
    DecodePageUnknown,
    DecodeRun,
    StreamEvents,
    StreamText,
    StreamAccumulate,
    Call,
    CallConcurrent,
    FollowConcurrent,
    ListAll,
    Upload,
    Download,
    Streams1000,
}

/// A measured client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    Ours,
    Peer,
    Generated,
    Floor,
}

/// The part of a measurement that a line shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// CPU time of the client process per unit of work, in microseconds.
    Cpu,
    /// Elapsed time per unit of work, in microseconds.
    Wall,
    /// Peak memory of the client process, in MiB.
    Memory,
}

/// A line of the table. A row has one line per metric.
pub struct Line {
    pub name: &'static str,
    pub metric: Metric,
    pub unit: &'static str,
    /// Upper limit of the ratio to the peer.
    pub vs_peer: Option<f64>,
    /// Upper limit of the ratio to the floor.
    pub vs_floor: Option<f64>,
}

pub const ALL: [Row; 13] = [
    Row::DecodePage,
    Row::DecodePageUnknown,
    Row::DecodeRun,
    Row::StreamEvents,
    Row::StreamText,
    Row::StreamAccumulate,
    Row::Call,
    Row::CallConcurrent,
    Row::FollowConcurrent,
    Row::ListAll,
    Row::Upload,
    Row::Download,
    Row::Streams1000,
];

impl Row {
    pub fn name(self) -> &'static str {
        match self {
            Self::DecodePage => "decode_page",
            Self::DecodePageUnknown => "decode_page_unknown",
            Self::DecodeRun => "decode_run",
            Self::StreamEvents => "stream_events",
            Self::StreamText => "stream_text",
            Self::StreamAccumulate => "stream_accumulate",
            Self::Call => "call",
            Self::CallConcurrent => "call_concurrent",
            Self::FollowConcurrent => "follow_concurrent",
            Self::ListAll => "list_all",
            Self::Upload => "upload",
            Self::Download => "download",
            Self::Streams1000 => "streams_1000",
        }
    }

    /// Units of work in one measurement.
    pub fn units(self) -> usize {
        match self {
            Self::DecodePage | Self::DecodePageUnknown => 2_000,
            Self::DecodeRun => 50_000,
            Self::StreamEvents | Self::StreamText | Self::StreamAccumulate => 200_000,
            Self::Call => 20_000,
            Self::CallConcurrent => 20_000,
            Self::FollowConcurrent => 10_240,
            Self::Upload | Self::Download => FILE_SIZE / (1024 * 1024),
            Self::ListAll => PAGES,
            Self::Streams1000 => 1_000_000,
        }
    }

    /// The clients that support this row.
    pub fn clients(self) -> &'static [ClientKind] {
        use ClientKind::{Floor, Generated, Ours, Peer};

        match self {
            Self::StreamAccumulate | Self::FollowConcurrent => &[Ours, Floor],
            Self::ListAll => &[Ours, Peer, Generated],
            // The second peer has no streams, and deserializes no run that has its usage.
            Self::DecodeRun | Self::StreamEvents | Self::StreamText | Self::Streams1000 => {
                &[Ours, Peer, Floor]
            }
            _ => &[Ours, Peer, Generated, Floor],
        }
    }

    pub fn lines(self) -> Vec<Line> {
        let name = self.name();
        let line = |metric, unit, vs_peer, vs_floor| Line {
            name,
            metric,
            unit,
            vs_peer,
            vs_floor,
        };
        match self {
            Self::DecodePage => vec![line(Metric::Cpu, "us/page", Some(0.60), Some(3.5))],
            Self::DecodePageUnknown => vec![line(Metric::Cpu, "us/page", None, None)],
            Self::DecodeRun => vec![line(Metric::Cpu, "us/run", Some(0.50), Some(3.5))],
            Self::StreamEvents => vec![line(Metric::Cpu, "us/event", Some(0.20), Some(2.0))],
            Self::StreamText => vec![line(Metric::Cpu, "us/event", Some(0.15), Some(1.6))],
            Self::StreamAccumulate => vec![line(Metric::Cpu, "us/event", None, Some(3.0))],
            Self::Call | Self::CallConcurrent => {
                let mut lines = vec![line(Metric::Cpu, "us CPU/call", Some(1.0), Some(1.10))];
                if self == Self::Call {
                    let mut wall = line(Metric::Wall, "us/call", Some(1.0), Some(1.10));
                    wall.name = "call_wall";
                    lines.push(wall);
                }
                lines
            }
            Self::FollowConcurrent => vec![line(Metric::Cpu, "us CPU/run", None, None)],
            Self::Upload | Self::Download => vec![line(Metric::Cpu, "us CPU/MiB", None, None)],
            Self::ListAll => vec![line(Metric::Wall, "us/page", Some(0.60), None)],
            Self::Streams1000 => {
                let mut memory = line(Metric::Memory, "MiB", Some(0.80), None);
                memory.name = "streams_1000_memory";
                vec![line(Metric::Cpu, "us/event", Some(0.30), None), memory]
            }
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        ALL.into_iter().find(|row| row.name() == name)
    }
}

impl ClientKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer => "peer",
            Self::Generated => "generated",
            Self::Floor => "floor",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ours, Self::Peer, Self::Generated, Self::Floor]
            .into_iter()
            .find(|client| client.name() == name)
    }
}
