//! `cargo xtask spec import`: runs all steps of the import and summarizes the result.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use openai_assistants_codegen::{Error, document};
use serde_json::Value;

use super::canonical::{ERROR_RESPONSE, STREAM_EVENT, is_canonical};
use super::changes::{self, Change, Counts};
use super::closure;
use super::hoist::Hoist;
use super::lower::Lowering;
use super::pointer::Pointer;
use super::{corrections, descriptions, discriminator, naming, operations, provenance};
use super::{unions, validate, yaml};

/// The comment at the top of the written document.
const HEADER: &str = "The part of the OpenAI Assistants API that this project uses.\n\
    Written by `cargo xtask spec import`. Edit only descriptions, which imports keep.";

/// A canonical document, and the names that the import generated.
struct Imported {
    document: Value,
    generated: BTreeMap<String, Pointer>,
}

/// Imports the document at `source` into the document at `output`.
///
/// Descriptions are kept from the existing output, or else copied from `fallback`.
///
/// # Errors
/// If a file cannot be read, imported or written. `output` is then unchanged.
pub(crate) fn run(source: &Path, output: &Path, fallback: &Path) -> Result<Summary, Error> {
    let upstream = document::read(source)?;
    let previous = previous(output)?;
    let described = match &previous {
        Some(_) => None,
        // Optional: a fallback that cannot be read is ignored.
        None => document::read(fallback).ok(),
    };

    let mut imported = canonical(&upstream).map_err(|error| error.in_file(source))?;
    let missing = descriptions::carry_over(
        described.as_ref().or(previous.as_ref()),
        &mut imported.document,
    );
    validate::validate(&imported.document).map_err(|error| error.in_file(source))?;
    let changes = previous
        .as_ref()
        .map(|previous| changes::compare(previous, &imported.document));

    let text =
        yaml::to_string(&imported.document, HEADER).map_err(|error| error.in_file(output))?;
    let unchanged = std::fs::read_to_string(output).is_ok_and(|written| written == text);
    if !unchanged {
        yaml::write_file(output, &text)?;
    }
    Ok(Summary {
        source: source.display().to_string(),
        output: output.display().to_string(),
        imported,
        changes,
        missing,
        unchanged,
    })
}

/// Reads the existing output. Refuses to overwrite a file that is not an OpenAPI document.
fn previous(output: &Path) -> Result<Option<Value>, Error> {
    if !output.exists() {
        return Ok(None);
    }
    let previous = document::read(output)?;
    if previous.get("openapi").is_none() {
        let error =
            Error::new("the output file exists and is not an OpenAPI document; move or delete it");
        return Err(error.in_file(output));
    }
    Ok(Some(previous))
}

/// Returns a canonical document unchanged, and imports any other.
///
/// # Errors
/// If the document is invalid or cannot be imported.
pub(super) fn to_canonical(document: Value) -> Result<Value, Error> {
    let canonical = if is_canonical(&document) {
        version(&document)?;
        // Only checks that there are operations whose references resolve.
        closure::extract(&document)?;
        document
    } else {
        canonical(&document)?.document
    };
    validate::validate(&canonical)?;
    Ok(canonical)
}

/// Imports an upstream document, without descriptions.
fn canonical(upstream: &Value) -> Result<Imported, Error> {
    let version = version(upstream)?;
    let closure = closure::extract(upstream)?;
    let source = provenance::record(upstream, &closure);

    let lowering = Lowering::new(closure.schemas)?;
    let mut schemas = lowering.components()?;
    unions::simplify_all(&mut schemas);
    corrections::apply(&mut schemas);

    let mut hoist = Hoist::new(schemas)?;
    let paths = operations::paths(&closure.operations, &lowering, &mut hoist)?;
    let Hoist {
        mut components,
        mut generated,
        ..
    } = hoist;

    let roots = operations::roots(&paths)
        .into_iter()
        .chain([ERROR_RESPONSE, STREAM_EVENT].map(str::to_owned));
    closure::prune(&mut components, roots);
    generated.retain(|name, _| components.contains_key(name));
    discriminator::add_all(&mut components)?;

    let mut document = operations::document(&version, source, paths, components);
    naming::rename_components(&mut document);
    // A feature of serde_json, which other crates may enable, decides whether maps are sorted.
    document.sort_all_objects();
    Ok(Imported {
        document,
        generated,
    })
}

/// Returns the version of the API, and checks the version of OpenAPI.
fn version(upstream: &Value) -> Result<String, Error> {
    if upstream.get("swagger").is_some() {
        return Err(Error::at(
            "#/swagger",
            "Swagger 2.0 cannot be imported: OpenAPI 3.0 or 3.1 is required",
        ));
    }
    let openapi = upstream
        .get("openapi")
        .and_then(Value::as_str)
        .ok_or_else(|| {
            Error::new("is not an OpenAPI document: the property `openapi` is missing")
        })?;
    if !["3.0.", "3.1."]
        .iter()
        .any(|known| openapi.starts_with(known))
    {
        return Err(Error::at(
            "#/openapi",
            format!("OpenAPI {openapi} cannot be imported: 3.0 or 3.1 is required"),
        ));
    }
    let version = upstream.pointer("/info/version").and_then(Value::as_str);
    version.map(str::to_owned).ok_or_else(|| {
        Error::at(
            "#/info/version",
            "is not an OpenAPI document: the version of the API is missing",
        )
    })
}

/// The summary of an import.
pub(crate) struct Summary {
    source: String,
    output: String,
    imported: Imported,
    /// `None` on the first import.
    changes: Option<Vec<Change>>,
    missing: Vec<String>,
    unchanged: bool,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let document = &self.imported.document;
        let count = |pointer: &str| {
            document
                .pointer(pointer)
                .and_then(Value::as_object)
                .map_or(0, |map| map.len())
        };
        let operations: usize = document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, item)| item.as_object())
            .map(|item| item.len())
            .sum();
        let state = if self.unchanged {
            "unchanged"
        } else {
            "written"
        };
        writeln!(f, "{} -> {} ({state})", self.source, self.output)?;
        writeln!(
            f,
            "{operations} operations, {} schemas ({} named by the import)",
            count("/components/schemas"),
            self.imported.generated.len()
        )?;
        self.fmt_changes(f)?;
        fmt_list(f, "missing descriptions", &self.missing)
    }
}

impl Summary {
    fn fmt_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(changes) = &self.changes else {
            return writeln!(f, "changes: first import");
        };
        writeln!(f, "changes: {}", Counts(changes))?;
        changes
            .iter()
            .try_for_each(|change| writeln!(f, "  {change}"))
    }
}

fn fmt_list(f: &mut fmt::Formatter<'_>, title: &str, list: &[String]) -> fmt::Result {
    writeln!(
        f,
        "{title}: {}",
        if list.is_empty() {
            "none".to_owned()
        } else {
            list.len().to_string()
        }
    )?;
    list.iter().try_for_each(|line| writeln!(f, "  {line}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unsupported_versions_are_an_error() {
        let of = |value: Value| version(&value).map_err(|error| error.to_string());
        assert_eq!(
            of(json!({"openapi": "3.1.0", "info": {"version": "2.3.0"}})),
            Ok("2.3.0".to_owned())
        );
        assert!(
            of(json!({"openapi": "3.0.4", "info": {}}))
                .unwrap_err()
                .starts_with("at #/info/version")
        );
        assert!(
            of(json!({"openapi": "3.10.0"}))
                .unwrap_err()
                .starts_with("at #/openapi")
        );
        assert!(
            of(json!({"openapi": 3}))
                .unwrap_err()
                .contains("is not an OpenAPI document")
        );
        assert!(
            of(json!({"swagger": "2.0"}))
                .unwrap_err()
                .starts_with("at #/swagger")
        );
    }
}
