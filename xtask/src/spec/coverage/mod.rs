//! `cargo xtask spec coverage`: lists what a server's document has and the canonical one lacks.
//!
//! Both documents are compared by what is on the wire: methods and paths, parameters, properties,
//! constants, values of enums, members of unions, events. Names of operations and schemas do not
//! matter. The canonical document may have more; it may not be stricter.

mod events;
mod operations;
mod report;
mod schemas;
mod server;
mod unread;

use std::path::Path;

use openai_assistants_codegen::{Error, document, features};
use serde_json::Value;

use report::Finding;
pub use report::Report;
use unread::Unread;

use super::import;
use super::schema::Schemas;
use super::select::{self, Operation, Scope};

/// Compares the document of a server to the part of a canonical one with these features.
///
/// # Errors
/// If a document cannot be read or lowered.
pub fn run(server: &Path, ours: &Path, is_enabled: &dyn Fn(&str) -> bool) -> Result<Report, Error> {
    let canonical = document::read(ours)?;
    let canonical = features::select(&canonical, is_enabled)
        .and_then(|selected| Side::read(&selected, Scope::Tagged))
        .map_err(|error| error.in_file(ours))?;
    let theirs = document::read(server)?;
    let theirs = Side::of_server(theirs, &canonical).map_err(|error| error.in_file(server))?;
    Ok(Report {
        findings: compare(&theirs, &canonical),
    })
}

/// The lowered operations and schemas of a document.
struct Side {
    operations: Vec<Operation>,
    schemas: Schemas,
    unread: Unread,
}

impl Side {
    fn read(document: &Value, scope: Scope) -> Result<Self, Error> {
        let lowered = import::lower_scope(document, scope)?;
        let schemas = lowered["components"]["schemas"].as_object();
        Ok(Self {
            operations: select::operations(&lowered, scope)?,
            schemas: schemas.cloned().into_iter().flatten().collect(),
            unread: Unread::default(),
        })
    }

    /// Reads the document of a server, to compare it to ours.
    fn of_server(document: Value, ours: &Self) -> Result<Self, Error> {
        let prepared = server::prepare(events::with_root(document), &ours.operations);
        Ok(Self {
            unread: prepared.unread,
            ..Self::read(&prepared.document, Scope::AnyTag)?
        })
    }
}

fn compare(server: &Side, ours: &Side) -> Vec<Finding> {
    let mut comparison = schemas::Comparison::new(&server.schemas, &ours.schemas);
    operations::compare(
        &mut comparison,
        &server.operations,
        &server.unread,
        &ours.operations,
    );
    events::compare(&mut comparison);
    comparison.findings
}

#[cfg(test)]
mod tests;
