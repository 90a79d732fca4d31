//! `cargo xtask spec coverage`: lists what a server's document has and the canonical one lacks.
//!
//! Both documents are compared by what is on the wire: methods and paths, parameters, properties,
//! constants, values of enums, members of unions, events. Names of operations and schemas do not
//! matter. The canonical document may have more; it may not be stricter.

mod events;
mod operations;
mod report;
mod schemas;

use std::path::Path;

use openai_assistants_codegen::{Error, document, features};
use serde_json::{Value, json};

use report::{Finding, Report};

use super::import;
use super::keywords;
use super::schema::Schemas;
use super::select::{self, Operation, Scope};

/// Compares the document of a server to the part of a canonical one with these features.
///
/// # Errors
/// If a document cannot be read or lowered.
pub(crate) fn run(
    server: &Path,
    ours: &Path,
    is_enabled: &dyn Fn(&str) -> bool,
) -> Result<Report, Error> {
    let mut theirs = events::with_root(document::read(server)?);
    type_properties(&mut theirs["components"]["schemas"]);
    let theirs = Side::read(&theirs, Scope::AnyTag).map_err(|error| error.in_file(server))?;
    let canonical = document::read(ours)?;
    let canonical = features::select(&canonical, is_enabled)
        .and_then(|selected| Side::read(&selected, Scope::Tagged))
        .map_err(|error| error.in_file(ours))?;
    Ok(Report {
        findings: compare(&theirs, &canonical),
    })
}

/// Makes free-form objects of properties without a type, which cannot be lowered.
fn type_properties(value: &mut Value) {
    if let Some(Value::Object(properties)) = value.get_mut("properties") {
        let untyped = properties.values_mut();
        for property in untyped.filter(|property| keywords::is_unconstrained(property)) {
            *property = json!({ "type": "object", "additionalProperties": true });
        }
    }
    match value {
        Value::Object(map) => map.values_mut().for_each(type_properties),
        Value::Array(items) => items.iter_mut().for_each(type_properties),
        _ => {}
    }
}

/// The lowered operations and schemas of a document.
struct Side {
    operations: Vec<Operation>,
    schemas: Schemas,
}

impl Side {
    fn read(document: &Value, scope: Scope) -> Result<Self, Error> {
        let lowered = import::lower_scope(document, scope)?;
        let schemas = lowered["components"]["schemas"].as_object();
        Ok(Self {
            operations: select::operations(&lowered, scope)?,
            schemas: schemas.cloned().into_iter().flatten().collect(),
        })
    }
}

fn compare(server: &Side, ours: &Side) -> Vec<Finding> {
    let mut comparison = schemas::Comparison::new(&server.schemas, &ours.schemas);
    operations::compare(&mut comparison, &server.operations, &ours.operations);
    events::compare(&mut comparison);
    comparison.findings
}

#[cfg(test)]
mod tests;
