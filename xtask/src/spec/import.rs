//! `cargo xtask spec import`: the steps in order, and the summary at the end.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use openai_assistants_codegen::{Error, document};
use serde_json::Value;

use super::changes::{self, Change, Counts};
use super::closure::{self, ERROR_RESPONSE, STREAM_EVENT};
use super::hoist::Hoist;
use super::lower::Lowering;
use super::pointer::Pointer;
use super::{
    check, corrections, descriptions, discriminator, naming, operations, source, unions, write,
};

/// Stands at the top of the written document.
const HEADER: &str = "The OpenAI Assistants API, as far as this project uses it.\n\
    Written by `cargo xtask spec import`, which keeps the descriptions: edit those here.";

/// A canonical document, and the names that were given on the way.
struct Imported {
    document: Value,
    given: BTreeMap<String, Pointer>,
}

/// Imports the document at `source` into the one at `output`. Descriptions are kept from
/// the document that is replaced, or else taken from the one at `vocabulary`.
///
/// # Errors
/// Says what in which file cannot be imported. `output` is then left as it was.
pub(crate) fn run(source: &Path, output: &Path, vocabulary: &Path) -> Result<Summary, Error> {
    let upstream = document::read(source)?;
    let previous = previous(output)?;
    let described = match &previous {
        Some(_) => None,
        // It is not what was asked for: that it cannot be read is no reason to fail.
        None => document::read(vocabulary).ok(),
    };

    let mut imported = canonical(&upstream).map_err(|error| error.in_file(source))?;
    let missing = descriptions::carry_over(
        described.as_ref().or(previous.as_ref()),
        &mut imported.document,
    );
    check::check(&imported.document).map_err(|error| error.in_file(source))?;
    let changes = previous
        .as_ref()
        .map(|previous| changes::between(previous, &imported.document));

    let text = write::yaml(&imported.document, HEADER).map_err(|error| error.in_file(output))?;
    let unchanged = std::fs::read_to_string(output).is_ok_and(|written| written == text);
    if !unchanged {
        write::file(output, &text)?;
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

/// The document that is replaced, for its descriptions. A file that holds something
/// else is not overwritten.
fn previous(output: &Path) -> Result<Option<Value>, Error> {
    if !output.exists() {
        return Ok(None);
    }
    let previous = document::read(output)?;
    if previous.get("openapi").is_none() {
        let error = Error::new("would be replaced, but is not an OpenAPI document: move it away");
        return Err(error.in_file(output));
    }
    Ok(Some(previous))
}

/// The canonical document of any document: as it is, if it was written by an import.
///
/// # Errors
/// Says what in the document cannot be used.
pub(super) fn any(document: Value) -> Result<Value, Error> {
    let canonical = if operations::is_canonical(&document) {
        version(&document)?;
        // What it holds is taken as it is, but it has to hold something.
        closure::cut(&document)?;
        document
    } else {
        canonical(&document)?.document
    };
    check::check(&canonical)?;
    Ok(canonical)
}

/// The Assistants API of a complete document, without descriptions.
fn canonical(upstream: &Value) -> Result<Imported, Error> {
    let version = version(upstream)?;
    let closure = closure::cut(upstream)?;
    let source = source::record(upstream, &closure);

    let lowering = Lowering::new(closure.schemas)?;
    let mut schemas = lowering.components()?;
    unions::simplify_all(&mut schemas);
    corrections::apply(&mut schemas);

    let mut hoist = Hoist::new(schemas)?;
    let paths = operations::paths(&closure.operations, &lowering, &mut hoist)?;
    let Hoist {
        mut components,
        mut given,
        ..
    } = hoist;

    let roots = operations::roots(&paths)
        .into_iter()
        .chain([ERROR_RESPONSE, STREAM_EVENT].map(str::to_owned));
    closure::prune(&mut components, roots);
    given.retain(|name, _| components.contains_key(name));
    discriminator::write(&mut components)?;

    let mut document = operations::document(&version, source, paths, components);
    naming::rename_components(&mut document);
    // Whether maps are sorted depends on what is built along with this.
    document.sort_all_objects();
    Ok(Imported { document, given })
}

/// The version of the API, of a document in a version of OpenAPI that can be read.
fn version(upstream: &Value) -> Result<String, Error> {
    if upstream.get("swagger").is_some() {
        return Err(Error::at(
            "#/swagger",
            "Swagger 2.0 cannot be imported: OpenAPI 3.0 or 3.1 is needed",
        ));
    }
    let openapi = upstream
        .get("openapi")
        .and_then(Value::as_str)
        .ok_or_else(|| Error::new("is not an OpenAPI document: it has no `openapi` version"))?;
    if !["3.0.", "3.1."]
        .iter()
        .any(|known| openapi.starts_with(known))
    {
        return Err(Error::at(
            "#/openapi",
            format!("OpenAPI {openapi} cannot be imported: 3.0 or 3.1 is needed"),
        ));
    }
    let version = upstream.pointer("/info/version").and_then(Value::as_str);
    version.map(str::to_owned).ok_or_else(|| {
        Error::at(
            "#/info/version",
            "is not an OpenAPI document: it has no version of the API",
        )
    })
}

/// What an import did.
pub(crate) struct Summary {
    source: String,
    output: String,
    imported: Imported,
    /// None if there was no document before.
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
            "{operations} operations, {} schemas, {} of them named by the import",
            count("/components/schemas"),
            self.imported.given.len()
        )?;
        self.fmt_changes(f)?;
        fmt_list(f, "no description", &self.missing)
    }
}

impl Summary {
    fn fmt_changes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(changes) = &self.changes else {
            return writeln!(f, "changes: this is the first import");
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
    fn only_versions_that_can_be_read_are() {
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
