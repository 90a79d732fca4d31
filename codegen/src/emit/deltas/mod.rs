//! Deltas: how objects grow by the events of a stream.
//!
//! `MessageDeltaObject.delta` mirrors `MessageObject` schema by schema. Starting from pairs
//! of event payloads (`thread.message` and `thread.message.delta`), `Merge` is generated for
//! each pair of types that mirror each other. How strings, lists and JSON grow is handwritten.
//! A property that the object lacks, or that has another type there, is an error: its deltas
//! would be lost.

mod definitions;
mod empty;
mod index;
pub mod merge;
