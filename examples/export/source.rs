//! The server and the start time of an export, in `source.json` of the archive.

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

const NAME: &str = "source.json";

#[derive(Deserialize, Serialize)]
pub struct Source {
    pub base_url: String,
    /// When the export was started first, as HTTP dates are written.
    pub started: String,
}

impl Source {
    /// Reads the source of an archive, or returns that of a new one, which is not written yet.
    pub fn open(folder: &Path, base_url: &str) -> io::Result<Self> {
        if !folder.join(NAME).exists() {
            return Ok(Self {
                base_url: base_url.to_owned(),
                started: now(),
            });
        }
        let source = Self::read(folder)?;
        if !source.is(base_url) {
            let text = format!("{} is an export of {}", folder.display(), source.base_url);
            return Err(io::Error::other(text));
        }
        Ok(source)
    }

    /// Writes the source of a new archive. A wrong URL must not be that of an archive, so the server has
    /// returned an object or a list before.
    pub fn save(&self, folder: &Path) -> io::Result<()> {
        if folder.join(NAME).exists() {
            return Ok(());
        }
        // The file exists only once it is complete.
        let part = folder.join("source.json.part");
        fs::write(&part, serde_json::to_vec_pretty(self)?)?;
        fs::rename(part, folder.join(NAME))
    }

    pub fn read(folder: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(folder.join(NAME))?)?)
    }

    /// Whether a base URL is that of the source.
    pub fn is(&self, base_url: &str) -> bool {
        self.base_url.trim_end_matches('/') == base_url.trim_end_matches('/')
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the date of a snapshot is that of the machine"
)]
fn now() -> String {
    httpdate::fmt_http_date(SystemTime::now())
}
