//! The content of a file, in memory or in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::store::table::Totals;

/// The content of a file. It is removed when it is dropped.
pub(crate) enum Content {
    Memory { bytes: Bytes, totals: Totals },
    Disk(PathBuf),
}

impl Content {
    /// Stores bytes, in a folder if there is one.
    pub(crate) fn new(
        bytes: Bytes,
        folder: Option<&Path>,
        id: &str,
        totals: &Totals,
    ) -> io::Result<Self> {
        let Some(folder) = folder else {
            totals.add_content(bytes.len());
            let totals = totals.clone();
            return Ok(Self::Memory { bytes, totals });
        };
        let path = folder.join(id);
        fs::write(&path, &bytes)?;
        Ok(Self::Disk(path))
    }

    pub(crate) fn read(&self) -> io::Result<Bytes> {
        match self {
            Self::Memory { bytes, .. } => Ok(bytes.clone()),
            Self::Disk(path) => fs::read(path).map(Bytes::from),
        }
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        match self {
            Self::Memory { bytes, totals } => totals.subtract_content(bytes.len()),
            // Another program may have removed it.
            Self::Disk(path) => drop(fs::remove_file(path)),
        }
    }
}
