//! Compares the recorded provenance of the upstream documents.

use std::collections::BTreeMap;

use serde_json::Value;

use super::change::{Action, Effect, Subject};
use super::comparison::{Comparison, Location};
use super::index::{entries, keys};
use crate::spec::canonical::SOURCE;
use crate::spec::provenance::BETA;
use openai_assistants_codegen::DEFAULT_BETA;

impl Comparison<'_> {
    /// Compares the records of both documents. Documents written by hand have none.
    pub(super) fn compare_provenance(&mut self, before: &Value, after: &Value) {
        let (before, after) = (record(before), record(after));
        for name in keys(&before, &after) {
            let location = Location::new("source", name);
            let action = match (before.get(name), after.get(name)) {
                (Some(old), Some(new)) if old == new => continue,
                (Some(_), Some(_)) => Action::Changed,
                (Some(_), None) => Action::Removed,
                (None, _) => Action::Added,
            };
            let value =
                |record: &BTreeMap<&str, &str>| record.get(name).map(|text| format!("`{text}`"));
            let detail = match (value(&before), value(&after)) {
                (Some(old), Some(new)) => Some(format!("changed from {old} to {new}")),
                (old, new) => new.or(old),
            };
            let effect = match (name, action) {
                (BETA, Action::Changed) => Effect::Breaks("request header changed"),
                _ => Effect::None,
            };
            self.record(Subject::Source, action, &location, detail, effect);
        }
    }
}

/// The record of a document. Without a record, the default header of the build applies.
fn record(document: &Value) -> BTreeMap<&str, &str> {
    let record = document.get("info").and_then(|info| info.get(SOURCE));
    let texts = entries(record).filter_map(|(name, value)| Some((name, value.as_str()?)));
    [(BETA, DEFAULT_BETA)].into_iter().chain(texts).collect()
}
