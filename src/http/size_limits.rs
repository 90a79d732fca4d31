//! Limits of the memory that a response can take.

use crate::json::merge::MAX_MISSING;

/// Limits of the memory that a response of a server can take.
///
/// More is an error. The defaults are far above what servers send. Lower them if you call servers that
/// you do not trust.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Client, SizeLimits};
///
/// let limits = SizeLimits::default().body(16 << 20).event(1 << 20);
/// let client = Client::builder().api_key("sk-test").size_limits(limits).build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeLimits {
    pub(crate) body: usize,
    pub(crate) event: usize,
    pub(crate) missing_items: usize,
}

impl Default for SizeLimits {
    /// A body of 256 MiB, an event of 80 MiB, and 1,000 missing items.
    fn default() -> Self {
        Self {
            // Larger than a page of 100 messages of the maximum size.
            body: 256 << 20,
            event: 80 << 20,
            missing_items: MAX_MISSING,
        }
    }
}

impl SizeLimits {
    /// Sets the maximum size of a response body in bytes. The default is 256 MiB.
    ///
    /// It also limits the content of a file that is returned whole, by `bytes` of a call. A download and a
    /// stream of events have no such limit.
    #[must_use]
    pub fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// Sets the maximum size of an event of a stream in bytes. The default is 80 MiB.
    #[must_use]
    pub fn event(mut self, bytes: usize) -> Self {
        self.event = bytes;
        self
    }

    /// Sets how many items of lists may be missing in a stream. The default is 1,000.
    ///
    /// A delta states the index of the item that it changes. One beyond the end of the list adds the
    /// items before it.
    #[must_use]
    pub fn missing_items(mut self, count: usize) -> Self {
        self.missing_items = count;
        self
    }
}
