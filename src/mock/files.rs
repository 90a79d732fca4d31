//! Ready-made files and vector stores.

use serde_json::json;

use crate::mock::objects::decode;
use crate::types;

/// Returns a file for assistants: `prices.md`, 12 bytes.
#[must_use]
pub fn file() -> types::FileObject {
    decode(json!({
        "id": "file_1",
        "object": "file",
        "bytes": 12,
        "created_at": 1_700_000_000,
        "filename": "prices.md",
        "purpose": "assistants",
        "status": "processed",
    }))
}

/// Returns a vector store with one indexed file.
#[must_use]
pub fn vector_store() -> types::VectorStoreObject {
    decode(json!({
        "id": "vs_1",
        "object": "vector_store",
        "created_at": 1_700_000_001,
        "name": "Prices",
        "usage_bytes": 12,
        "file_counts": counts(),
        "status": "completed",
        "last_active_at": 1_700_000_001,
        "metadata": {},
    }))
}

/// Returns an indexed file of a vector store.
#[must_use]
pub fn vector_store_file() -> types::VectorStoreFileObject {
    decode(json!({
        "id": "file_1",
        "object": "vector_store.file",
        "usage_bytes": 12,
        "created_at": 1_700_000_001,
        "vector_store_id": "vs_1",
        "status": "completed",
        "last_error": null,
    }))
}

/// Returns a batch of one indexed file.
#[must_use]
pub fn vector_store_file_batch() -> types::VectorStoreFileBatchObject {
    decode(json!({
        "id": "vsfb_1",
        "object": "vector_store.files_batch",
        "created_at": 1_700_000_001,
        "vector_store_id": "vs_1",
        "status": "completed",
        "file_counts": counts(),
    }))
}

fn counts() -> serde_json::Value {
    json!({ "in_progress": 0, "completed": 1, "failed": 0, "cancelled": 0, "total": 1 })
}
