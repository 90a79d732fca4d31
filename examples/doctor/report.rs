//! The report: a line for each call and check, and a summary in words.

use std::collections::BTreeSet;

use crate::document::Call;

/// What a caller lacks where an operation does not work.
#[rustfmt::skip]
const CONSEQUENCES: &[(&str, &str)] = &[
    ("listAssistants", "no list of assistants"),
    ("createAssistant", "no new assistants: pass the ID of an existing one"),
    ("getAssistant", "no single assistants: use `list_assistants`"),
    ("modifyAssistant", "no changes of assistants"),
    ("deleteAssistant", "no deletion of assistants: they stay on the server"),
    ("createThread", "no new threads by themselves: use `create_thread_and_run`"),
    ("getThread", "no single threads"),
    ("modifyThread", "no changes of threads"),
    ("deleteThread", "no deletion of threads: they stay on the server"),
    ("createThreadAndRun", "no thread with its run in one call: use `create_thread` and `create_run`"),
    ("listMessages", "no messages: `outcome()` has no text"),
    ("createMessage", "no new messages: pass them to `create_thread` or `create_run`"),
    ("getMessage", "no single messages: use `list_messages`"),
    ("modifyMessage", "no changes of messages"),
    ("deleteMessage", "no deletion of messages: they stay in the thread"),
    ("listRuns", "no list of runs: `until_idle` cannot find the active one"),
    ("createRun", "no runs on a thread: use `create_thread_and_run`"),
    ("getRun", "no polling: `follow()` works if a run is created completed, or as a stream"),
    ("modifyRun", "no changes of runs"),
    ("cancelRun", "no cancellation: `cancel_run(true)` leaves a run active"),
    ("listRunSteps", "no steps: `outcome()` has none"),
    ("getRunStep", "no single steps: use `list_run_steps`"),
    ("submitToolOuputsToRun", "no tool outputs: `follow().tools(…)` cannot resume a run"),
];

#[derive(Default)]
pub struct Report {
    /// All lines so far.
    pub lines: Vec<String>,
    /// The operations that work, by what they are about.
    operations: Vec<(String, Vec<String>)>,
    /// The checks that the server passes.
    behavior: Vec<String>,
    /// What does not work, in words.
    gaps: Vec<String>,
    /// What was not tried, and why.
    skipped: Vec<String>,
    names: BTreeSet<String>,
    passed: usize,
    failed: usize,
}

impl Report {
    /// Whether an operation or a check has passed.
    pub fn has_passed(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub fn passed(&self) -> usize {
        self.passed
    }

    pub fn line(&mut self, line: String) {
        println!("{line}");
        self.lines.push(line);
    }

    /// Adds an operation that works to a group of the summary.
    pub fn pass_operation(&mut self, group: &str, name: &str, detail: &str) {
        self.line(format!("ok {name} {detail}"));
        self.passed += 1;
        if self.names.insert(name.to_owned()) {
            match self.operations.iter_mut().find(|(known, _)| known == group) {
                Some((_, names)) => names.push(name.to_owned()),
                None => self
                    .operations
                    .push((group.to_owned(), vec![name.to_owned()])),
            }
        }
    }

    /// Adds a check of the behavior, with the consequence of its failure in words.
    pub fn check(&mut self, name: &str, result: Result<(), String>, consequence: &str) {
        if let Err(reason) = result {
            return self.fail(name, &reason, &format!("{consequence}: {reason}"));
        }
        self.line(format!("ok {name}"));
        self.passed += 1;
        self.behavior.push(name.to_owned());
    }

    /// Adds what does not work, and what that means in words.
    pub fn fail(&mut self, name: &str, reason: &str, gap: &str) {
        self.line(format!("failed {name}: {reason}"));
        self.failed += 1;
        self.gaps
            .push(gap.lines().next().unwrap_or_default().to_owned());
    }

    /// Adds an operation that does not work.
    pub fn fail_operation(&mut self, call: &Call, reason: &str) {
        let id = call.id;
        let known = CONSEQUENCES.iter().find(|(known, _)| *known == id);
        let gap = match known {
            Some((_, consequence)) => (*consequence).to_owned(),
            None => format!("no {} {}", call.method, call.path),
        };
        self.fail(id, reason, &format!("{gap} ({id}: {reason})"));
    }

    pub fn skip(&mut self, name: &str, reason: &str) {
        self.line(format!("-- {name}: {reason}"));
        self.skipped.push(format!("{name}: {reason}"));
    }

    /// Prints the summary. Returns whether nothing has failed.
    pub fn close(&mut self) -> bool {
        let groups = self.operations.iter();
        let groups = groups.map(|(group, names)| format!("{group}: {}", names.join(", ")));
        let works = groups.chain(self.behavior.iter().cloned()).collect();
        let parts = [
            ("What this server can do", works),
            ("What it cannot do", self.gaps.clone()),
            ("Not tried", self.skipped.clone()),
        ];
        for (title, entries) in parts {
            if !entries.is_empty() {
                self.line(format!("\n{title}:"));
            }
            for entry in entries {
                self.line(format!("  {entry}"));
            }
        }
        let (passed, failed, skipped) = (self.passed, self.failed, self.skipped.len());
        self.line(format!(
            "\n{passed} passed, {failed} failed, {skipped} skipped"
        ));
        self.failed == 0
    }
}
