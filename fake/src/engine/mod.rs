//! Execution of runs: from a model's turn to scheduled actions, status changes and events.

pub(crate) mod machine;
pub(crate) mod plan;
pub(crate) mod prompt;
pub(crate) mod state;
