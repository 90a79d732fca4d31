//! A validated call of an operation, and the body of its response.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::operations::query::Query;
use crate::store::content::Reservation;
use crate::store::event::EventReceiver;
use crate::store::run::{Run, Status};

/// A request that conforms to the OpenAPI document.
pub(crate) struct Call {
    /// The path parameters.
    pub(crate) path: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) body: Value,
    /// The file of a form.
    pub(crate) file: Option<Upload>,
    /// Whether a fault fails the indexing of the files that are added.
    pub(crate) fails_indexing: bool,
}

/// An uploaded file.
#[derive(Clone)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
    pub(crate) room: Arc<Reservation>,
}

impl Call {
    /// The value of a path parameter.
    pub(crate) fn id(&self, name: &str) -> &str {
        let mut ids = self.path.iter().filter(|(found, _)| found == name);
        ids.next().map_or("", |(_, id)| id)
    }
}

/// The body of a successful response.
pub(crate) enum ResponseBody {
    Object(Value),
    /// A run that clients continue to poll.
    ActiveRun(Value),
    Stream {
        thread_id: String,
        events: EventReceiver,
    },
    File {
        name: String,
        bytes: Bytes,
    },
}

impl ResponseBody {
    pub(crate) fn run(run: &Run) -> Self {
        if run.status.is_terminal() || run.status == Status::RequiresAction {
            Self::Object(json!(run))
        } else {
            Self::ActiveRun(json!(run))
        }
    }

    pub(crate) fn deleted(id: &str, kind: &str) -> Self {
        Self::Object(json!({ "id": id, "object": format!("{kind}.deleted"), "deleted": true }))
    }
}
