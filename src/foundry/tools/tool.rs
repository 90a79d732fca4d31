//! The tools that only Foundry has, as one enum.

use serde::{Deserialize, Serialize};

use crate::foundry::tools::agents::{ConnectedAgent, DeepResearch};
use crate::foundry::tools::azure_function::AzureFunction;
use crate::foundry::tools::bing::{BingCustomSearch, BingGrounding};
use crate::foundry::tools::browser::BrowserAutomation;
use crate::foundry::tools::connection::{FabricDataAgent, SharepointGrounding};
use crate::foundry::tools::mcp::Mcp;
use crate::foundry::tools::openapi::OpenApi;
use crate::types::AssistantTool;

/// A tool that only Foundry has.
///
/// It converts into an [`AssistantTool`].
///
/// # Examples
///
/// ```
/// use openai_assistants::foundry::{ConnectedAgent, Tool};
/// use openai_assistants::types::AssistantTool;
///
/// let agent = ConnectedAgent::new("asst_1", "stocks", "Returns the price of a stock.");
/// let tool = AssistantTool::from(Tool::from(agent.clone()));
/// assert_eq!(Tool::of(&tool), Some(Tool::from(agent)));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tool {
    /// `azure_ai_search`: searches the indexes of the
    /// [`ToolResources`](crate::foundry::ToolResources).
    AzureAiSearch {},
    /// `azure_function`: calls an Azure function.
    AzureFunction {
        /// The function and its queues.
        azure_function: AzureFunction,
    },
    /// `bing_custom_search`: searches selected sites.
    BingCustomSearch {
        /// The search configuration.
        bing_custom_search: BingCustomSearch,
    },
    /// `bing_grounding`: searches the web.
    BingGrounding {
        /// The search configuration.
        bing_grounding: BingGrounding,
    },
    /// `browser_automation`: controls a browser.
    BrowserAutomation {
        /// The browser.
        browser_automation: BrowserAutomation,
    },
    /// `connected_agent`: calls another assistant.
    ConnectedAgent {
        /// The other assistant.
        connected_agent: ConnectedAgent,
    },
    /// `deep_research`: researches in several steps.
    DeepResearch {
        /// The model and its connections.
        deep_research: DeepResearch,
    },
    /// `fabric_dataagent`: queries a data agent of Microsoft Fabric.
    #[serde(rename = "fabric_dataagent")]
    FabricDataAgent {
        /// The data agent.
        fabric_dataagent: FabricDataAgent,
    },
    /// `mcp`: calls the tools of an MCP server.
    Mcp(Mcp),
    /// `openapi`: calls an HTTP API.
    #[serde(rename = "openapi")]
    OpenApi {
        /// The API.
        openapi: OpenApi,
    },
    /// `sharepoint_grounding`: searches a SharePoint site.
    SharepointGrounding {
        /// The connection to the site.
        sharepoint_grounding: SharepointGrounding,
    },
}

impl Tool {
    /// Returns the typed form of a tool.
    ///
    /// `None` if the tool does not match one of these. The typed form drops unknown properties, so
    /// they are missing when it is converted back into an [`AssistantTool`]. To change a tool and
    /// keep all its properties, change the JSON in [`AssistantTool::Unknown`].
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
        // Serialization cannot fail: all keys are strings.
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
