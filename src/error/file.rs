//! Errors of uploads and downloads.

use std::io;
use std::time::Duration;

use crate::error::core::Error;
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;

impl Error {
    /// A file or a reader that cannot be read or written; `what` says which.
    pub(crate) fn file(what: &str, error: io::Error) -> Self {
        Self::new(ErrorKind::File, format!("{what}: {error}")).with_source(error)
    }

    /// A download whose server sends nothing more.
    pub(crate) fn download_idle(limit: Duration) -> Self {
        let message =
            format!("the server sent nothing within the `stream_idle_timeout` of {limit:?}");
        Self::new(ErrorKind::Timeout, message).classed(Failure::Processed)
    }
}
