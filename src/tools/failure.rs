//! Failed tool calls, and how they are handled.

use std::error::Error as StdError;
use std::fmt;

type Source = Box<dyn StdError + Send + Sync>;

/// How a failed tool call is handled.
///
/// [`Follow::on_tool_failure`](crate::Follow::on_tool_failure) chooses it for each failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnToolFailure {
    /// Submits `{"error": …}` as the output of the call.
    ///
    /// The model may correct the call.
    #[default]
    ReportToModel,
    /// Submits nothing and returns the error to the caller.
    Abort,
}

/// The kind of a [`ToolError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ToolErrorKind {
    /// The arguments are not JSON, or do not match the argument type.
    BadArguments,
    /// There is no tool of this name in the set.
    UnknownTool,
    /// The function returned an error, or its result cannot be serialized.
    Failed,
    /// The function did not return within its time-out and was dropped.
    TimedOut,
    /// The function panicked.
    ///
    /// The message does not include the panic message.
    Panicked,
}

impl ToolErrorKind {
    /// Returns a name for logs and metrics, such as `timed_out`.
    ///
    /// ```
    /// use openai_assistants::ToolErrorKind;
    ///
    /// assert_eq!(ToolErrorKind::TimedOut.as_str(), "timed_out");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadArguments => "bad_arguments",
            Self::UnknownTool => "unknown_tool",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
        }
    }
}

/// A failed tool call.
///
/// [`ToolSet::call`](crate::ToolSet::call) returns it. When a run is followed, it is the
/// [`source`](std::error::Error::source) of an error with [`is_tool`](crate::Error::is_tool). Its
/// own source is the error of the function.
///
/// # Examples
///
/// ```
/// use openai_assistants::{OnToolFailure, ToolError, ToolErrorKind};
///
/// /// Reports the mistakes of the model to it; everything else ends the run.
/// fn on_failure(error: &ToolError) -> OnToolFailure {
///     match error.kind() {
///         ToolErrorKind::BadArguments | ToolErrorKind::UnknownTool => OnToolFailure::ReportToModel,
///         _ => OnToolFailure::Abort,
///     }
/// }
/// ```
#[derive(Debug)]
pub struct ToolError {
    pub(super) kind: ToolErrorKind,
    pub(super) tool: String,
    pub(super) call_id: String,
    pub(super) message: String,
    pub(super) source: Option<Source>,
}

impl ToolError {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ToolErrorKind {
        self.kind
    }

    /// Returns the name of the tool, as the model wrote it.
    #[must_use]
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// Returns the ID of the call.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Returns the message that is reported to the model.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tool, call_id, message) = (shortened(&self.tool), &self.call_id, &self.message);
        let failed = match self.kind {
            // The message is that for the model, which does not say so.
            ToolErrorKind::Panicked => "panicked",
            _ => "failed",
        };
        write!(
            f,
            "the call {call_id} of the tool `{tool}` {failed}: {message}"
        )
    }
}

impl StdError for ToolError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Shortens a text of the model in the middle, since errors of serde end with what they expected.
pub(super) fn shortened(text: &str) -> String {
    const HALF: usize = 300;
    let length = text.chars().count();
    if length <= 2 * HALF {
        return text.to_owned();
    }
    let start = text.chars().take(HALF);
    start
        .chain("…".chars())
        .chain(text.chars().skip(length - HALF))
        .collect()
}

/// Why a call failed, without the name of the tool and the ID of the call.
pub(super) struct Failure {
    pub(super) kind: ToolErrorKind,
    pub(super) message: String,
    pub(super) source: Option<Source>,
}

impl Failure {
    pub(super) fn new(kind: ToolErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// A failure of the function, with the message of its error.
    pub(super) fn failed(source: Source) -> Self {
        Self {
            kind: ToolErrorKind::Failed,
            message: source.to_string(),
            source: Some(source),
        }
    }
}
