//! Recording and replaying exchanges with any server.

mod line;
pub(crate) mod recorder;
pub(crate) mod replay;
#[cfg(feature = "program")]
pub(crate) mod upstream;
