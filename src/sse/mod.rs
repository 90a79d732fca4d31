//! Server-sent events: parser, event reader, event stream, text deltas.

mod content;
pub(crate) mod event;
mod parser;
pub(crate) mod reader;
pub(crate) mod run_state;
mod scan;
pub(crate) mod status;
pub(crate) mod stream;
mod termination;
pub(crate) mod text;
pub(crate) mod text_delta;
