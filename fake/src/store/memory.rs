//! The in-memory store: assistants, threads with their messages and runs, files and vector stores.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::store::file::File;
use crate::store::message::Message;
use crate::store::run::Run;
use crate::store::table::{Table, Totals};
use crate::store::vector_store::VectorStore;

/// All objects of a server.
pub(crate) struct Store {
    /// Assistants, as the API objects that are sent.
    pub(crate) assistants: Table<Value>,
    pub(crate) threads: Table<Thread>,
    pub(crate) files: Table<File>,
    pub(crate) vector_stores: Table<VectorStore>,
    pub(crate) totals: Totals,
}

impl Store {
    pub(crate) fn new() -> Self {
        let totals = Totals::default();
        Self {
            assistants: Table::new(&totals),
            threads: Table::new(&totals),
            files: Table::new(&totals),
            vector_stores: Table::new(&totals),
            totals,
        }
    }

    pub(crate) fn assistant(&mut self, id: &str) -> Result<&mut Value, ApiError> {
        let assistant = self.assistants.get_mut(id);
        assistant.ok_or_else(|| ApiError::not_found("assistant", id))
    }

    pub(crate) fn thread(&mut self, id: &str) -> Result<&mut Thread, ApiError> {
        let thread = self.threads.get_mut(id);
        thread.ok_or_else(|| ApiError::not_found("thread", id))
    }

    pub(crate) fn file(&self, id: &str) -> Result<&File, ApiError> {
        self.files.get(id).ok_or_else(|| ApiError::no_file(id))
    }

    pub(crate) fn vector_store(&mut self, id: &str) -> Result<&mut VectorStore, ApiError> {
        let vector_store = self.vector_stores.get_mut(id);
        vector_store.ok_or_else(|| ApiError::not_found("vector store", id))
    }
}

/// A thread with its messages and runs.
pub(crate) struct Thread {
    pub(crate) id: String,
    pub(crate) created_at: u64,
    pub(crate) metadata: Value,
    pub(crate) tool_resources: Value,
    pub(crate) messages: Table<Message>,
    pub(crate) runs: Table<Run>,
    /// ID of the run that is not terminal. A thread has at most one.
    pub(crate) active_run: Option<String>,
    /// Number of turns that the model has produced.
    pub(crate) turns: usize,
}

impl Thread {
    /// The API object, without messages and runs.
    pub(crate) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "thread",
            "created_at": self.created_at,
            "metadata": self.metadata,
            "tool_resources": self.tool_resources,
        })
    }

    pub(crate) fn message(&mut self, id: &str) -> Result<&mut Message, ApiError> {
        let message = self.messages.get_mut(id);
        message.ok_or_else(|| ApiError::not_found("message", id))
    }

    pub(crate) fn run(&mut self, id: &str) -> Result<&mut Run, ApiError> {
        let run = self.runs.get_mut(id);
        run.ok_or_else(|| ApiError::not_found("run", id))
    }
}

impl Serialize for Thread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.object().serialize(serializer)
    }
}
