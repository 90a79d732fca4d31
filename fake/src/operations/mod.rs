//! The operations of the API by resource, and the handler of each.

mod assistants;
pub(crate) mod call;
mod create;
mod messages;
pub(crate) mod page;
pub(crate) mod query;
mod runs;
mod steps;
mod threads;

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
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use openai_assistants::SystemClock;
    use serde_json::json;

    use super::call::{Call, ResponseBody};
    use super::handler;
    use super::query::Query;
    use crate::engine::machine;
    use crate::engine::state::{Limits, State};
    use crate::ids::Ids;
    use crate::model::conversation::Conversation;
    use crate::model::turn::{Reply, Turn};
    use crate::spec::document::DOCUMENT;
    use crate::store::memory::Store;

    #[test]
    fn every_operation_of_the_document_has_a_handler() {
        assert_eq!(DOCUMENT.operations.len(), 23);
        for operation in &DOCUMENT.operations {
            assert!(handler(&operation.id).is_some(), "{}", operation.id);
        }
    }

    #[test]
    fn a_terminal_run_keeps_no_memory_for_its_schedule() {
        let state = State {
            store: Mutex::new(Store::new()),
            ids: Ids::sequential(),
            clock: Arc::new(SystemClock),
            model: Box::new(|_: &Conversation| Turn::new().say(Reply::pieces(["a"; 100]))),
            event_observer: None,
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
            match handler(&state, &Call { path, query, body }) {
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
