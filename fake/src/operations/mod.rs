//! What the operations do, by resource.

mod assistants;
mod messages;
mod runs;
mod steps;
mod threads;
mod tool_resources;

use serde_json::{Map, Value, json};

use crate::app::App;
use crate::failure::Failure;
use crate::query::Query;
use crate::run::{Run, Status};
use crate::stream::Events;

/// A request that is in order.
pub(crate) struct Call {
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) body: Value,
}

impl Call {
    /// An id in the path.
    pub(crate) fn id(&self, name: &str) -> &str {
        let mut ids = self.path.iter().filter(|(found, _)| found == name);
        ids.next().map_or("", |(_, id)| id)
    }
}

/// What a request is answered with.
pub(crate) enum Answer {
    Object(Value),
    /// A run that somebody is going to ask for again.
    Moving(Value),
    Events(Events),
}

impl Answer {
    fn run(run: &Run) -> Self {
        if run.status.is_final() || run.status == Status::RequiresAction {
            Self::Object(json!(run))
        } else {
            Self::Moving(json!(run))
        }
    }
}

type Handler = fn(&App, &Call) -> Result<Answer, Failure>;

/// What does an operation of the document.
pub(crate) fn handler(id: &str) -> Option<Handler> {
    Some(match id {
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

/// What the answer to a deletion says.
fn deleted(id: &str, kind: &str) -> Answer {
    Answer::Object(json!({ "id": id, "object": format!("{kind}.deleted"), "deleted": true }))
}

/// The labels that a request sets, if it does.
fn metadata(body: &Value) -> Option<Value> {
    let metadata = body.get("metadata")?;
    Some(crate::message::or(metadata, Value::Object(Map::new())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DOCUMENT;

    #[test]
    fn every_operation_of_the_document_is_there() {
        assert_eq!(DOCUMENT.operations.len(), 23);
        for operation in &DOCUMENT.operations {
            assert!(handler(&operation.id).is_some(), "{}", operation.id);
        }
    }
}
