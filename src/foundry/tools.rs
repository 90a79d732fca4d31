//! Tools of assistants and runs.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::{integer_or_null, origin};
use crate::codec;
use crate::types::{AssistantTool, FunctionObject};

/// A tool that only Foundry has. It goes wherever an [`AssistantTool`] does.
///
/// # Examples
///
/// ```
/// use openai_assistants::foundry::{ConnectedAgent, Tool};
/// use openai_assistants::types::AssistantTool;
///
/// let agent = ConnectedAgent::new("asst_1", "stocks", "Knows the price of a stock.");
/// let tool = AssistantTool::from(Tool::from(agent.clone()));
/// assert_eq!(Tool::of(&tool), Some(Tool::from(agent)));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tool {
    /// `azure_ai_search`: searches the indexes of the
    /// [`ToolResources`](super::ToolResources).
    AzureAiSearch {},
    /// `azure_function`
    AzureFunction {
        /// The function and its queues.
        azure_function: AzureFunction,
    },
    /// `bing_custom_search`
    BingCustomSearch {
        /// Where it searches.
        bing_custom_search: BingCustomSearch,
    },
    /// `bing_grounding`
    BingGrounding {
        /// How it searches.
        bing_grounding: BingGrounding,
    },
    /// `browser_automation`
    BrowserAutomation {
        /// The browser.
        browser_automation: BrowserAutomation,
    },
    /// `connected_agent`
    ConnectedAgent {
        /// The other assistant.
        connected_agent: ConnectedAgent,
    },
    /// `deep_research`
    DeepResearch {
        /// Its model and where that searches.
        deep_research: DeepResearch,
    },
    /// `fabric_dataagent`
    #[serde(rename = "fabric_dataagent")]
    FabricDataAgent {
        /// The data agent.
        fabric_dataagent: FabricDataAgent,
    },
    /// `mcp`
    Mcp(Mcp),
    /// `openapi`
    #[serde(rename = "openapi")]
    OpenApi {
        /// The API.
        openapi: OpenApi,
    },
    /// `sharepoint_grounding`
    SharepointGrounding {
        /// The site.
        sharepoint_grounding: SharepointGrounding,
    },
}

impl Tool {
    /// The tool in its typed form, if it is one of these. One of another form than the
    /// specification gives it is none; it is still in the [`AssistantTool`], as JSON.
    ///
    /// The form holds the members that it names, and no others: what else the server has sent
    /// is lost when an [`AssistantTool`] is made of the form again. To change a tool and keep
    /// all of it, change the JSON in [`AssistantTool::Unknown`].
    #[must_use]
    pub fn of(tool: &AssistantTool) -> Option<Self> {
        match tool {
            AssistantTool::Unknown(value) => Self::deserialize(value).ok(),
            _ => None,
        }
    }
}

impl From<Tool> for AssistantTool {
    fn from(tool: Tool) -> Self {
        // It cannot fail: there are only names and JSON in it.
        Self::Unknown(serde_json::to_value(tool).unwrap_or_default())
    }
}

macro_rules! payloads {
    ($($payload:ident: $property:ident,)*) => {
        $(impl From<$payload> for Tool {
            fn from($property: $payload) -> Self {
                Self::$payload { $property }
            }
        })*
    };
}

payloads! {
    AzureFunction: azure_function,
    BingCustomSearch: bing_custom_search,
    BingGrounding: bing_grounding,
    BrowserAutomation: browser_automation,
    ConnectedAgent: connected_agent,
    DeepResearch: deep_research,
    FabricDataAgent: fabric_dataagent,
    OpenApi: openapi,
    SharepointGrounding: sharepoint_grounding,
}

impl From<Mcp> for Tool {
    fn from(mcp: Mcp) -> Self {
        Self::Mcp(mcp)
    }
}

/// A connection of the project, by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Connection {
    /// Its id: a path that begins with `/subscriptions/`.
    pub connection_id: String,
}

impl Connection {
    /// The connection of that id.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connection_id: connection_id.into(),
        }
    }
}

/// A function that takes its arguments from one queue and leaves its output in another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AzureFunction {
    /// The function, as the model sees it.
    pub function: FunctionObject,
    /// Where the arguments go.
    pub input_binding: AzureFunctionBinding,
    /// Where the output comes from.
    pub output_binding: AzureFunctionBinding,
}

impl AzureFunction {
    /// The function between these two queues.
    #[must_use]
    pub fn new(function: FunctionObject, input: StorageQueue, output: StorageQueue) -> Self {
        let binding = |storage_queue| AzureFunctionBinding { storage_queue };
        Self {
            function,
            input_binding: binding(input),
            output_binding: binding(output),
        }
    }
}

/// What a function is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "storage_queue")]
#[non_exhaustive]
pub struct AzureFunctionBinding {
    /// The queue.
    pub storage_queue: StorageQueue,
}

/// A queue of Azure Storage. `Debug` shows no more of the address than the host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StorageQueue {
    /// The address of the queue service.
    pub queue_service_endpoint: String,
    /// The name of the queue.
    pub queue_name: String,
}

impl StorageQueue {
    /// The queue of that name at this service.
    pub fn new(endpoint: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            queue_service_endpoint: endpoint.into(),
            queue_name: name.into(),
        }
    }
}

impl fmt::Debug for StorageQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query may be a signature that lets one in.
        f.debug_struct("StorageQueue")
            .field(
                "queue_service_endpoint",
                &origin(&self.queue_service_endpoint),
            )
            .field("queue_name", &self.queue_name)
            .finish()
    }
}

/// Search by Bing in the sites of a custom search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingCustomSearch {
    /// The configuration; the server takes no more than one.
    pub search_configurations: Vec<BingCustomSearchConfiguration>,
}

impl BingCustomSearch {
    /// Search by the instance of that name, over a connection to Bing.
    pub fn new(connection_id: impl Into<String>, instance_name: impl Into<String>) -> Self {
        Self {
            search_configurations: vec![BingCustomSearchConfiguration {
                instance_name: instance_name.into(),
                search: BingSearch::new(connection_id),
            }],
        }
    }
}

/// How Bing searches in the sites of a custom search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingCustomSearchConfiguration {
    /// The name of the instance, which knows the sites.
    pub instance_name: String,
    /// How it searches there.
    #[serde(flatten)]
    pub search: BingSearch,
}

/// Search by Bing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingGrounding {
    /// The configuration; the server takes no more than one.
    pub search_configurations: Vec<BingSearch>,
}

impl BingGrounding {
    /// Search over a connection to Bing.
    pub fn new(connection_id: impl Into<String>) -> Self {
        BingSearch::new(connection_id).into()
    }
}

impl From<BingSearch> for BingGrounding {
    fn from(search: BingSearch) -> Self {
        Self {
            search_configurations: vec![search],
        }
    }
}

/// How Bing searches. What is left out is up to Bing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BingSearch {
    /// The id of a connection to Bing.
    pub connection_id: String,
    /// The market that results come from, such as `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market: Option<String>,
    /// The language of the user interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_lang: Option<String>,
    /// How many results there are.
    #[serde(
        default,
        deserialize_with = "integer_or_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub count: Option<i64>,
    /// How old results may be, such as `Day`, or a range of dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshness: Option<String>,
}

impl BingSearch {
    /// Search over a connection to Bing.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connection_id: connection_id.into(),
            market: None,
            set_lang: None,
            count: None,
            freshness: None,
        }
    }
}

/// A browser that the model works with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BrowserAutomation {
    /// The connection to a workspace of Playwright.
    pub connection: BrowserConnection,
}

impl BrowserAutomation {
    /// A browser over the connection of that id.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connection: BrowserConnection {
                id: connection_id.into(),
            },
        }
    }
}

/// A connection to a workspace of Playwright.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BrowserConnection {
    /// Its id.
    pub id: String,
}

/// Another assistant, which the model may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ConnectedAgent {
    /// The id of the assistant.
    pub id: String,
    /// What the model calls it.
    pub name: String,
    /// What it can do. The model reads this to decide on a call.
    pub description: String,
}

impl ConnectedAgent {
    /// The assistant of that id, by this name.
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

/// Research in many steps, by a model of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeepResearch {
    /// The name of the deployment of that model.
    pub deep_research_model: String,
    /// Connections to Bing.
    pub deep_research_bing_grounding_connections: Vec<Connection>,
}

impl DeepResearch {
    /// Research by that model over a connection to Bing.
    pub fn new(model: impl Into<String>, connection_id: impl Into<String>) -> Self {
        Self {
            deep_research_model: model.into(),
            deep_research_bing_grounding_connections: vec![Connection::new(connection_id)],
        }
    }
}

/// A data agent of Microsoft Fabric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FabricDataAgent {
    /// The connection; the server takes no more than one.
    #[serde(default, deserialize_with = "codec::null_as_default")]
    pub connections: Vec<Connection>,
}

impl FabricDataAgent {
    /// The data agent behind the connection of that id.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connections: vec![Connection::new(connection_id)],
        }
    }
}

/// The tools of a server that speaks the Model Context Protocol (MCP). What it needs to
/// be called goes with each run: [`McpResource`](super::McpResource). `Debug` shows no more of
/// the address than the host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Mcp {
    /// The name of the server in this assistant.
    pub server_label: String,
    /// The address of the server.
    pub server_url: String,
    /// The names of the tools that may be called; all of them if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_tools: Option<Vec<String>>,
}

impl Mcp {
    /// All tools of the server at that address.
    pub fn new(server_label: impl Into<String>, server_url: impl Into<String>) -> Self {
        Self {
            server_label: server_label.into(),
            server_url: server_url.into(),
            allowed_tools: None,
        }
    }

    /// Only the tools of these names.
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
            .field("server_url", &origin(&self.server_url))
            .field("allowed_tools", &self.allowed_tools)
            .finish()
    }
}

/// An API that the model calls by its OpenAPI document. `Debug` leaves the document out.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenApi {
    /// What the model calls the API.
    pub name: String,
    /// What it can do. The model reads this to decide on a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The OpenAPI document.
    pub spec: Value,
    /// How the server proves who it is.
    pub auth: OpenApiAuth,
    /// The parameters that take the defaults of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_params: Option<Vec<String>>,
    /// The functions that the server has made of the document. Only answers have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions: Option<Vec<FunctionObject>>,
}

impl OpenApi {
    /// The API of that document.
    pub fn new(name: impl Into<String>, spec: Value, auth: OpenApiAuth) -> Self {
        Self {
            name: name.into(),
            description: None,
            spec,
            auth,
            default_params: None,
            functions: None,
        }
    }

    /// What the API can do.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl fmt::Debug for OpenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A default of a parameter may be a key.
        f.debug_struct("OpenApi")
            .field("name", &self.name)
            .field("description", &self.description)
            .field("auth", &self.auth)
            .field("default_params", &self.default_params)
            .finish_non_exhaustive()
    }
}

/// How Foundry proves to an API who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "security_scheme", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenApiAuth {
    /// `anonymous`: not at all.
    #[serde(deserialize_with = "nothing")]
    Anonymous,
    /// `connection`: by what a connection of the project holds.
    Connection {
        /// The id of the connection.
        connection_id: String,
    },
    /// `managed_identity`: by the identity of the project.
    ManagedIdentity {
        /// The scope of the token.
        audience: String,
    },
}

/// Passes over a `security_scheme` that says nothing.
fn nothing<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    IgnoredAny::deserialize(deserializer).map(drop)
}

/// A site of SharePoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SharepointGrounding {
    /// The connection; the server takes no more than one.
    #[serde(default, deserialize_with = "codec::null_as_default")]
    pub connections: Vec<Connection>,
}

impl SharepointGrounding {
    /// The site behind the connection of that id.
    pub fn new(connection_id: impl Into<String>) -> Self {
        Self {
            connections: vec![Connection::new(connection_id)],
        }
    }
}
