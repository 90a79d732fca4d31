//! `cargo xtask spec diff`: reports the differences between two documents.

use std::fmt;
use std::path::{Path, PathBuf};

use openai_assistants_codegen::{Error, document};
use serde_json::{Value, json};

use super::changes::{self, Bump, Change, Counts};
use super::import::{self, Compared};
use super::module::module_of;

/// Compares two documents, upstream or canonical. Overlays apply to the second one.
///
/// # Errors
/// If a document or an overlay cannot be read or imported.
pub fn run(from: &Path, to: &Path, overlays: &[PathBuf]) -> Result<Report, Error> {
    let module = module_of(from);
    let (from, before) = read(from, &[])?;
    let (to_path, (to, after)) = (to, read(to, overlays)?);
    let before = before.document;
    after
        .succeeds(&before, module)
        .map_err(|error| error.in_file(to_path))?;
    Ok(Report {
        changes: changes::compare(&before, &after.document),
        left_out: after.left_out,
        from,
        to,
    })
}

fn read(path: &Path, overlays: &[PathBuf]) -> Result<(Origin, Compared), Error> {
    let document = document::read(path)?;
    let text = |pointer| document.pointer(pointer).and_then(Value::as_str);
    let origin = Origin {
        path: path.display().to_string(),
        openapi: text("/openapi").unwrap_or_default().to_owned(),
        api: text("/info/version").unwrap_or_default().to_owned(),
    };
    let overlays = import::read_overlays(overlays)?;
    let canonical = import::to_canonical(&document, &overlays);
    let canonical = canonical.map_err(|error| error.in_file(path))?;
    Ok((origin, canonical))
}

/// The path and the versions of a compared document.
struct Origin {
    path: String,
    openapi: String,
    api: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, openapi, api } = self;
        write!(f, "{path} (API {api}, OpenAPI {openapi})")
    }
}

/// The differences between two documents, most important first.
pub struct Report {
    from: Origin,
    to: Origin,
    changes: Vec<Change>,
    /// The operations of the second document that the client cannot call.
    left_out: Vec<String>,
}

impl Report {
    pub fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// The report as JSON.
    pub fn json(&self) -> Value {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|change| {
                json!({
                    "kind": change.subject.name(),
                    "what": change.action.name(),
                    "name": change.name,
                    "place": change.path,
                    "detail": change.detail,
                    "breaking": change.reason().is_some(),
                    "reason": change.reason(),
                })
            })
            .collect();
        let bump = Bump::of(&self.changes);
        json!({
            "from": self.from.path,
            "to": self.to.path,
            "bump": bump.name(),
            "bump_before_one": bump.before_one().name(),
            "changes": changes,
            "left_out": self.left_out,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "from {}\nto   {}", self.from, self.to)?;
        for operation in &self.left_out {
            writeln!(f, "  left out {operation}")?;
        }
        if !self.has_changes() {
            return writeln!(f, "no drift");
        }
        for change in &self.changes {
            writeln!(f, "  {change}")?;
        }
        writeln!(f, "changes: {}", Counts(&self.changes))?;
        let bump = Bump::of(&self.changes);
        write!(f, "version: {}", bump.name())?;
        if bump.before_one() != bump {
            write!(f, ", before 1.0 {}", bump.before_one().name())?;
        }
        writeln!(f)
    }
}
