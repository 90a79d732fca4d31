//! What is different between two canonical documents, and what of it breaks callers
//! of the client that is generated from them.

mod compare;
mod events;
mod operations;
mod renames;
mod schemas;
mod sources;
#[cfg(test)]
mod tests;
mod types;

use std::fmt;

use serde_json::Value;

use compare::Comparison;

/// What a change is about. What matters more to a maintainer comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    Operation,
    Parameter,
    Schema,
    Property,
    Required,
    Type,
    Value,
    Member,
    Event,
    Source,
}

impl Subject {
    /// Its name in reports for machines.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::Schema => "schema",
            Self::Property => "property",
            Self::Required => "required",
            Self::Type => "type",
            Self::Value => "value",
            Self::Member => "member",
            Self::Event => "event",
            Self::Source => "source",
        }
    }
}

/// What happened to the thing at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Added,
    Removed,
    Changed,
}

impl What {
    /// Its name in reports for machines.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// What a change means for code that was written against the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// It may no longer compile or work, for the reason given.
    Breaks(&'static str),
    /// It stays as it is, and there is more or less that it should use.
    Extends,
    /// It stays as it is.
    Nothing,
}

/// The part of a version that changes ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bump {
    None,
    Patch,
    Minor,
    Major,
}

impl Bump {
    /// What a list of changes asks for.
    pub(super) fn of(changes: &[Change]) -> Self {
        match changes.iter().map(|change| change.effect).min() {
            Some(Effect::Breaks(_)) => Self::Major,
            Some(Effect::Extends) => Self::Minor,
            Some(Effect::Nothing) => Self::Patch,
            None => Self::None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// The same before version 1.0, where Cargo takes the minor part for the major one.
    #[must_use]
    pub(super) fn before_one(self) -> Self {
        match self {
            Self::Major => Self::Minor,
            Self::Minor => Self::Patch,
            other => other,
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) subject: Subject,
    pub(super) what: What,
    /// The last step of the place, such as `status`.
    pub(super) name: String,
    /// As in the list of missing descriptions: `schemas/RunObject/properties/status`.
    pub(super) place: String,
    /// What changed, if anything has to be said besides the place.
    pub(super) detail: Option<String>,
    pub(super) effect: Effect,
}

impl Change {
    /// Why code written against the client may no longer compile or work.
    pub(super) fn reason(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Breaks(reason) => Some(reason),
            Effect::Extends | Effect::Nothing => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.what {
            What::Added => '+',
            What::Removed => '-',
            What::Changed => '~',
        };
        write!(f, "{sign} {}", self.place)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        match self.reason() {
            Some(reason) => write!(f, " (breaks callers: {reason})"),
            None => Ok(()),
        }
    }
}

/// How many changes there are of each sort.
pub(super) struct Counts<'a>(pub(super) &'a [Change]);

impl fmt::Display for Counts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |what: What| self.0.iter().filter(|change| change.what == what).count();
        let breaking = self.0.iter().filter(|change| change.reason().is_some());
        write!(
            f,
            "{} added, {} removed, {} changed; {} of them break callers",
            of(What::Added),
            of(What::Removed),
            of(What::Changed),
            breaking.count()
        )
    }
}

/// All differences, what breaks callers first, then by subject and place.
pub(super) fn between(before: &Value, after: &Value) -> Vec<Change> {
    let mut comparison = Comparison::new(before, after);
    comparison.operations();
    comparison.schemas();
    comparison.events();
    comparison.sources(before, after);
    let mut changes = comparison.changes;
    changes.sort_by(|one, other| {
        let key = |change: &Change| (change.reason().is_none(), change.subject);
        (key(one), &one.place).cmp(&(key(other), &other.place))
    });
    changes
}
