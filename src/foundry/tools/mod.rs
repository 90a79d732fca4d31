//! The tools that only Foundry has.

pub(super) mod agents;
pub(super) mod azure_function;
pub(super) mod bing;
pub(super) mod browser;
pub(super) mod connection;
pub(super) mod mcp;
pub(super) mod openapi;
pub(super) mod tool;
