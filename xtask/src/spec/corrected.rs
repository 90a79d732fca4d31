//! Finds the corrections of schemas that an upstream document has renamed or removed.

use std::collections::BTreeSet;

use openai_assistants_codegen::Error;
use serde_json::Value;

use super::changes;
use super::naming;
use super::overlay::{self, Correction};

/// Lists the corrections of schemas that `before` has and the upstream document lacks.
///
/// `upstream` are the names of the upstream schemas, and `after` is what the import made of them.
///
/// # Errors
/// A schema has another name: its correction would be lost.
pub(super) fn check(
    before: &Value,
    after: &Value,
    upstream: &BTreeSet<String>,
) -> Result<Vec<String>, Error> {
    let renamed = changes::renamed_schemas(before, after);
    let had = |name: &str| before["components"]["schemas"].get(name).is_some();
    let mut lost = Vec::new();
    for Correction { line, schema } in overlay::corrected_schemas()? {
        let name = naming::renamed(&schema);
        if upstream.contains(&schema) || !had(name) {
            continue;
        }
        let new_name = renamed.get(name).copied().or(Some(name));
        match new_name.filter(|new_name| upstream.contains(*new_name)) {
            Some(new_name) => {
                return Err(Error::at(
                    format!("line {line}"),
                    format!(
                        "the schema `{schema}` is `{new_name}` in this document: add the new name to the target, or the correction is lost"
                    ),
                )
                .in_file(overlay::CORRECTIONS.as_ref()));
            }
            None if !has_other_name(name, upstream) => {
                lost.push(format!("{}: line {line}: {schema}", overlay::CORRECTIONS));
            }
            None => {}
        }
    }
    Ok(lost)
}

/// Whether the document has the schema by another of the names that the import knows.
fn has_other_name(name: &str, upstream: &BTreeSet<String>) -> bool {
    upstream.iter().any(|other| naming::renamed(other) == name)
}
