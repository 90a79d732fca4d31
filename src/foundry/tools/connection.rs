//! Connections of the project, and the tools that consist of one.

use serde::{Deserialize, Serialize};

use crate::json::scalar;

/// A reference to a connection of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// ID of the connection: a path that starts with `/subscriptions/`.
    pub connection_id: String,
}

impl Connection {
    /// Refers to the connection with this ID.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connection_id: connection_id.into(),
        }
    }
}

/// The tool `fabric_dataagent`: a data agent of Microsoft Fabric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FabricDataAgent {
    /// The connections.
    ///
    /// The server accepts at most one.
    #[serde(default, deserialize_with = "scalar::null_as_default")]
    pub connections: Vec<Connection>,
}

impl FabricDataAgent {
    /// Creates the tool with the ID of a connection.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connections: vec![Connection::new(connection_id)],
        }
    }
}

/// The tool `sharepoint_grounding`: searches a SharePoint site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SharepointGrounding {
    /// The connections.
    ///
    /// The server accepts at most one.
    #[serde(default, deserialize_with = "scalar::null_as_default")]
    pub connections: Vec<Connection>,
}

impl SharepointGrounding {
    /// Creates the tool with the ID of a connection.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connections: vec![Connection::new(connection_id)],
        }
    }
}
