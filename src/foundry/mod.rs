//! What Azure AI Foundry Agents classic has beyond the Assistants API, in typed forms.
//!
//! The ordinary types carry all of it as it came, in the variant `Unknown` of their unions.
//! Here are forms for what Azure's published specification names (versions from 2025-05-01
//! to 2025-05-15-preview): [`Tool`], [`UrlCitation`] and [`ToolApprovalCall`] are read from the
//! ordinary types by `of`, which gives nothing where there is something else. What has no form
//! here is still sent and received as JSON.
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

/// What every call takes.
macro_rules! options {
    () => {
        /// Adds a header to this call, in place of a configured one of that name.
        pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
            self.options.header(name.as_ref(), value.as_ref());
            self
        }

        /// Adds a query parameter to this call, in place of configured ones of that name.
        pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.options.query(name.into(), value.into());
            self
        }

        /// Limits how long each attempt of this call may take.
        pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
            self.options.timeout(timeout);
            self
        }
    };
}

mod annotations;
mod approvals;
mod resources;
mod threads;
mod tools;

pub use annotations::{UrlCitation, UrlCitationSource};
pub use approvals::{SubmitToolApprovals, ToolApproval, ToolApprovalCall, submit_tool_approvals};
pub use resources::{AiSearchIndex, AiSearchResource, McpResource, ToolResources};
pub use threads::{ListThreads, ThreadPage, list_threads};
pub use tools::{
    AzureFunction, AzureFunctionBinding, BingCustomSearch, BingCustomSearchConfiguration,
    BingGrounding, BingSearch, BrowserAutomation, BrowserConnection, ConnectedAgent, Connection,
    DeepResearch, FabricDataAgent, Mcp, OpenApi, OpenApiAuth, SharepointGrounding, StorageQueue,
    Tool,
};
