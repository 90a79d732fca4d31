//! Errors of local files.

use std::io;

use crate::error::core::Error;
use crate::error::kind::ErrorKind;

impl Error {
    /// A file or a reader that cannot be read or written; `what` says which.
    pub(crate) fn file(what: &str, error: io::Error) -> Self {
        Self::new(ErrorKind::File, format!("{what}: {error}")).with_source(error)
    }
}
