//! Compares two canonical documents and classifies breaking changes of the client.

mod change;
mod comparison;
mod events;
mod index;
mod operations;
mod provenance;
mod renames;
mod schemas;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeMap;

use serde_json::Value;

pub(super) use change::{Bump, Change, Counts};
use comparison::Comparison;
use index::Index;

/// Returns the schemas that have another name: old name to new name.
pub(super) fn renamed_schemas<'a>(
    before: &'a Value,
    after: &'a Value,
) -> BTreeMap<&'a str, &'a str> {
    renames::find(&Index::new(before), &Index::new(after))
}

/// Returns all differences: breaking changes first, then by subject and path.
pub(super) fn compare(before: &Value, after: &Value) -> Vec<Change> {
    let mut comparison = Comparison::new(before, after);
    comparison.compare_operations();
    comparison.compare_schemas();
    comparison.compare_events();
    comparison.compare_provenance(before, after);
    let mut changes = comparison.changes;
    changes.sort_by(|one, other| {
        let key = |change: &Change| (change.reason().is_none(), change.subject);
        (key(one), &one.path).cmp(&(key(other), &other.path))
    });
    changes
}
