//! Operations on files.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::files;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::page::Page;
use crate::store::content::Content;
use crate::store::file::File;

/// The default and the largest size of a page.
const MAX_PAGE: usize = 10_000;

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::with_limit(&call.query, MAX_PAGE, MAX_PAGE)?;
    let purpose = call.query.get("purpose");
    let mut store = state.store();
    files::remove_expired(&mut store, state.now());
    let list = page.of(
        &store.files,
        |file| purpose.is_none_or(|purpose| file.purpose == purpose),
        |file| json!(file),
    )?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let upload = call
        .file
        .clone()
        .ok_or_else(|| ApiError::invalid("'file' is not a file: the part has no file name."))?;
    let id = state.ids.next("file");
    let now = state.now_seconds();
    let bytes = upload.bytes.len();
    let folder = state.folder.as_deref();
    let content = Content::new(upload.bytes, upload.room, folder, &id)
        .map_err(|error| ApiError::storage(&error))?;
    // There is room for the content already.
    let mut store = state.store_with_room_for(1, 0)?;
    let lifetime = &call.body["expires_after"]["seconds"];
    let file = File {
        id: id.clone(),
        object: "file",
        bytes,
        created_at: now,
        expires_at: lifetime.as_u64().map(|seconds| now + seconds),
        filename: upload.name,
        purpose: call.body["purpose"].as_str().unwrap_or_default().to_owned(),
        status: "processed",
        content: Arc::new(content),
    };
    let file = store.files.insert(&id, file);
    Ok(ResponseBody::Object(json!(file)))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    files::remove_expired(&mut store, state.now());
    let file = store.file(call.id("file_id"))?;
    Ok(ResponseBody::Object(json!(file)))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("file_id");
    let mut store = state.store();
    files::remove_expired(&mut store, state.now());
    store.file(id)?;
    files::remove(&mut store, id, state.now());
    let deleted: Value = json!({ "id": id, "object": "file", "deleted": true });
    Ok(ResponseBody::Object(deleted))
}

pub(super) fn content(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    files::remove_expired(&mut store, state.now());
    let file = store.file(call.id("file_id"))?;
    let (name, content) = (file.filename.clone(), file.content.clone());
    drop(store);
    let bytes = content.read().map_err(|error| ApiError::storage(&error))?;
    Ok(ResponseBody::File { name, bytes })
}
