//! The kinds of errors.

/// The kind of failure of an [`Error`](crate::Error).
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, ErrorKind};
///
/// let error = Client::builder().base_url("not a URL").api_key("sk-test").build().unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Configuration);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument is missing or invalid. Nothing was sent.
    Argument,
    /// A setting of the client is missing or invalid. Nothing was sent.
    Configuration,
    /// The token provider failed.
    Credentials,
    /// The connection could not be established, or it broke.
    Connection,
    /// The certificate of the server or of the client was rejected.
    Certificate,
    /// The server was reached, and closed the connection without a response.
    Disconnected,
    /// A call or one of its attempts took longer than its time-out.
    Timeout,
    /// The server responded with an error status, or with an error body and a success status.
    Status,
    /// The server sent a redirect that the client does not follow.
    Redirect,
    /// A response, an event or the output of the model could not be deserialized.
    Decode,
    /// A local file, or a reader that is uploaded, could not be read or written.
    File,
    /// A list does not end, or has no cursor to continue from.
    Pagination,
    /// The server sent an `error` event in a stream.
    StreamError,
    /// A stream ended between two events although its run was active.
    StreamEnded,
    /// A stream ended or its connection broke in the middle of an event.
    StreamCut,
    /// A stream sent nothing for longer than its time-out.
    StreamIdle,
    /// The deadline of a followed run or of a wait passed.
    Deadline,
    /// The caller cancelled the operation.
    Cancelled,
    /// A tool failed and the policy is to abort, a decision or an action on a computer failed, or there
    /// were too many rounds.
    Tool,
    /// A run ended with another status than `completed`, or requires action.
    RunNotCompleted,
}

impl ErrorKind {
    /// Returns a name for logs and metrics, such as `timeout`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Argument => "argument",
            Self::Configuration => "configuration",
            Self::Credentials => "credentials",
            Self::Connection => "connection",
            Self::Certificate => "certificate",
            Self::Disconnected => "disconnected",
            Self::Timeout => "timeout",
            Self::Status => "status",
            Self::Redirect => "redirect",
            Self::Decode => "decode",
            Self::File => "file",
            Self::Pagination => "pagination",
            Self::StreamError => "stream_error",
            Self::StreamEnded => "stream_ended",
            Self::StreamCut => "stream_cut",
            Self::StreamIdle => "stream_idle",
            Self::Deadline => "deadline",
            Self::Cancelled => "cancelled",
            Self::Tool => "tool",
            Self::RunNotCompleted => "run_not_completed",
        }
    }
}
