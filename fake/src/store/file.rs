//! Uploaded files, as stored and as serialized.

use std::sync::Arc;

use serde::Serialize;

use crate::store::content::Content;

/// An uploaded file.
#[derive(Serialize)]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) object: &'static str,
    pub(crate) bytes: usize,
    pub(crate) created_at: u64,
    // The service sends null if a file does not expire. The document does not permit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<u64>,
    pub(crate) filename: String,
    pub(crate) purpose: String,
    pub(crate) status: &'static str,

    #[serde(skip)]
    pub(crate) content: Arc<Content>,
}
