//! Tool resources: search indexes and MCP servers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::json::scalar;

/// Foundry's part of the `tool_resources` of an assistant or a run.
///
/// The request types do not have these properties, so send the body as JSON.
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
    /// Indexes for the tool `azure_ai_search`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_ai_search: Option<AiSearchResource>,
    /// Settings for the tools `mcp`, one item for each server.
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

    /// Adds the settings of an MCP server.
    #[must_use]
    pub fn mcp(mut self, server: McpResource) -> Self {
        self.mcp.get_or_insert_default().push(server);
        self
    }
}

/// The indexes of the tool `azure_ai_search`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AiSearchResource {
    /// The indexes.
    ///
    /// The server accepts at most one.
    #[serde(default, deserialize_with = "scalar::null_as_default")]
    pub indexes: Vec<AiSearchIndex>,
}

/// An index of Azure AI Search.
///
/// It belongs to a connection, or is registered in the project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AiSearchIndex {
    /// ID of the connection to the search service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_connection_id: Option<String>,
    /// Name of the index in that service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_name: Option<String>,
    /// Query type.
    ///
    /// One of `simple`, `semantic`, `vector`, `vector_simple_hybrid` and `vector_semantic_hybrid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_type: Option<String>,
    /// Number of documents to retrieve.
    #[serde(
        default,
        deserialize_with = "scalar::integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub top_k: Option<i64>,
    /// Filter expression, in the syntax of the search service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// ID of an index that is registered in the project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_asset_id: Option<String>,
}

impl AiSearchIndex {
    /// Refers to an index by connection ID and name.
    pub fn new(connection_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            index_connection_id: Some(connection_id.into()),
            index_name: Some(name.into()),
            ..Self::default()
        }
    }
}

/// The settings of an MCP server for a run.
///
/// `Debug` omits the values of headers.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct McpResource {
    /// Name of the server in the tool.
    pub server_label: String,
    /// Headers for the server, such as `Authorization`.
    ///
    /// Foundry stores them only for the run. The client does not redact them: if the server quotes
    /// one in an error message, the [`Error`](crate::Error) shows it.
    #[serde(default, deserialize_with = "scalar::null_as_default")]
    pub headers: BTreeMap<String, String>,
    /// The calls that require approval.
    ///
    /// Either `"always"` (the default), `"never"`, or an object that names tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_approval: Option<Value>,
}

impl McpResource {
    /// Creates empty settings with the name of a server.
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

    /// Sets which calls require approval.
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
