//! The model of a document: its operations, and the Rust type of each schema.

pub mod api;
pub mod events;
pub mod name;
pub mod operation;
pub mod reference;
pub mod schema;
