//! How long the JSON of an object is.

use std::io::{Result, Write};

use serde::Serialize;

/// The bytes of an object as JSON, without writing them down.
pub(crate) fn length(object: &impl Serialize) -> usize {
    let mut length = Length(0);
    // It does not fail: these are objects with names that are text.
    let _ = serde_json::to_writer(&mut length, object);
    length.0
}

struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
