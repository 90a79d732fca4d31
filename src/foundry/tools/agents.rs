//! The tools that call another assistant or model.

use serde::{Deserialize, Serialize};

use crate::foundry::tools::connection::Connection;

/// The tool `connected_agent`: another assistant that the model can call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConnectedAgent {
    /// ID of the assistant.
    pub id: String,
    /// Name of the assistant in tool calls.
    pub name: String,
    /// Description of what it does.
    ///
    /// The model reads it to decide on a call.
    pub description: String,
}

impl ConnectedAgent {
    /// Creates the tool with ID, name and description of the assistant.
    pub fn new(
        id: impl Into<String>,
        name: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            description: description.into(),
        }
    }
}

/// The tool `deep_research`: research in several steps with a separate model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeepResearch {
    /// Name of the deployment of the model.
    pub deep_research_model: String,
    /// The connections to Bing.
    pub deep_research_bing_grounding_connections: Vec<Connection>,
}

impl DeepResearch {
    /// Creates the tool with a model deployment and a connection ID.
    pub fn new(model: impl Into<String>, connection_id: impl Into<String>) -> Self {
        Self {
            deep_research_model: model.into(),
            deep_research_bing_grounding_connections: vec![Connection::new(connection_id)],
        }
    }
}
