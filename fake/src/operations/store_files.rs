//! Operations on the files of a vector store.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::indexing::{self, Addition};
use crate::engine::search;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::non_null_or;
use crate::operations::page::Page;
use crate::operations::query::Query;
use crate::store::store_file::StoreFile;
use crate::store::table::Table;

/// The statuses that a list can be filtered by.
const STATUSES: [&str; 4] = ["in_progress", "completed", "failed", "cancelled"];

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    let list = page(&call.query, &store.files, |_| true)?;
    Ok(ResponseBody::Object(list))
}

/// A page of the files that match and that have the status of the query.
pub(super) fn page(
    query: &Query,
    files: &Table<StoreFile>,
    matches: impl Fn(&StoreFile) -> bool,
) -> Result<Value, ApiError> {
    let page = Page::from_query(query)?;
    let status = query.get("filter");
    if let Some(status) = status.filter(|status| !STATUSES.contains(status)) {
        let known = STATUSES.map(|status| format!("'{status}'")).join(", ");
        return Err(ApiError::parameter(
            "filter",
            "invalid_value",
            format!("Invalid value: '{status}'. Supported values are: {known}."),
        ));
    }
    let has_status = |file: &StoreFile| status.is_none_or(|status| file.status == status);
    page.of(
        files,
        |file| matches(file) && has_status(file),
        |file| json!(file),
    )
}

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let body = &call.body;
    let file_id = body["file_id"].as_str();
    let addition = Addition {
        file_id: file_id.ok_or_else(|| ApiError::missing("file_id"))?,
        attributes: &body["attributes"],
        chunking_strategy: &body["chunking_strategy"],
        batch_id: None,
        delay: state.limits.pace,
        fails: call.fails_indexing,
    };
    let id = call.id("vector_store_id");
    let now = state.now();
    let mut store = state.store_with_room(1, body)?;
    indexing::vector_store(&mut store, id, now)?;
    addition.check(&store)?;
    addition.add(&mut store, id, now);
    let file = store.vector_store(id)?.file(addition.file_id)?;
    Ok(ResponseBody::Object(json!(file)))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    let file = store.file(call.id("file_id"))?;
    Ok(ResponseBody::Object(json!(file)))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store_with_room(0, &call.body)?;
    let id = call.id("file_id");
    let store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    let file = store.file(id)?;
    file.attributes = non_null_or(&call.body["attributes"], json!({}));
    let file = json!(file);
    store.files.update_size(id);
    Ok(ResponseBody::Object(file))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("file_id");
    let mut store = state.store();
    let store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    store.file(id)?;
    store.files.remove(id);
    Ok(ResponseBody::deleted(id, "vector_store.file"))
}

pub(super) fn content(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("file_id");
    let mut store = state.store();
    let vector_store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    vector_store.file(id)?;
    let text = search::text(store.file(id)?).unwrap_or_default();
    Ok(ResponseBody::Object(json!({
        "object": "vector_store.file_content.page",
        "data": [{ "type": "text", "text": text }],
        "has_more": false,
        "next_page": null,
    })))
}
