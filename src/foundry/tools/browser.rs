//! The tool for browser automation.

use serde::{Deserialize, Serialize};

/// The tool `browser_automation`: a browser that the model controls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BrowserAutomation {
    /// The connection to a Playwright workspace.
    pub connection: BrowserConnection,
}

impl BrowserAutomation {
    /// Creates the tool with the ID of a connection.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connection: BrowserConnection {
                id: connection_id.into(),
            },
        }
    }
}

/// A reference to a connection to a Playwright workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BrowserConnection {
    /// ID of the connection.
    pub id: String,
}
