//! Changes between two documents, their effects and their display.

use std::fmt;

/// The subject of a change, most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
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
    /// Returns the name in JSON reports.
    pub(crate) fn name(self) -> &'static str {
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

/// The type of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Added,
    Removed,
    Changed,
}

impl Action {
    /// Returns the name in JSON reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// The effect of a change on code that uses the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// Code may no longer compile or work, for this reason.
    Breaks(&'static str),
    /// Code is not affected, but the API has additions or deprecations.
    Extends,
    /// Code is not affected.
    None,
}

/// The part of the version to increase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bump {
    None,
    Patch,
    Minor,
    Major,
}

impl Bump {
    /// Returns the part to increase after these changes.
    pub(crate) fn of(changes: &[Change]) -> Self {
        match changes.iter().map(|change| change.effect).min() {
            Some(Effect::Breaks(_)) => Self::Major,
            Some(Effect::Extends) => Self::Minor,
            Some(Effect::None) => Self::Patch,
            None => Self::None,
        }
    }

    /// Returns the name in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// Returns the part to increase before version 1.0, where the minor part is breaking.
    #[must_use]
    pub(crate) fn before_one(self) -> Self {
        match self {
            Self::Major => Self::Minor,
            Self::Minor => Self::Patch,
            other => other,
        }
    }
}

/// One difference between two documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) subject: Subject,
    pub(crate) action: Action,
    /// The last segment of the path, such as `status`.
    pub(crate) name: String,
    /// The path of the subject, such as `schemas/RunObject/properties/status`.
    pub(crate) path: String,
    /// The old and the new state, if the path is not sufficient.
    pub(crate) detail: Option<String>,
    pub(crate) effect: Effect,
}

impl Change {
    /// Whether the second document has an operation that the first one lacks, by its ID.
    pub(crate) fn is_new_operation(&self) -> bool {
        self.subject == Subject::Operation && self.action == Action::Added
    }

    /// Returns why the change is breaking.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Breaks(reason) => Some(reason),
            Effect::Extends | Effect::None => None,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.action {
            Action::Added => '+',
            Action::Removed => '-',
            Action::Changed => '~',
        };
        write!(f, "{sign} {}", self.path)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        match self.reason() {
            Some(reason) => write!(f, " (breaking: {reason})"),
            None => Ok(()),
        }
    }
}

/// The number of changes of each type.
pub(crate) struct Counts<'a>(pub(crate) &'a [Change]);

impl fmt::Display for Counts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |action: Action| {
            self.0
                .iter()
                .filter(|change| change.action == action)
                .count()
        };
        let breaking = self.0.iter().filter(|change| change.reason().is_some());
        write!(
            f,
            "{} added, {} removed, {} changed; {} breaking",
            of(Action::Added),
            of(Action::Removed),
            of(Action::Changed),
            breaking.count()
        )
    }
}
