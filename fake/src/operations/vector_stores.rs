//! Operations on vector stores.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::files;
use crate::engine::indexing::{self, Addition};
use crate::engine::search::Search;
use crate::engine::state::State;
use crate::model::passage::Passage;
use crate::operations::call::{Call, ResponseBody};
use crate::operations::create::non_null_or;
use crate::operations::page::Page;

pub(super) fn list(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let page = Page::from_query(&call.query)?;
    let now = state.now();
    let mut store = state.store();
    files::remove_expired(&mut store, now);
    let stores = &mut store.vector_stores;
    stores.iter_mut().for_each(|store| store.advance(now));
    let list = page.of(stores, |_| true, |store| store.object())?;
    Ok(ResponseBody::Object(list))
}

pub(super) fn create(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let body = &call.body;
    let file_ids = body["file_ids"].as_array().into_iter().flatten();
    let file_ids: Vec<&str> = file_ids.filter_map(Value::as_str).collect();
    let now = state.now();
    let mut store = state.store_with_room(1 + file_ids.len(), body)?;
    let additions = file_ids.into_iter().map(|file_id| Addition {
        file_id,
        attributes: &Value::Null,
        chunking_strategy: &body["chunking_strategy"],
        batch_id: None,
        delay: state.limits.pace,
        fails: call.fails_indexing,
    });
    let additions: Vec<Addition> = additions.collect();
    for addition in &additions {
        addition.check(&store)?;
    }
    let id = state.ids.next("vs");
    indexing::create(&mut store, id.clone(), body, state.now_seconds());
    for addition in &additions {
        addition.add(&mut store, &id, now);
    }
    Ok(ResponseBody::Object(store.vector_store(&id)?.object()))
}

pub(super) fn get(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store();
    let store = indexing::vector_store(&mut store, call.id("vector_store_id"), state.now())?;
    Ok(ResponseBody::Object(store.object()))
}

pub(super) fn modify(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let mut store = state.store_with_room(0, &call.body)?;
    let id = call.id("vector_store_id");
    let vector_store = indexing::vector_store(&mut store, id, state.now())?;
    for (name, value) in call.body.as_object().into_iter().flatten() {
        match name.as_str() {
            "name" => vector_store.name = value.clone(),
            "metadata" => vector_store.metadata = non_null_or(value, json!({})),
            "expires_after" => vector_store.expires_after = value.clone(),
            _ => {}
        }
    }
    let object = vector_store.object();
    store.vector_stores.update_size(id);
    Ok(ResponseBody::Object(object))
}

pub(super) fn delete(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let id = call.id("vector_store_id");
    let removed = state.store().vector_stores.remove(id);
    removed.ok_or_else(|| ApiError::not_found("vector store", id))?;
    Ok(ResponseBody::deleted(id, "vector_store"))
}

pub(super) fn search(state: &State, call: &Call) -> Result<ResponseBody, ApiError> {
    let (id, body) = (call.id("vector_store_id"), &call.body);
    let now = state.now();
    let mut store = state.store();
    let vector_store = indexing::vector_store(&mut store, id, now)?;
    if vector_store.is_expired {
        return Err(ApiError::invalid(format!(
            "Vector store '{id}' is expired."
        )));
    }
    vector_store.last_active_at = state.now_seconds();
    let queries: Vec<&str> = match &body["query"] {
        Value::Array(queries) => queries.iter().filter_map(Value::as_str).collect(),
        query => query.as_str().into_iter().collect(),
    };
    let limit = body["max_num_results"].as_u64().unwrap_or(10);
    let search = Search {
        query: &queries.join(" "),
        filter: &body["filters"],
        threshold: body["ranking_options"]["score_threshold"]
            .as_f64()
            .unwrap_or_default(),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
        at: now,
    };
    let passages = search.passages(&store, &[id.to_owned()]);
    Ok(ResponseBody::Object(json!({
        "object": "vector_store.search_results.page",
        "search_query": queries,
        "data": passages.iter().map(result).collect::<Value>(),
        "has_more": false,
        "next_page": null,
    })))
}

fn result(passage: &Passage) -> Value {
    json!({
        "file_id": passage.file_id,
        "filename": passage.file_name,
        "score": passage.score,
        "attributes": passage.attributes,
        "content": [{ "type": "text", "text": passage.text }],
    })
}
