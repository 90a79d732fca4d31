//! Event streams: delivery, end, errors, text deltas.

mod decoding;
mod delivery;
mod end;
mod opening;
mod support;
mod termination;
mod text_deltas;
