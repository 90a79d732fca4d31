//! The operations of the API by resource, and the handler of each.

mod assistants;
pub(crate) mod call;
mod create;
mod file_batches;
mod files;
mod messages;
pub(crate) mod page;
pub(crate) mod query;
mod runs;
mod steps;
mod store_files;
mod submission;
mod threads;
mod tool_resources;
mod vector_stores;

use crate::api_error::ApiError;
use crate::engine::state::State;
use crate::operations::call::{Call, ResponseBody};

type Handler = fn(&State, &Call) -> Result<ResponseBody, ApiError>;

/// The handler of an operation of `openapi.yaml`.
pub(crate) fn handler(operation_id: &str) -> Option<Handler> {
    Some(match operation_id {
        "listAssistants" => assistants::list,
        "createAssistant" => assistants::create,
        "getAssistant" => assistants::get,
        "modifyAssistant" => assistants::modify,
        "deleteAssistant" => assistants::delete,
        "listThreads" => threads::list,
        "createThread" => threads::create,
        "getThread" => threads::get,
        "modifyThread" => threads::modify,
        "deleteThread" => threads::delete,
        "listMessages" => messages::list,
        "createMessage" => messages::create,
        "getMessage" => messages::get,
        "modifyMessage" => messages::modify,
        "deleteMessage" => messages::delete,
        "listRuns" => runs::list,
        "createRun" => runs::create,
        "createThreadAndRun" => runs::create_with_thread,
        "getRun" => runs::get,
        "modifyRun" => runs::modify,
        "cancelRun" => runs::cancel,
        "submitToolOuputsToRun" => runs::submit,
        "listRunSteps" => steps::list,
        "getRunStep" => steps::get,
        "listFiles" => files::list,
        "createFile" => files::create,
        "retrieveFile" => files::get,
        "deleteFile" => files::delete,
        "downloadFile" => files::content,
        "listVectorStores" => vector_stores::list,
        "createVectorStore" => vector_stores::create,
        "getVectorStore" => vector_stores::get,
        "modifyVectorStore" => vector_stores::modify,
        "deleteVectorStore" => vector_stores::delete,
        "searchVectorStore" => vector_stores::search,
        "listVectorStoreFiles" => store_files::list,
        "createVectorStoreFile" => store_files::create,
        "getVectorStoreFile" => store_files::get,
        "updateVectorStoreFileAttributes" => store_files::modify,
        "deleteVectorStoreFile" => store_files::delete,
        "retrieveVectorStoreFileContent" => store_files::content,
        "createVectorStoreFileBatch" => file_batches::create,
        "getVectorStoreFileBatch" => file_batches::get,
        "cancelVectorStoreFileBatch" => file_batches::cancel,
        "listFilesInVectorStoreBatch" => file_batches::list_files,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use serde_json::json;

    use super::call::{Call, ResponseBody};
    use super::handler;
    use super::query::Query;
    use crate::clock::SystemClock;
    use crate::engine::machine;
    use crate::engine::state::{Limits, State};
    use crate::ids::Ids;
    use crate::model::conversation::Conversation;
    use crate::model::turn::{Reply, Turn};
    use crate::spec::document::DOCUMENT;
    use crate::store::memory::Store;

    #[test]
    fn each_handler_is_that_of_an_operation() {
        let ids = DOCUMENT.operations.iter().map(|operation| &*operation.id);
        // A document may bring operations that have no handler yet.
        let (handled, new): (Vec<&str>, Vec<&str>) = ids.partition(|id| handler(id).is_some());
        assert_eq!(handled.len(), 44, "without a handler: {new:?}");
    }

    #[test]
    fn a_terminal_run_keeps_no_memory_for_its_schedule() {
        let state = State {
            store: Arc::new(Mutex::new(Store::new())),
            ids: Ids::sequential(),
            clock: Arc::new(SystemClock),
            model: Box::new(|_: &Conversation| Turn::new().say(Reply::pieces(["a"; 100]))),
            event_observer: None,
            folder: None,
            limits: Limits {
                pace: Duration::ZERO,
                lifetime: Duration::MAX,
                max_objects: usize::MAX,
                max_bytes: usize::MAX,
            },
        };
        let send = |operation, body| {
            let Ok(query) = Query::parse("", &[]) else {
                panic!("an empty query is valid");
            };
            let path = Vec::new();
            let handler = handler(operation).expect("the operation exists");
            let call = Call {
                path,
                query,
                body,
                file: None,
                fails_indexing: false,
            };
            match handler(&state, &call) {
                Ok(ResponseBody::Object(object) | ResponseBody::ActiveRun(object)) => object,
                _ => panic!("{operation} succeeds"),
            }
        };
        let assistant = send("createAssistant", json!({ "model": "m" }));
        let created = send(
            "createThreadAndRun",
            json!({ "assistant_id": assistant["id"] }),
        );
        let thread = created["thread_id"].as_str().expect("the ID is a string");
        let capacity = || {
            let mut store = state.store();
            let thread = store.threads.get_mut(thread).expect("the thread exists");
            let runs = thread.runs.iter().map(|run| run.schedule.capacity());
            runs.sum::<usize>()
        };
        assert!(capacity() >= 100);
        machine::time_to_next_action(&mut state.store(), thread, state.now());
        assert_eq!(capacity(), 0);
    }
}
