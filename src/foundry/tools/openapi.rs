//! The tool for HTTP APIs with an OpenAPI document.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::types::FunctionObject;

/// The tool `openapi`: an HTTP API with an OpenAPI document.
///
/// `Debug` omits the document.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpenApi {
    /// Name of the API in tool calls.
    pub name: String,
    /// Description of what it does.
    ///
    /// The model reads it to decide on a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The OpenAPI document.
    pub spec: Value,
    /// How Foundry authenticates at the API.
    pub auth: OpenApiAuth,
    /// The parameters that have their defaults from the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_params: Option<Vec<String>>,
    /// The functions that the server generated from the document.
    ///
    /// Only responses have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions: Option<Vec<FunctionObject>>,
}

impl OpenApi {
    /// Creates the tool with a name, an OpenAPI document and the authentication.
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

    /// Sets the description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }
}

impl fmt::Debug for OpenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A default of a parameter in the document may be a key.
        f.debug_struct("OpenApi")
            .field("name", &self.name)
            .field("description", &self.description)
            .field("auth", &self.auth)
            .field("default_params", &self.default_params)
            .finish_non_exhaustive()
    }
}

/// How Foundry authenticates at an API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "security_scheme", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpenApiAuth {
    /// `anonymous`: without credentials.
    #[serde(deserialize_with = "ignore_scheme")]
    Anonymous,
    /// `connection`: with the credentials of a connection of the project.
    Connection {
        /// ID of the connection.
        connection_id: String,
    },
    /// `managed_identity`: with the identity of the project.
    ManagedIdentity {
        /// Scope of the token.
        audience: String,
    },
}

/// Ignores the `security_scheme`, which some responses have as an empty object or null.
fn ignore_scheme<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    IgnoredAny::deserialize(deserializer).map(drop)
}
