//! Execution of runs, from a model's turn to scheduled actions, status changes and events; indexing and search of files.

mod approval;
mod chunk;
mod extract;
pub(crate) mod files;
mod filter;
pub(crate) mod indexing;
pub(crate) mod machine;
pub(crate) mod plan;
pub(crate) mod prompt;
pub(crate) mod retrieval;
pub(crate) mod search;
pub(crate) mod state;
