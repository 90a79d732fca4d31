//! Vector stores and their batches of files, as stored and as serialized.

use std::time::SystemTime;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::clock::unix_seconds;
use crate::store::store_file::{StoreFile, counts};
use crate::store::table::Table;

const DAY: u64 = 86_400;

/// A vector store with its files.
pub(crate) struct VectorStore {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) name: Value,
    pub(crate) description: Value,
    pub(crate) metadata: Value,
    /// The policy of the request, or null.
    pub(crate) expires_after: Value,
    pub(crate) last_active_at: u64,
    pub(crate) is_expired: bool,
    pub(crate) files: Table<StoreFile>,
    pub(crate) batches: Table<Batch>,
}

impl VectorStore {
    /// Ends indexing of the files that are due and the batches without other files, and expires
    /// the store.
    pub(crate) fn advance(&mut self, now: SystemTime) {
        self.files.iter_mut().for_each(|file| file.advance(now));
        let expires_at = self.expires_at();
        self.is_expired |= expires_at.is_some_and(|time| time <= unix_seconds(now));
        self.end_batches("completed");
    }

    /// The API object, without files.
    pub(crate) fn object(&self) -> Value {
        let is_in_progress = self.files.iter().any(StoreFile::is_in_progress);
        let usage: usize = self.files.iter().map(|file| file.usage_bytes).sum();
        let mut object = json!({
            "id": self.id,
            "object": "vector_store",
            "created_at": self.created_at,
            // The service sends null if it is not set. Some typed clients require a string.
            "name": self.name.as_str().unwrap_or_default(),
            "description": self.description,
            "usage_bytes": usage,
            "file_counts": counts(self.files.iter()),
            "status": match (self.is_expired, is_in_progress) {
                (true, _) => "expired",
                (_, true) => "in_progress",
                _ => "completed",
            },
            "expires_at": self.expires_at(),
            "last_active_at": self.last_active_at,
            "metadata": self.metadata,
        });
        // The service sends null if it is not set. The document does not permit it.
        if !self.expires_after.is_null() {
            object["expires_after"] = self.expires_after.clone();
        }
        object
    }

    pub(crate) fn file(&mut self, id: &str) -> Result<&mut StoreFile, ApiError> {
        let file = self.files.get_mut(id);
        file.ok_or_else(|| ApiError::no_file_in_store(id, &self.id))
    }

    pub(crate) fn batch(&self, id: &str) -> Result<&Batch, ApiError> {
        let batch = self.batches.get(id);
        batch.ok_or_else(|| ApiError::not_found("file batch", id))
    }

    /// The API object of a batch.
    pub(crate) fn batch_object(&self, batch: &Batch) -> Value {
        let (status, file_counts) = match &batch.end {
            Some(end) => (end.status, end.file_counts.clone()),
            None => {
                let files = self.files.iter().filter(|file| file.is_of(&batch.id));
                ("in_progress", counts(files))
            }
        };
        json!({
            "id": batch.id,
            "object": "vector_store.files_batch",
            "created_at": batch.created_at,
            "status": status,
            "vector_store_id": self.id,
            "file_counts": file_counts,
        })
    }

    /// Cancels the files of a batch that are in progress, and thus the batch.
    pub(crate) fn cancel(&mut self, batch_id: &str) {
        let files = self.files.iter_mut();
        files
            .filter(|file| file.is_in_progress() && file.is_of(batch_id))
            .for_each(StoreFile::cancel);
        self.end_batches("cancelled");
    }

    /// Ends the batches that have no file in progress. Their counts no longer change.
    fn end_batches(&mut self, status: &'static str) {
        for batch in self.batches.iter_mut().filter(|batch| batch.end.is_none()) {
            let files = self.files.iter().filter(|file| file.is_of(&batch.id));
            if !files.clone().any(StoreFile::is_in_progress) {
                let file_counts = counts(files);
                batch.end = Some(BatchEnd {
                    status,
                    file_counts,
                });
            }
        }
    }

    fn expires_at(&self) -> Option<u64> {
        let days = self.expires_after["days"].as_u64()?;
        Some(self.last_active_at + days * DAY)
    }
}

impl Serialize for VectorStore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object().serialize(serializer)
    }
}

/// Files that were added to a vector store together.
#[derive(Serialize)]
pub(crate) struct Batch {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    /// `None` while files are in progress.
    pub(crate) end: Option<BatchEnd>,
}

/// The terminal status of a batch, and the counts of its files then.
#[derive(Serialize)]
pub(crate) struct BatchEnd {
    pub(crate) status: &'static str,
    pub(crate) file_counts: Value,
}
