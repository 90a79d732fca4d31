//! How a run or a message completed, whatever the document describes of it.

use serde::{Deserialize, Serialize};

/// How a run or a message completed.
///
/// Deserialized from its JSON, because early versions of the OpenAPI
/// document have neither the status of messages nor incomplete runs.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Completion {
    pub(crate) status: Option<String>,
    pub(crate) incomplete_details: Option<Details>,
    pub(crate) last_error: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Details {
    pub(crate) reason: Option<String>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl Completion {
    pub(crate) fn of(object: &impl Serialize) -> Self {
        let object = serde_json::to_value(object);
        object.and_then(Self::deserialize).unwrap_or_default()
    }
}
