//! Objects in memory: assistants, threads, messages, runs, run steps, files and vector stores.

pub(crate) mod action;
pub(crate) mod content;
pub(crate) mod event;
pub(crate) mod file;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod run;
pub(crate) mod store_file;
pub(crate) mod table;
pub(crate) mod vector_store;
