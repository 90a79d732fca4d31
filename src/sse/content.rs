//! What the body of a stream contains, by its first bytes.

use bytes::Bytes;

/// How much is read of a response that is not a stream.
///
/// Enough for a run, whose instructions may have 256,000 characters.
pub(super) const MAX_OTHER_BODY: usize = 4 * 1024 * 1024;

/// What the body contains, according to its first bytes.
#[derive(Default)]
pub(super) enum Content {
    #[default]
    Nothing,
    Events,
    /// JSON in place of events. No line of an event starts like it.
    Json(Vec<u8>),
}

impl Content {
    /// Adds a chunk. Returns it if it contains events.
    pub(super) fn add(&mut self, chunk: Bytes) -> Option<Bytes> {
        if let Self::Nothing = self
            && let Some(first) = chunk.iter().find(|byte| !byte.is_ascii_whitespace())
        {
            *self = match first {
                b'{' => Self::Json(Vec::new()),
                _ => Self::Events,
            };
        }
        let Self::Json(bytes) = self else {
            return Some(chunk);
        };
        let left = MAX_OTHER_BODY - bytes.len();
        bytes.extend_from_slice(&chunk[..chunk.len().min(left)]);
        None
    }

    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Json(bytes) if bytes.len() == MAX_OTHER_BODY)
    }
}
