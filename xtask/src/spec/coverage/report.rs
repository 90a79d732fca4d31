//! The differences that a comparison has found, as text and as JSON.

use std::fmt;

use serde_json::{Value, json};

/// A difference: where it is, and what is lacking or stricter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) place: String,
    pub(super) what: String,
}

/// The differences between a server's document and the canonical one.
pub struct Report {
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// The report as JSON.
    pub fn json(&self) -> Value {
        self.findings
            .iter()
            .map(|Finding { place, what }| json!({ "place": place, "what": what }))
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { place, what } in &self.findings {
            writeln!(f, "{place}: {what}")?;
        }
        match self.findings.len() {
            0 => writeln!(f, "nothing is lacking"),
            1 => writeln!(f, "1 difference"),
            count => writeln!(f, "{count} differences"),
        }
    }
}
