//! Guides: recipes, migration, servers, retries, runs and streams, tools, tracing, testing,
//! regenerating, dialects, files, performance.

/// Recipes: a web handler that relays a run, a chat that survives broken streams.
#[doc = ""]
#[doc = include_str!("../docs/recipes.md")]
pub mod recipes {}

/// Migration from the Python client and from async-openai.
#[doc = ""]
#[doc = include_str!("../docs/migration.md")]
pub mod migration {}

/// Servers: Azure, Foundry, self-hosted servers, authentication, raw calls.
#[doc = ""]
#[doc = include_str!("../docs/servers.md")]
pub mod servers {}

/// What is retried, and what that can cost.
#[doc = ""]
#[doc = include_str!("../docs/retries.md")]
pub mod retries {}

/// Runs and streams: following, polling, streaming, interruptions, lists.
#[doc = ""]
#[doc = include_str!("../docs/runs-and-streams.md")]
pub mod runs_and_streams {}

/// Tools: function calling and structured output.
#[doc = ""]
#[doc = include_str!("../docs/tools.md")]
pub mod tools {}

/// Tracing: spans with the names of OpenTelemetry's conventions.
#[doc = ""]
#[doc = include_str!("../docs/tracing.md")]
pub mod tracing {}

/// Testing: typed mocks and the fake server.
#[doc = ""]
#[doc = include_str!("../docs/testing.md")]
pub mod testing {}

/// Regenerating the client from another OpenAPI document.
#[doc = ""]
#[doc = include_str!("../docs/regenerating.md")]
pub mod regenerating {}

/// Dialects: types and methods for the additions of a server.
#[doc = ""]
#[doc = include_str!("../docs/dialects.md")]
pub mod dialects {}

/// Files and vector stores: uploads, downloads, waiting until files are indexed.
#[doc = ""]
#[doc = include_str!("../docs/files.md")]
pub mod files {}

/// Performance: measurements and where the time goes.
#[doc = ""]
#[doc = include_str!("../docs/performance.md")]
pub mod performance {}
