//! What Azure AI Foundry Agents classic has beyond the Assistants API, in typed forms.
//!
//! The ordinary types carry all of it as it came, in the variant `Unknown` of their unions.
//! Here are forms for what Azure's published specification names (versions from 2025-05-01
//! to 2025-05-15-preview): [`Tool`], [`UrlCitation`] and [`ToolApprovalCall`] are read from the
//! ordinary types by `of`, which gives nothing where there is something else. What has no form
//! here is still sent and received as JSON. The calls are methods of `Client`:
//! [`list_threads`](crate::Client::list_threads) and
//! [`submit_tool_approvals`](crate::Client::submit_tool_approvals).
//!
//! # Examples
//!
//! ```no_run
//! use openai_assistants::foundry::{BingGrounding, Mcp, Tool, UrlCitation};
//! use openai_assistants::types::{CreateAssistantRequest, MessageContent, MessageObject};
//! use openai_assistants::{Client, Credentials, Result};
//!
//! # async fn token() -> std::result::Result<String, std::io::Error> { Ok(String::new()) }
//! # async fn example(message: MessageObject) -> Result<()> {
//! let client = Client::builder()
//!     .foundry("https://example.services.ai.azure.com/api/projects/demo", "v1")
//!     .credentials(Credentials::from_fn(token))
//!     .build()?;
//! let assistant = client
//!     .create_assistant()
//!     .body(CreateAssistantRequest::builder().model("gpt-4o").tools([
//!         Tool::from(BingGrounding::new("connection-id")),
//!         Tool::from(Mcp::new("docs", "https://example.com/mcp")),
//!     ]))
//!     .send()
//!     .await?;
//! for tool in assistant.tools.iter().filter_map(Tool::of) {
//!     println!("{tool:?}");
//! }
//! for part in &message.content {
//!     if let MessageContent::Text(part) = part {
//!         for citation in part.text.annotations.iter().filter_map(UrlCitation::of) {
//!             println!("{}", citation.url_citation.url);
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

use reqwest::Url;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

use crate::codec;

mod annotations;
mod approvals;
mod resources;
mod threads;
mod tools;

pub use annotations::{UrlCitation, UrlCitationSource};
pub use approvals::{SubmitToolApprovals, ToolApproval, ToolApprovalCall};
pub use resources::{AiSearchIndex, AiSearchResource, McpResource, ToolResources};
pub use threads::{ListThreads, ThreadPage};
pub use tools::{
    AzureFunction, AzureFunctionBinding, BingCustomSearch, BingCustomSearchConfiguration,
    BingGrounding, BingSearch, BrowserAutomation, BrowserConnection, ConnectedAgent, Connection,
    DeepResearch, FabricDataAgent, Mcp, OpenApi, OpenApiAuth, SharepointGrounding, StorageQueue,
    Tool,
};

/// Decodes an integer that may be missing or null. What stands inside of a tagged form comes
/// out of a buffer of serde's, which has no float where an integer is asked for.
fn integer_or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    codec::integer_or_null(Value::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// An address as `Debug` shows it: everything behind the host may be a secret, and what
/// stands in front of it is one.
fn origin(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    Some(url.origin().ascii_serialization())
}
