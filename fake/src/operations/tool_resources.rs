//! Vector stores of assistants and threads: those that requests describe, and those of attachments.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::indexing::{self, Addition};
use crate::engine::state::State;
use crate::store::memory::Store;

/// When a vector store of a thread expires, unless the request says otherwise.
pub(super) fn thread_expiry() -> Value {
    json!({ "anchor": "last_active_at", "days": 7 })
}

/// Tool resources in which described vector stores are replaced by the IDs of new ones.
///
/// If a request has `vector_store_ids` as well, the descriptions are dropped. Any ID is accepted:
/// one that does not exist has no effect.
pub(super) fn create(
    state: &State,
    store: &mut Store,
    request: &Value,
    expires_after: &Value,
) -> Result<Value, ApiError> {
    for described in described(request) {
        indexing::check_chunking(&described["chunking_strategy"])?;
    }
    let mut resources = match request {
        Value::Null => json!({}),
        request => request.clone(),
    };
    if let Some(search) = resources
        .pointer_mut("/file_search")
        .and_then(Value::as_object_mut)
        && let Some(described) = search.remove("vector_stores")
        && !search.contains_key("vector_store_ids")
    {
        let described = described.as_array().into_iter().flatten();
        let created = described.map(|described| {
            let mut described = described.clone();
            described["expires_after"] = expires_after.clone();
            vector_store(state, store, &described)
        });
        search.insert("vector_store_ids".to_owned(), created.collect());
    }
    Ok(resources)
}

/// The vector stores that a request describes.
fn described(resources: &Value) -> impl Iterator<Item = &Value> {
    let described = resources["file_search"]["vector_stores"].as_array();
    described.into_iter().flatten()
}

/// The largest number of objects that a request creates for its tool resources and for the
/// attachments of its messages.
pub(super) fn count(resources: &Value, messages: &Value) -> usize {
    let files = |store: &Value| store["file_ids"].as_array().map_or(0, Vec::len);
    let described: usize = described(resources).map(|store| 1 + files(store)).sum();
    let attached = attached(messages).count();
    // The first file that is attached may need a vector store.
    described + attached + usize::from(attached > 0)
}

/// Creates a vector store with its files, and returns its ID.
fn vector_store(state: &State, store: &mut Store, request: &Value) -> Value {
    let id = state.ids.next("vs");
    indexing::create(store, id.clone(), request, state.now_seconds());
    let file_ids = request["file_ids"].as_array().into_iter().flatten();
    for file_id in file_ids.filter_map(Value::as_str) {
        add(state, store, &id, file_id, &request["chunking_strategy"]);
    }
    id.into()
}

fn add(state: &State, store: &mut Store, id: &str, file_id: &str, chunking_strategy: &Value) {
    let addition = Addition {
        file_id,
        attributes: &Value::Null,
        chunking_strategy,
        batch_id: None,
        delay: state.limits.pace,
        fails: false,
    };
    addition.add(store, id, state.now());
}

/// Adds the files that messages attach for file search to the vector store of their thread, which
/// is created if it is missing.
pub(super) fn attach(state: &State, store: &mut Store, thread_id: &str, messages: &Value) {
    for file_id in attached(messages) {
        let Some(thread) = store.threads.get_mut(thread_id) else {
            return;
        };
        if store.files.get(file_id).is_none() {
            continue;
        }
        let search = &mut thread.tool_resources["file_search"];
        let id = match search["vector_store_ids"][0].as_str() {
            Some(id) => id.to_owned(),
            None => {
                let id = state.ids.next("vs");
                search["vector_store_ids"] = json!([id]);
                let request = json!({ "expires_after": thread_expiry() });
                indexing::create(store, id.clone(), &request, state.now_seconds());
                id
            }
        };
        add(state, store, &id, file_id, &Value::Null);
    }
}

/// The files that messages attach for file search.
fn attached(messages: &Value) -> impl Iterator<Item = &str> {
    let messages = messages.as_array().into_iter().flatten();
    let attachments = messages.filter_map(|message| message["attachments"].as_array());
    let searched = attachments.flatten().filter(|attachment| {
        let mut tools = attachment["tools"].as_array().into_iter().flatten();
        tools.any(|tool| tool["type"] == "file_search")
    });
    searched.filter_map(|attachment| attachment["file_id"].as_str())
}
