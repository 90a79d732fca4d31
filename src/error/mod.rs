//! The error type of the crate, the error bodies of servers, and redaction of secrets.

pub(crate) mod clip;
mod construct;
pub(crate) mod core;
mod display;
pub(crate) mod failure;
#[cfg(feature = "files")]
mod file;
pub(crate) mod kind;
pub(crate) mod redaction;
pub(crate) mod response;
pub(crate) mod server_error;
mod timeout;
mod transport;
