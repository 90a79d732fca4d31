//! `cargo xtask spec import`: runs all steps of the import and summarizes the result.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use openai_assistants_codegen::{
    self as codegen, Compatibility, Error, Module, document, features,
};
use serde_json::Value;

use super::canonical::{ERROR_RESPONSE, STREAM_EVENT, is_canonical};
use super::changes::{self, Change, Counts};
use super::closure::{self, Closure};
use super::hoist::Hoist;
use super::lower::Lowering;
use super::module::module_of;
use super::overlay::{self, Overlay};
use super::pointer::Pointer;
use super::schema::Schemas;
use super::select::{self, Scope};
use super::{aliases, corrected, descriptions, discriminator, naming, operations, provenance};
use super::{unions, validate, yaml};

/// The comment at the top of the written document.
const HEADER: &str = "The part of the OpenAI Assistants API that this project uses.\n\
    Written by `cargo xtask spec import`. Edit only descriptions, which imports keep.";

/// The comment at the top of the lowered document.
const LOWERED: &str = "The document that overlays apply to.";

/// How to get around an error in the lowered document.
const OVERLAY: &str = "correct it with an overlay";

/// How to get around an error before overlays apply.
const COPY: &str = "change it in a copy of the document";

/// A canonical document, and the names that the import generated.
struct Imported {
    document: Value,
    generated: BTreeMap<String, Pointer>,
    /// The names of the schemas that corrections apply to.
    upstream: BTreeSet<String>,
}

/// Imports the document at `source` into the document at `output`.
///
/// Descriptions are kept from the existing output, or else copied from `fallback`. What these do not describe
/// has the description of a canonical `source`.
///
/// # Errors
/// If a file cannot be read, imported or written. `output` is then unchanged.
pub fn run(
    source: &Path,
    overlays: &[PathBuf],
    output: &Path,
    fallback: &Path,
) -> Result<Summary, Error> {
    let upstream = document::read(source)?;
    let overlays = read_overlays(overlays)?;
    let previous = previous(output)?;
    let fallback = match &previous {
        Some(_) => None,
        // Optional: a fallback that cannot be read is ignored.
        None => document::read(fallback).ok(),
    };
    // The descriptions of other documents are not ours.
    let own = Some(&upstream).filter(|upstream| is_canonical(upstream));

    let name = source.display().to_string();
    let mut imported =
        canonical(&upstream, &name, &overlays).map_err(|error| error.in_file(source))?;
    let described = previous.iter().chain(&fallback).chain(own);
    let missing = descriptions::carry_over(described, &mut imported.document);
    let module = module_of(output);
    let refused = |error: Error| overlay::locate(error, &overlays).in_file(source);
    let compatibility = check(previous.as_ref(), &imported.document, module).map_err(refused)?;
    let mut lost = Vec::new();
    if let Some(previous) = previous.as_ref().filter(|_| !is_canonical(&upstream)) {
        lost = corrected::check(previous, &imported.document, &imported.upstream)?;
    }
    let left_out = select::left_out(&upstream).map_err(refused)?;
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
        module,
        source: name,
        output: output.display().to_string(),
        imported,
        changes,
        compatibility,
        left_out,
        lost,
        missing,
        unchanged,
    })
}

/// Checks a canonical document: its invariants, all that the build checks, and that the client can be
/// built if it could be built before.
///
/// # Errors
/// The build would fail; the error has the location.
fn check(before: Option<&Value>, after: &Value, module: Module) -> Result<Compatibility, Error> {
    validate::validate(after)?;
    let compatibility = |document| codegen::compatibility(document, module);
    // A document that was not usable before may be of another API, or a part of one.
    let before = before.and_then(|before| compatibility(before).ok());
    let compatibility = compatibility(after).map_err(|error| error.advise(OVERLAY))?;
    let is_built =
        |compatibility: &Compatibility| compatibility.unmet.iter().all(|unmet| !unmet.is_fatal);
    let mut unmet = compatibility.unmet.iter().filter(|unmet| unmet.is_fatal);
    match unmet.next() {
        Some(unmet) if before.is_some_and(|before| is_built(&before)) => {
            Err(Error::new(&unmet.message))
        }
        _ => codegen::check(after, module).map_err(|error| error.advise(OVERLAY)),
    }
}

/// Returns the document that overlays apply to, with these overlays applied.
///
/// # Errors
/// If a file cannot be read, or the document cannot be imported.
pub fn show_lowered(source: &Path, overlays: &[PathBuf]) -> Result<String, Error> {
    let upstream = document::read(source)?;
    let overlays = read_overlays(overlays)?;
    let name = source.display().to_string();
    let mut lowered =
        lowered(&upstream, &name, &overlays).map_err(|error| error.in_file(source))?;
    lowered.sort_all_objects();
    yaml::to_string(&lowered, LOWERED).map_err(|error| error.in_file(source))
}

pub(super) fn read_overlays(files: &[PathBuf]) -> Result<Vec<Overlay>, Error> {
    files.iter().map(|file| Overlay::read(file)).collect()
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

/// A canonical document that is compared.
pub(super) struct Compared {
    pub(super) document: Value,
    /// The operations that the import left out.
    pub(super) left_out: Vec<String>,
    /// `None` for a document that was canonical already.
    upstream: Option<BTreeSet<String>>,
}

impl Compared {
    /// Checks that the import would not refuse the document as the successor of `before` in this module.
    ///
    /// # Errors
    /// The client cannot be built, or a correction would be lost.
    pub(super) fn succeeds(&self, before: &Value, module: Module) -> Result<(), Error> {
        check(Some(before), &self.document, module)?;
        if let Some(upstream) = &self.upstream {
            corrected::check(before, &self.document, upstream)?;
        }
        Ok(())
    }
}

/// Imports a document. The descriptions of a canonical one are kept.
///
/// # Errors
/// If the document is invalid or cannot be imported.
pub(super) fn to_canonical(document: &Value, overlays: &[Overlay]) -> Result<Compared, Error> {
    let mut imported = canonical(document, "the document", overlays)?;
    descriptions::carry_over([document], &mut imported.document);
    validate::validate(&imported.document).map_err(|error| overlay::locate(error, overlays))?;
    Ok(Compared {
        document: imported.document,
        left_out: select::left_out(document)?,
        upstream: (!is_canonical(document)).then_some(imported.upstream),
    })
}

/// Imports an upstream document, without descriptions.
fn canonical(upstream: &Value, name: &str, overlays: &[Overlay]) -> Result<Imported, Error> {
    let mut lowered = lowered(upstream, name, overlays)?;
    let schemas = lowered["components"]["schemas"].as_object();
    let names = schemas.into_iter().flatten().map(|(name, _)| name.clone());
    let names = names.collect();
    naming::rename_components(&mut lowered);
    let closure = closure::extract(&lowered);
    let mut closure = closure.map_err(|error| error.advise(OVERLAY))?;
    // Overlays may have added what has to be lowered.
    let mut components = lower(&mut closure)?;
    components.values_mut().for_each(unions::remove_marks);
    aliases::resolve(&mut components, &mut closure.operations);
    let hoist = Hoist::new(components).and_then(|mut hoist| {
        operations::hoist(&mut closure.operations, &mut hoist)?;
        Ok(hoist)
    });
    let hoist = hoist.map_err(|error| error.advise(OVERLAY))?;
    let paths = operations::paths(&closure.operations);
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
    discriminator::add_all(&mut components).map_err(|error| error.advise(OVERLAY))?;

    let mut document = operations::document(&lowered, &closure.operations, components);
    // A feature of serde_json, which other crates may enable, decides whether maps are sorted.
    document.sort_all_objects();
    Ok(Imported {
        document,
        generated,
        upstream: names,
    })
}

/// Lowers the Assistants API of a document, and applies corrections and overlays.
///
/// The result has the names and inline schemas of the document. A canonical document has been
/// corrected already.
fn lowered(upstream: &Value, name: &str, overlays: &[Overlay]) -> Result<Value, Error> {
    let mut document = lower_document(upstream)?;
    if !is_canonical(upstream) {
        overlay::apply(&mut document, name, &[overlay::corrections()?])?;
        // Makes the unions that corrections mark, which overlays may extend.
        simplify_components(&mut document);
    }
    overlay::apply(&mut document, name, overlays)?;
    Ok(document)
}

fn lower_document(upstream: &Value) -> Result<Value, Error> {
    lower_scope(upstream, Scope::Callable)
}

/// Lowers the operations of a scope, and the schemas that they reach.
pub(super) fn lower_scope(upstream: &Value, scope: Scope) -> Result<Value, Error> {
    let version = version(upstream)?;
    let closure = closure::extract_scope(upstream, scope);
    let mut closure = closure.map_err(|error| error.advise(COPY))?;
    let source = provenance::record(upstream, &closure);
    let schemas = lower(&mut closure)?;
    let operations = &closure.operations;
    Ok(operations::new_document(
        &version, source, operations, schemas,
    ))
}

fn simplify_components(document: &mut Value) {
    let components = document.pointer_mut("/components/schemas");
    if let Some(Value::Object(components)) = components {
        let mut schemas: Schemas = std::mem::take(components).into_iter().collect();
        unions::simplify_all(&mut schemas);
        components.extend(schemas);
    }
}

/// Lowers operations in place, and returns the lowered components.
fn lower(closure: &mut Closure) -> Result<Schemas, Error> {
    let lowering = Lowering::new(std::mem::take(&mut closure.schemas));
    let schemas = lowering.and_then(|lowering| {
        operations::lower(&mut closure.operations, &lowering)?;
        lowering.components()
    });
    let mut schemas = schemas.map_err(|error| error.advise(COPY))?;
    unions::simplify_all(&mut schemas);
    Ok(schemas)
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
pub struct Summary {
    /// The module that the document is for.
    module: Module,
    source: String,
    output: String,
    imported: Imported,
    /// `None` on the first import.
    changes: Option<Vec<Change>>,
    compatibility: Compatibility,
    /// The operations that the client cannot call.
    left_out: Vec<String>,
    /// The corrections of schemas that are gone.
    lost: Vec<String>,
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
        let unmet = self.compatibility.unmet.iter();
        let unmet: Vec<String> = unmet.map(|unmet| unmet.message.clone()).collect();
        for (title, list) in [
            ("requirements of the client that are not met", unmet),
            ("operations left out", self.left_out.clone()),
            ("corrections of schemas that are gone", self.lost.clone()),
            ("rows of new operations to add", self.contract_rows()),
        ] {
            if !list.is_empty() {
                fmt_list(f, title, &list)?;
            }
        }
        fmt_list(f, "missing descriptions", &self.missing)
    }
}

impl Summary {
    /// The contracts that the tests of the client need for new operations.
    fn contract_rows(&self) -> Vec<String> {
        let added = self.changes.iter().flatten();
        let added: Vec<&str> = added
            .filter(|change| change.is_new_operation())
            .map(|change| change.name.as_str())
            .collect();
        let mut rows = Vec::new();
        let paths = self.imported.document["paths"].as_object();
        for (path, item) in paths.into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let id = operation["operationId"].as_str().unwrap_or_default();
                if !added.contains(&id) {
                    continue;
                }
                let file = match (self.module, operation[features::FEATURE].as_str()) {
                    (Module::V1, _) => "operations_v1.rs",
                    (Module::Root, Some("files")) => "operations_files.rs",
                    (Module::Root, _) => "operations.rs",
                };
                let method = method.to_uppercase();
                // A contract has IDs in place of parameters: `thread_1` for `{thread_id}`.
                let path = path.replace("_id}", "_1").replace(['{', '}'], "");
                rows.push(format!(
                    "tests/contract/{file}: Contract::new(\"{id}\", \"{method}\", \"{path}\", …)"
                ));
            }
        }
        rows
    }

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

    /// The upstream documents are not part of this repository.
    #[test]
    fn every_correction_selects_something_in_an_upstream_document() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/upstream");
        let documents: Option<Vec<Value>> = ["2024-04-16", "2025-04-29", "2026-08-21"]
            .iter()
            .map(|date| document::read(&folder.join(format!("openai-{date}.yaml"))).ok())
            .collect();
        let Some(documents) = documents else {
            println!("skipped: there are no documents in {}", folder.display());
            return;
        };
        let mut lowered: Vec<Value> = documents
            .iter()
            .map(|upstream| lower_document(upstream).unwrap())
            .collect();
        for step in overlay::corrections().unwrap().steps() {
            let step = std::slice::from_ref(&step);
            let errors = lowered
                .iter_mut()
                .filter_map(|document| overlay::apply(document, "all documents", step).err())
                .collect::<Vec<_>>();
            assert!(errors.len() < lowered.len(), "{}", errors[0]);
        }
    }

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
