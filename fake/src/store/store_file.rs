//! Files of a vector store, as stored and as serialized.

use std::time::SystemTime;

use serde::Serialize;
use serde_json::{Value, json};

/// A file of a vector store, with the ID of the uploaded file.
#[derive(Serialize)]
pub(crate) struct StoreFile {
    pub(crate) id: String,
    pub(crate) object: &'static str,
    pub(crate) usage_bytes: usize,
    pub(crate) created_at: u64,
    pub(crate) vector_store_id: String,
    pub(crate) status: &'static str,
    pub(crate) last_error: Option<Value>,
    pub(crate) chunking_strategy: Value,
    pub(crate) attributes: Value,

    /// When the file is indexed.
    #[serde(skip)]
    pub(crate) due: SystemTime,
    /// What indexing results in: the size of the index, or an error.
    #[serde(skip)]
    pub(crate) result: Result<usize, Value>,
    /// The batch that the file was added with.
    #[serde(skip)]
    pub(crate) batch_id: Option<String>,
}

impl StoreFile {
    pub(crate) fn is_in_progress(&self) -> bool {
        self.status == "in_progress"
    }

    /// Whether the file can be searched at a time.
    pub(crate) fn is_indexed(&self, at: SystemTime) -> bool {
        let is_due = self.is_in_progress() && self.due <= at && self.result.is_ok();
        self.status == "completed" || is_due
    }

    /// Ends indexing if it is due.
    pub(crate) fn advance(&mut self, now: SystemTime) {
        if !self.is_in_progress() || self.due > now {
            return;
        }
        match &self.result {
            Ok(bytes) => (self.status, self.usage_bytes) = ("completed", *bytes),
            Err(error) => (self.status, self.last_error) = ("failed", Some(error.clone())),
        }
    }

    pub(crate) fn is_of(&self, batch_id: &str) -> bool {
        self.batch_id.as_deref() == Some(batch_id)
    }

    pub(crate) fn cancel(&mut self) {
        self.status = "cancelled";
    }
}

/// The numbers of files by status.
pub(crate) fn counts<'a>(files: impl Iterator<Item = &'a StoreFile> + Clone) -> Value {
    let count = |status| files.clone().filter(|file| file.status == status).count();
    json!({
        "in_progress": count("in_progress"),
        "completed": count("completed"),
        "failed": count("failed"),
        "cancelled": count("cancelled"),
        "total": files.clone().count(),
    })
}
