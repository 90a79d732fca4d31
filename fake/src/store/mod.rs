//! Objects in memory: assistants, threads, messages, runs and run steps.

pub(crate) mod action;
pub(crate) mod event;
pub(crate) mod memory;
pub(crate) mod message;
pub(crate) mod run;
pub(crate) mod table;
