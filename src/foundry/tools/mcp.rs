//! The tool for MCP servers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::foundry::url_origin::url_origin;

/// The tool `mcp`: a server of the Model Context Protocol (MCP).
///
/// The headers for the server are part of each run: [`McpResource`](crate::foundry::McpResource).
/// `Debug` shows only the origin of the URL.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mcp {
    /// Name of the server in this assistant.
    pub server_label: String,
    /// URL of the server.
    pub server_url: String,
    /// Names of the tools that the model can call.
    ///
    /// The default is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_tools: Option<Vec<String>>,
}

impl Mcp {
    /// Creates the tool with a name and the URL of a server.
    pub fn new(server_label: impl Into<String>, server_url: impl Into<String>) -> Self {
        Self {
            server_label: server_label.into(),
            server_url: server_url.into(),
            allowed_tools: None,
        }
    }

    /// Allows only the tools with these names.
    #[must_use]
    pub fn allowed_tools<I>(mut self, names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.allowed_tools = Some(names.into_iter().map(Into::into).collect());
        self
    }
}

impl fmt::Debug for Mcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mcp")
            .field("server_label", &self.server_label)
            .field("server_url", &url_origin(&self.server_url))
            .field("allowed_tools", &self.allowed_tools)
            .finish()
    }
}
