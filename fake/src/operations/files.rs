//! Operations on files.

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
    files::remove_expired(&mut store, state.now_seconds());
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
    let folder = state.folder.as_deref();
    let in_memory = if folder.is_some() {
        0
    } else {
        upload.bytes.len()
    };
    let mut store = state.store_with_room_for(1, in_memory)?;
    let id = state.ids.next("file");
    let now = state.now_seconds();
    let bytes = upload.bytes.len();
    let content = Content::new(upload.bytes, folder, &id, &store.totals);
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
        content: content.map_err(|error| ApiError::storage(&error))?,
    };
    let file = store.files.insert(&id, file);
    Ok(ResponseBody::Object(json!(file)))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    files::remove_expired(&mut store, state.now_seconds());
    let file = store.file(call.id("file_id"))?;
    Ok(ResponseBody::Object(json!(file)))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("file_id");
    let mut store = state.store();
    files::remove_expired(&mut store, state.now_seconds());
    store.file(id)?;
    files::remove(&mut store, id);
    let deleted: Value = json!({ "id": id, "object": "file", "deleted": true });
    Ok(ResponseBody::Object(deleted))
}

pub(super) fn content(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    files::remove_expired(&mut store, state.now_seconds());
    let file = store.file(call.id("file_id"))?;
    let bytes = file.content.read();
    Ok(ResponseBody::File {
        name: file.filename.clone(),
        bytes: bytes.map_err(|error| ApiError::storage(&error))?,
    })
}
