//! What tools work with.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::codec;

/// What the tools of an assistant or a run work with: Foundry's part of `tool_resources`.
///
/// The document's types have no place for it, so a body that needs it is sent as JSON.
///
/// # Examples
///
/// ```no_run
/// use openai_assistants::foundry::{AiSearchIndex, Tool, ToolResources};
/// use openai_assistants::types::{AssistantObject, CreateAssistantRequest};
/// use openai_assistants::{Client, Method};
/// use serde_json::{json, to_value};
///
/// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let resources = ToolResources::default().index(AiSearchIndex::new("connection-id", "books"));
/// let mut body = to_value(
///     CreateAssistantRequest::builder().model("gpt-4o").tools([Tool::AzureAiSearch {}]).build()?,
/// )?;
/// body["tool_resources"] = to_value(resources)?;
/// let call = client.request(Method::POST, "/assistants").json(&body);
/// let assistant = call.send::<AssistantObject>().await?;
/// println!("{}", assistant.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolResources {
    /// For the tool `azure_ai_search`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_ai_search: Option<AiSearchResource>,
    /// For the tools `mcp`, one for each server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcp: Option<Vec<McpResource>>,
}

impl ToolResources {
    /// Adds an index of Azure AI Search.
    #[must_use]
    pub fn index(mut self, index: AiSearchIndex) -> Self {
        let search = self.azure_ai_search.get_or_insert_default();
        search.indexes.push(index);
        self
    }

    /// Adds what a server needs that speaks the Model Context Protocol.
    #[must_use]
    pub fn mcp(mut self, server: McpResource) -> Self {
        self.mcp.get_or_insert_default().push(server);
        self
    }
}

/// The indexes that Azure AI Search searches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AiSearchResource {
    /// The index; the server takes no more than one.
    #[serde(default, deserialize_with = "codec::null_as_default")]
    pub indexes: Vec<AiSearchIndex>,
}

/// An index of Azure AI Search: one of a connection, or one that is registered in the
/// project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AiSearchIndex {
    /// The id of the connection to the search service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_connection_id: Option<String>,
    /// The name of the index there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_name: Option<String>,
    /// How it is searched: `simple`, `semantic`, `vector`, `vector_simple_hybrid` or
    /// `vector_semantic_hybrid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_type: Option<String>,
    /// How many documents are taken.
    #[serde(
        default,
        deserialize_with = "codec::integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub top_k: Option<i64>,
    /// Which documents are looked at, in the language of the search service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The id of an index that is registered in the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_asset_id: Option<String>,
}

impl AiSearchIndex {
    /// The index of that name behind a connection.
    pub fn new(connection_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            index_connection_id: Some(connection_id.into()),
            index_name: Some(name.into()),
            ..Self::default()
        }
    }
}

/// What a server needs that speaks the Model Context Protocol. `Debug` shows no secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct McpResource {
    /// The name that the tool gives the server.
    pub server_label: String,
    /// Headers for the server, such as `Authorization`. Foundry keeps them for the run only.
    /// The body goes out as JSON, so the client knows of no secret in it: where a server
    /// quotes one in an error, the [`Error`](crate::Error) shows it.
    #[serde(default, deserialize_with = "codec::null_as_default")]
    pub headers: BTreeMap<String, String>,
    /// Whose calls have to be approved: `"always"`, which it is if left out, `"never"`, or
    /// an object that names tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_approval: Option<Value>,
}

impl McpResource {
    /// Nothing for the server of that name yet.
    pub fn new(server_label: impl Into<String>) -> Self {
        Self {
            server_label: server_label.into(),
            headers: BTreeMap::new(),
            require_approval: None,
        }
    }

    /// Adds a header for the server.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// Whose calls have to be approved.
    #[must_use]
    pub fn require_approval(mut self, calls: impl Into<Value>) -> Self {
        self.require_approval = Some(calls.into());
        self
    }
}

impl fmt::Debug for McpResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("McpResource")
            .field("server_label", &self.server_label)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("require_approval", &self.require_approval)
            .finish()
    }
}
