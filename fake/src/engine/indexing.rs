//! Adds files to vector stores, which are indexed when the clock reaches a time.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::clock::unix_seconds;
use crate::engine::chunk::Chunking;
use crate::engine::{extract, files};
use crate::store::file::File;
use crate::store::memory::Store;
use crate::store::store_file::StoreFile;
use crate::store::table::Table;
use crate::store::vector_store::VectorStore;

/// The size of the embedding of a chunk in the service: 256 numbers.
const EMBEDDING: usize = 1024;

/// Returns a vector store, advanced to the current time. Expired files are removed.
pub(crate) fn vector_store<'a>(
    store: &'a mut Store,
    id: &str,
    now: SystemTime,
) -> Result<&'a mut VectorStore, ApiError> {
    files::remove_expired(store, now);
    let vector_store = store.vector_store(id)?;
    vector_store.advance(now);
    Ok(vector_store)
}

/// Stores a vector store without files, from a `CreateVectorStoreRequest`.
pub(crate) fn create(store: &mut Store, id: String, request: &Value, now: u64) {
    let metadata = &request["metadata"];
    let vector_store = VectorStore {
        id: id.clone(),
        created_at: now,
        name: request["name"].clone(),
        description: request["description"].clone(),
        metadata: match metadata {
            Value::Null => json!({}),
            metadata => metadata.clone(),
        },
        expires_after: request["expires_after"].clone(),
        last_active_at: now,
        is_expired: false,
        files: Table::new(&store.totals),
        batches: Table::new(&store.totals),
    };
    store.vector_stores.insert(&id, vector_store);
}

/// A file to add to a vector store.
pub(crate) struct Addition<'a> {
    pub(crate) file_id: &'a str,
    pub(crate) attributes: &'a Value,
    pub(crate) chunking_strategy: &'a Value,
    /// The batch that the file is added with.
    pub(crate) batch_id: Option<&'a str>,
    /// Time until the file is indexed.
    pub(crate) delay: Duration,
    /// Whether indexing fails.
    pub(crate) fails: bool,
}

impl Addition<'_> {
    /// Checks that the file exists and that its chunking is valid.
    pub(crate) fn check(&self, store: &Store) -> Result<(), ApiError> {
        if store.files.get(self.file_id).is_none() {
            return Err(ApiError::not_found("file", self.file_id));
        }
        check_chunking(self.chunking_strategy)
    }

    /// Adds the file to a vector store. A file or store that does not exist is ignored.
    pub(crate) fn add(&self, store: &mut Store, store_id: &str, now: SystemTime) {
        let Some(file) = store.files.get(self.file_id) else {
            return;
        };
        let Some(vector_store) = store.vector_stores.get_mut(store_id) else {
            return;
        };
        let chunking = Chunking::from_strategy(self.chunking_strategy);
        let result = match self.fails {
            true => Err(extract::error("server_error", "Injected fault.")),
            false => index(file, chunking),
        };
        let indexed = StoreFile {
            id: file.id.clone(),
            object: "vector_store.file",
            usage_bytes: 0,
            created_at: unix_seconds(now),
            vector_store_id: store_id.to_owned(),
            status: "in_progress",
            last_error: None,
            chunking_strategy: chunking.strategy(),
            attributes: match self.attributes {
                Value::Null => json!({}),
                attributes => attributes.clone(),
            },
            due: now.checked_add(self.delay).unwrap_or(now),
            result,
            batch_id: self.batch_id.map(str::to_owned),
        };
        // A file that is added again leaves its batch, which may have ended.
        vector_store.advance(now);
        vector_store.last_active_at = unix_seconds(now);
        vector_store.files.remove(self.file_id);
        vector_store.files.insert(self.file_id, indexed);
    }
}

/// Checks that chunks overlap by at most their half.
pub(crate) fn check_chunking(strategy: &Value) -> Result<(), ApiError> {
    if Chunking::from_strategy(strategy).is_valid() {
        return Ok(());
    }
    Err(ApiError::parameter(
        "chunking_strategy.static.chunk_overlap_tokens",
        "invalid_value",
        "'chunk_overlap_tokens' must not exceed half of 'max_chunk_size_tokens'.",
    ))
}

/// The size of the index of a file, or the error of indexing it.
fn index(file: &File, chunking: Chunking) -> Result<usize, Value> {
    let bytes = file.content.read();
    let bytes = bytes.map_err(|error| extract::error("server_error", &error.to_string()))?;
    let text = extract::text(&file.filename, &bytes)?;
    let chunks = chunking.split(&text);
    Ok(chunks.iter().map(|chunk| chunk.len() + EMBEDDING).sum())
}
