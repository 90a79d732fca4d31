//! Operations on batches of files of a vector store.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::engine::indexing::{self, Addition};
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::store_files;
use crate::store::memory::Store;
use crate::store::vector_store::Batch;

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut additions = additions(state, call)?;
    let id = call.id("vector_store_id");
    let now = state.now();
    let mut store = state.store_with_room(1 + additions.len(), &call.body)?;
    indexing::vector_store(&mut store, id, now)?;
    for addition in &additions {
        addition.check(&store)?;
    }
    let batch_id = state.ids.next("vsfb");
    for addition in &mut additions {
        addition.batch_id = Some(&batch_id);
        addition.add(&mut store, id, now);
    }
    let batch = Batch {
        id: batch_id.clone(),
        created_at: state.now_seconds(),
        end: None,
    };
    store.vector_store(id)?.batches.insert(&batch_id, batch);
    object(&mut store, id, &batch_id)
}

/// The files of a request: IDs with common settings, or objects with their own.
fn additions<'a>(state: &State, call: &'a Call) -> Result<Vec<Addition<'a>>, ApiError> {
    let body = &call.body;
    let addition = |file_id, settings: &'a Value| Addition {
        file_id,
        attributes: &settings["attributes"],
        chunking_strategy: &settings["chunking_strategy"],
        batch_id: None,
        delay: state.limits.pace,
        fails: call.fails_indexing,
    };
    if let Some(ids) = body["file_ids"].as_array() {
        let ids = ids.iter().filter_map(Value::as_str);
        return Ok(ids.map(|id| addition(id, body)).collect());
    }
    let files = body["files"].as_array();
    let files = files.ok_or_else(|| ApiError::missing("file_ids"))?.iter();
    let additions = files.enumerate().map(|(index, file)| {
        let id = file["file_id"].as_str();
        let id = id.ok_or_else(|| ApiError::missing(&format!("files[{index}].file_id")))?;
        Ok(addition(id, file))
    });
    additions.collect()
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let id = call.id("vector_store_id");
    indexing::vector_store(&mut store, id, state.now())?;
    object(&mut store, id, call.id("batch_id"))
}

pub(super) fn cancel(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let id = call.id("vector_store_id");
    let batch = call.id("batch_id");
    indexing::vector_store(&mut store, id, state.now())?.cancel(batch);
    object(&mut store, id, batch)
}

pub(super) fn list_files(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    let batch = &store.batch(call.id("batch_id"))?.id;
    let list = store_files::page(&call.query, &store.files, |file| file.is_of(batch))?;
    Ok(ResponseBody::Object(list))
}

fn object(store: &mut Store, id: &str, batch: &str) -> Result<ResponseBody, ApiError> {
    let store = store.vector_store(id)?;
    Ok(ResponseBody::Object(
        store.batch_object(store.batch(batch)?),
    ))
}
