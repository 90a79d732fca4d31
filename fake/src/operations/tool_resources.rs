//! The files and vector stores of tools. There are none here, so any id will do.

use serde_json::{Value, json};

use crate::ids::Ids;

/// What a request asks for, with ids for the vector stores that it describes, unless it
/// names one.
pub(super) fn created(request: &Value, ids: &Ids) -> Value {
    let mut resources = request.clone();
    if let Some(search) = resources
        .pointer_mut("/file_search")
        .and_then(Value::as_object_mut)
        && let Some(described) = search.remove("vector_stores")
        && !search.contains_key("vector_store_ids")
    {
        let described = described.as_array().into_iter().flatten();
        let made: Vec<String> = described.map(|_| ids.next("vs")).collect();
        search.insert("vector_store_ids".to_owned(), json!(made));
    }
    resources
}
