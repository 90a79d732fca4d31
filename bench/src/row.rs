//! The rows of the table: what is done, how often, and what of it counts.

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    DecodePage,
    DecodeRun,
    StreamEvents,
    StreamText,
    StreamAccumulate,
    Call,
    CallConcurrent,
    ListAll,
    Streams1000,
}

/// By whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Ours,
    Peer,
    Floor,
}

/// A figure of a measurement that goes into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// CPU time of the client's process, in microseconds for one unit of work.
    Cpu,
    /// Time that passes meanwhile, likewise.
    Wall,
    /// Memory of the client's process at its highest, in MiB.
    Memory,
}

/// A line of the table.
pub struct Line {
    pub name: &'static str,
    pub figure: Figure,
    pub unit: &'static str,
    /// What the ratio to the peer and to the floor may be at most.
    pub vs_peer: Option<f64>,
    pub vs_floor: Option<f64>,
}

pub const ALL: [Row; 9] = [
    Row::DecodePage,
    Row::DecodeRun,
    Row::StreamEvents,
    Row::StreamText,
    Row::StreamAccumulate,
    Row::Call,
    Row::CallConcurrent,
    Row::ListAll,
    Row::Streams1000,
];

impl Row {
    pub fn name(self) -> &'static str {
        match self {
            Self::DecodePage => "decode_page",
            Self::DecodeRun => "decode_run",
            Self::StreamEvents => "stream_events",
            Self::StreamText => "stream_text",
            Self::StreamAccumulate => "stream_accumulate",
            Self::Call => "call",
            Self::CallConcurrent => "call_concurrent",
            Self::ListAll => "list_all",
            Self::Streams1000 => "streams_1000",
        }
    }

    /// How often the unit of work is done in one measurement.
    pub fn units(self) -> usize {
        match self {
            Self::DecodePage => 2_000,
            Self::DecodeRun => 50_000,
            Self::StreamEvents | Self::StreamText | Self::StreamAccumulate => 200_000,
            Self::Call => 20_000,
            Self::CallConcurrent => 20_000,
            Self::ListAll => crate::server::PAGES,
            Self::Streams1000 => 1_000_000,
        }
    }

    /// Who can do it.
    pub fn who(self) -> &'static [Who] {
        match self {
            Self::StreamAccumulate => &[Who::Ours, Who::Floor],
            Self::ListAll => &[Who::Ours, Who::Peer],
            _ => &[Who::Ours, Who::Peer, Who::Floor],
        }
    }

    pub fn lines(self) -> Vec<Line> {
        let name = self.name();
        let line = |figure, unit, vs_peer, vs_floor| Line {
            name,
            figure,
            unit,
            vs_peer,
            vs_floor,
        };
        match self {
            Self::DecodePage => vec![line(Figure::Cpu, "us a page", Some(0.40), Some(3.5))],
            Self::DecodeRun => vec![line(Figure::Cpu, "us a run", Some(0.50), Some(3.5))],
            Self::StreamEvents => vec![line(Figure::Cpu, "us an event", Some(0.20), Some(2.0))],
            Self::StreamText => vec![line(Figure::Cpu, "us an event", Some(0.15), Some(1.6))],
            Self::StreamAccumulate => vec![line(Figure::Cpu, "us an event", None, Some(3.0))],
            Self::Call | Self::CallConcurrent => {
                let mut lines = vec![line(Figure::Cpu, "us of CPU a call", Some(1.0), Some(1.10))];
                if self == Self::Call {
                    let mut wall = line(Figure::Wall, "us a call", Some(1.0), Some(1.10));
                    wall.name = "call_wall";
                    lines.push(wall);
                }
                lines
            }
            Self::ListAll => vec![line(Figure::Wall, "us a page", Some(0.60), None)],
            Self::Streams1000 => {
                let mut memory = line(Figure::Memory, "MiB", Some(0.80), None);
                memory.name = "streams_1000_memory";
                vec![line(Figure::Cpu, "us an event", Some(0.30), None), memory]
            }
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        ALL.into_iter().find(|row| row.name() == name)
    }
}

impl Who {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Peer => "peer",
            Self::Floor => "floor",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Ours, Self::Peer, Self::Floor]
            .into_iter()
            .find(|who| who.name() == name)
    }
}
