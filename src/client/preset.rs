//! Servers with presets: OpenAI, Azure OpenAI, Foundry Agents.

use reqwest::Url;

use crate::client::base_url;
use crate::http::credentials::Credentials;

const OPENAI: &str = "https://api.openai.com/v1";
/// The local server that the guides start.
const LOCAL: &str = "http://localhost:4010/v1";
const FOUNDRY: &str = "https://example.services.ai.azure.com/api/projects/demo";

/// Environment variables of the project endpoint of Foundry, by precedence.
pub(super) const FOUNDRY_ENDPOINTS: [&str; 2] = ["PROJECT_ENDPOINT", "AZURE_AI_PROJECT_ENDPOINT"];
/// The API version of Foundry that does not expire.
pub(super) const FOUNDRY_VERSION: &str = "v1";

/// The kind of server, and its endpoint.
#[derive(Clone)]
pub(super) enum Server {
    OpenAi,
    AzureOpenAi { endpoint: Option<String> },
    Foundry { endpoint: Option<String> },
}

impl Server {
    /// Returns the base URL; `url` takes precedence over the endpoint.
    pub(super) fn resolve_base_url(&self, url: Option<&str>) -> Result<Url, String> {
        if let Some(url) = url {
            return base_url::parse("base URL", url, LOCAL);
        }
        match self {
            Self::OpenAi => base_url::parse("base URL", OPENAI, OPENAI),
            Self::AzureOpenAi { endpoint: None } => Err(
                "there is no endpoint: set the environment variable AZURE_OPENAI_ENDPOINT, or pass it to \
                 `azure_openai`"
                    .to_owned(),
            ),
            Self::AzureOpenAi {
                endpoint: Some(endpoint),
            } => base_url::azure_openai(endpoint),
            Self::Foundry { endpoint: None } => Err(
                "there is no project endpoint: set the environment variable PROJECT_ENDPOINT or \
                 AZURE_AI_PROJECT_ENDPOINT, or pass it to `foundry`"
                    .to_owned(),
            ),
            Self::Foundry {
                endpoint: Some(endpoint),
            } => base_url::parse("project endpoint", endpoint, FOUNDRY),
        }
    }

    /// Fails if the server requires an API version that is missing.
    pub(super) fn check_api_version(&self, version: Option<&str>) -> Result<(), &'static str> {
        match self {
            Self::AzureOpenAi { .. } if version.is_none() => Err(
                "there is no API version: pass one such as `2024-05-01-preview` to `azure_openai`, or set the \
                 environment variable OPENAI_API_VERSION and call `azure_openai_env`",
            ),
            Self::Foundry { .. } if version.is_none() => {
                Err("there is no API version: pass one such as `v1` to `foundry`")
            }
            _ => Ok(()),
        }
    }

    /// Whether the server expects the `OpenAI-Beta` header.
    pub(super) fn expects_beta_header(&self) -> bool {
        !matches!(self, Self::Foundry { .. })
    }

    /// Returns the credentials for an API key, in the header where the server expects it.
    pub(super) fn key_credentials(&self, key: &str) -> Credentials {
        match self {
            Self::AzureOpenAi { .. } => Credentials::header("api-key", key),
            Self::OpenAi | Self::Foundry { .. } => Credentials::bearer(key),
        }
    }

    /// Returns the error text for missing credentials.
    pub(super) fn missing_credentials(&self) -> &'static str {
        match self {
            Self::OpenAi => {
                "there is no API key: set the environment variable OPENAI_API_KEY and use `Client::from_env`, \
                 or call `api_key` or `credentials` on the builder"
            }
            Self::AzureOpenAi { .. } => {
                "there is no API key: set the environment variable AZURE_OPENAI_API_KEY and call \
                 `azure_openai_env`, or call `api_key` or `credentials` on the builder"
            }
            Self::Foundry { .. } => {
                "there is no token: call `credentials` on the builder with a provider of Entra tokens for the \
                 scope https://ai.azure.com/.default"
            }
        }
    }
}
