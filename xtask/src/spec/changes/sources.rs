//! What an import makes equal: how the document is written, and the header it speaks of.

use std::collections::BTreeMap;

use openai_assistants_codegen::DEFAULT_BETA;
use serde_json::Value;

use super::super::source::{BETA, SOURCE};
use super::compare::{Comparison, Place, entries, keys};
use super::{Effect, Subject, What};

impl Comparison<'_> {
    /// The records of the two documents. One that was imported by hand has none.
    pub(super) fn sources(&mut self, before: &Value, after: &Value) {
        let (before, after) = (record(before), record(after));
        for name in keys(&before, &after) {
            let place = Place::new("source", name);
            let what = match (before.get(name), after.get(name)) {
                (Some(was), Some(is)) if was == is => continue,
                (Some(_), Some(_)) => What::Changed,
                (Some(_), None) => What::Removed,
                (None, _) => What::Added,
            };
            let of =
                |record: &BTreeMap<&str, &str>| record.get(name).map(|text| format!("`{text}`"));
            let detail = match (of(&before), of(&after)) {
                (Some(was), Some(is)) => Some(format!("{is} instead of {was}")),
                (was, is) => is.or(was),
            };
            let effect = match (name, what) {
                (BETA, What::Changed) => Effect::Breaks("requests carry another header"),
                _ => Effect::Nothing,
            };
            self.note(Subject::Source, what, &place, detail, effect);
        }
    }
}

/// What is recorded. A header is sent in any case: without a record, that of the build.
fn record(document: &Value) -> BTreeMap<&str, &str> {
    let record = document.get("info").and_then(|info| info.get(SOURCE));
    let texts = entries(record).filter_map(|(name, value)| Some((name, value.as_str()?)));
    [(BETA, DEFAULT_BETA)].into_iter().chain(texts).collect()
}
