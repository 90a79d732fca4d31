//! Prints messages above the progress bar, and keeps those about missing objects.

use indicatif::ProgressBar;

pub struct Report {
    pub bar: ProgressBar,
    /// What is missing from the archive or from the target.
    pub problems: Vec<String>,
}

impl Report {
    pub fn new(bar: ProgressBar) -> Self {
        let problems = Vec::new();
        Self { bar, problems }
    }

    /// Prints a line. A bar prints nothing itself while it is hidden, as without a terminal.
    pub fn note(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    pub fn problem(&mut self, text: String) {
        self.note(&text);
        self.problems.push(text);
    }
}
