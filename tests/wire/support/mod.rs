//! Support of the tests: a scripted server, a manual clock, and objects of the API.

#![allow(
    dead_code,
    unused_imports,
    reason = "not every feature set uses all of it"
)]

mod clock;
mod dispatchers;
mod leak;
mod objects;
mod random;
mod script;
mod server;

pub use clock::ManualClock;
pub use dispatchers::{KEYS, checked_fields, keep_dispatchers};
pub use leak::leak;
pub use objects::{create_run, event, read_to_end, run, run_event, run_requiring};
pub use random::Random;
pub use script::{
    CLOSE, DONE, ENDLESS, MARKER, PAUSE, STALL, STREAM_HEAD, byte_by_byte, chunked_event_stream,
    event_stream, json_response, response,
};
pub use server::{ScriptedServer, until, yield_often};
