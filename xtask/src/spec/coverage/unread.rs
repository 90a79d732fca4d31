//! The bodies of a server's operations that cannot be read.

use std::collections::{BTreeMap, BTreeSet};

/// The bodies that cannot be read, by the ID of the operation.
#[derive(Default)]
pub(super) struct Unread {
    /// The media types of requests.
    pub(super) requests: BTreeMap<String, String>,
    pub(super) responses: BTreeSet<String>,
}
