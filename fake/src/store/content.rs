//! The content of a file, in memory or in a folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::store::table::Totals;

/// Bytes in memory, which count against the limit until this is dropped.
pub(crate) struct Reservation {
    bytes: usize,
    totals: Totals,
}

impl Reservation {
    pub(crate) fn new(totals: &Totals) -> Self {
        let totals = totals.clone();
        Self { bytes: 0, totals }
    }

    /// Adds bytes. Returns whether the size of everything is within the limit.
    pub(crate) fn grow(&mut self, bytes: usize, limit: usize) -> bool {
        self.bytes += bytes;
        self.totals.add_content(bytes);
        self.totals.bytes() <= limit
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.totals.subtract_content(self.bytes);
    }
}

/// The content of a file. It is removed when it is dropped.
pub(crate) enum Content {
    Memory {
        bytes: Bytes,
        _room: Arc<Reservation>,
    },
    Disk(PathBuf),
}

impl Content {
    /// Stores bytes, in a folder if there is one.
    pub(crate) fn new(
        bytes: Bytes,
        room: Arc<Reservation>,
        folder: Option<&Path>,
        id: &str,
    ) -> io::Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self::Memory { bytes, _room: room });
        };
        let path = folder.join(id);
        // The folder may have files of others.
        let mut file = File::create_new(&path)?;
        // Dropping it removes what was written before a failure.
        let content = Self::Disk(path);
        file.write_all(&bytes)?;
        Ok(content)
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
        if let Self::Disk(path) = self {
            // Another program may have removed it.
            drop(fs::remove_file(path));
        }
    }
}
