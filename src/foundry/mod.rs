//! Typed extensions of Azure AI Foundry Agents (classic).
//!
//! The general [types](crate::types) hold these extensions as JSON, in the variant `Unknown` of
//! their unions. This module has types for those in Azure's published specification (versions
//! 2025-05-01 to 2025-05-15-preview). The functions named `of` convert from the general types:
//! [`Tool::of`], [`UrlCitation::of`] and [`ToolApprovalCall::of`]. Send and receive other
//! extensions as JSON.
//!
//! The additional operations are methods of `Client`:
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

mod annotations;
mod approvals;
mod resources;
mod threads;
mod tool_approval;
mod tools;
mod url_origin;

pub use annotations::{UrlCitation, UrlCitationSource};
pub use approvals::SubmitToolApprovals;
pub use resources::{AiSearchIndex, AiSearchResource, McpResource, ToolResources};
pub use threads::{ListThreads, ThreadPage};
pub use tool_approval::{ToolApproval, ToolApprovalCall};
pub use tools::agents::{ConnectedAgent, DeepResearch};
pub use tools::azure_function::{AzureFunction, AzureFunctionBinding, StorageQueue};
pub use tools::bing::{BingCustomSearch, BingCustomSearchConfiguration, BingGrounding, BingSearch};
pub use tools::browser::{BrowserAutomation, BrowserConnection};
pub use tools::connection::{Connection, FabricDataAgent, SharepointGrounding};
pub use tools::mcp::Mcp;
pub use tools::openapi::{OpenApi, OpenApiAuth};
pub use tools::tool::Tool;
