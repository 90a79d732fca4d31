//! The state of a comparison: both documents and the changes found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{Action, Change, Effect, Subject};
use super::index::{Index, flag};
use super::renames;

/// The path of a changed item, for reports.
#[derive(Clone)]
pub(super) struct Location {
    pub(super) path: String,
    /// The last segment. It may contain slashes.
    pub(super) name: String,
}

impl Location {
    /// An item of a top-level collection.
    pub(super) fn new(collection: &str, name: &str) -> Self {
        Self {
            path: format!("{collection}/{name}"),
            name: name.to_owned(),
        }
    }

    /// An item of a collection within this one.
    pub(super) fn child(&self, collection: &str, name: &str) -> Self {
        self.part(collection).part(name)
    }

    /// A fixed part of this item, such as `requestBody`.
    pub(super) fn part(&self, name: &str) -> Self {
        Self::new(&self.path, name)
    }
}

/// The comparison of two documents, with the changes found so far.
pub(super) struct Comparison<'a> {
    pub(super) before: Index<'a>,
    pub(super) after: Index<'a>,
    /// Renamed schemas: old name to new name.
    pub(super) renamed: BTreeMap<&'a str, &'a str>,
    /// The request schemas of the first document.
    pub(super) requests_before: BTreeSet<String>,
    /// The request schemas of the second document.
    pub(super) requests_after: BTreeSet<String>,
    pub(super) changes: Vec<Change>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(before: &'a Value, after: &'a Value) -> Self {
        let (before, after) = (Index::new(before), Index::new(after));
        Self {
            renamed: renames::find(&before, &after),
            requests_before: before.request_schemas(),
            requests_after: after.request_schemas(),
            before,
            after,
            changes: Vec::new(),
        }
    }

    /// Records a change.
    pub(super) fn record(
        &mut self,
        subject: Subject,
        action: Action,
        location: &Location,
        detail: Option<String>,
        effect: Effect,
    ) {
        self.changes.push(Change {
            subject,
            action,
            name: location.name.clone(),
            path: location.path.clone(),
            detail,
            effect,
        });
    }

    /// Records that an item differs.
    pub(super) fn changed(
        &mut self,
        subject: Subject,
        location: &Location,
        detail: impl Into<String>,
        effect: Effect,
    ) {
        self.record(
            subject,
            Action::Changed,
            location,
            Some(detail.into()),
            effect,
        );
    }

    /// Compares the flag `deprecated`.
    pub(super) fn compare_deprecation(
        &mut self,
        subject: Subject,
        location: &Location,
        before: &Value,
        after: &Value,
    ) {
        match (flag(before, "deprecated"), flag(after, "deprecated")) {
            (false, true) => self.changed(subject, location, "deprecated", Effect::Extends),
            (true, false) => {
                self.changed(subject, location, "no longer deprecated", Effect::None);
            }
            _ => {}
        }
    }
}
