//! The error type: what is wrong with a document, in which file and where.

use std::fmt;
use std::path::Path;

/// Why a document cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    file: Option<String>,
    location: Option<String>,
    reason: String,
    advice: Option<String>,
}

impl Error {
    /// An error that concerns the document as a whole.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            file: None,
            location: None,
            reason: reason.into(),
            advice: None,
        }
    }

    /// An error at a JSON pointer, or a line and column, of the document.
    pub fn at(location: impl fmt::Display, reason: impl Into<String>) -> Self {
        Self {
            location: Some(location.to_string()),
            ..Self::new(reason)
        }
    }

    /// Returns the location in the document.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Adds how to get around the error, unless it already says so.
    #[must_use]
    pub fn advise(mut self, advice: &str) -> Self {
        self.advice.get_or_insert_with(|| advice.to_owned());
        self
    }

    /// Adds the path of the file, unless the error already has one.
    #[must_use]
    pub fn in_file(mut self, file: &Path) -> Self {
        self.file.get_or_insert_with(|| file.display().to_string());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if let Some(location) = &self.location {
            write!(f, "at {location}: ")?;
        }
        f.write_str(&self.reason)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
