//! Models that produce the assistant's turns: the trait, the echo and scripts.

pub(crate) mod conversation;
pub(crate) mod echo;
pub(crate) mod passage;
pub(crate) mod script;
pub(crate) mod script_file;
pub(crate) mod turn;
