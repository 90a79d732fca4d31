//! Error responses in the format of the API.

use serde_json::{Value, json};

/// The error code of a required property that is missing.
pub(crate) const MISSING: &str = "missing_required_parameter";

/// The status and the error object of a rejected request.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) kind: &'static str,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
}

impl ApiError {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            kind,
            param: None,
            code: None,
        }
    }

    /// An invalid request (400).
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// A required property that is missing.
    pub(crate) fn missing(param: &str) -> Self {
        let message = format!("Missing required parameter: '{param}'.");
        Self::parameter(param, MISSING, message)
    }

    /// An invalid value in the body, the query, the path or a header.
    pub(crate) fn parameter(
        param: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            param: Some(param.into()),
            code: Some(code),
            ..Self::invalid(message)
        }
    }

    /// Unknown object ID (404).
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self {
            status: 404,
            ..Self::invalid(format!("No {what} found with id '{id}'."))
        }
    }

    /// Unknown file ID (404), as the service reports it.
    pub(crate) fn no_file(id: &str) -> Self {
        Self {
            status: 404,
            param: Some("id".to_owned()),
            ..Self::invalid(format!("No such File object: {id}"))
        }
    }

    /// A file that is not in a vector store (404).
    pub(crate) fn no_file_in_store(id: &str, store: &str) -> Self {
        Self {
            status: 404,
            ..Self::invalid(format!(
                "No file found with id '{id}' in vector store '{store}'."
            ))
        }
    }

    /// The content of a file cannot be written or read (500).
    pub(crate) fn storage(error: &std::io::Error) -> Self {
        let message = format!("The content of the file cannot be stored: {error}.");
        Self::new(500, "server_error", message)
    }

    /// Ends the stream of a run whose thread was deleted.
    pub(crate) fn thread_deleted(id: &str) -> Self {
        Self {
            code: Some("thread_deleted"),
            ..Self::invalid(format!("Thread {id} was deleted while its run was active."))
        }
    }

    /// Unknown path (404).
    pub(crate) fn unknown_path(method: &str, path: &str) -> Self {
        Self {
            status: 404,
            code: Some("unknown_url"),
            ..Self::invalid(format!("Unknown request URL: {method} {path}."))
        }
    }

    /// Known path, but not with this method (405).
    pub(crate) fn method_not_allowed(method: &str, path: &str) -> Self {
        Self {
            status: 405,
            code: Some("method_not_supported"),
            ..Self::invalid(format!("Not allowed to {method} on {path}."))
        }
    }

    pub(crate) fn missing_key() -> Self {
        Self {
            status: 401,
            ..Self::invalid(
                "Missing API key. Send it in the header `Authorization: Bearer KEY` or `api-key`.",
            )
        }
    }

    /// A request to Foundry without a version of the API.
    pub(crate) fn missing_version() -> Self {
        Self::parameter(
            "api-version",
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    }

    pub(crate) fn incorrect_key() -> Self {
        Self {
            status: 401,
            code: Some("invalid_api_key"),
            ..Self::invalid("Incorrect API key. Send the key that this server was started with.")
        }
    }

    pub(crate) fn missing_beta_header() -> Self {
        Self::parameter(
            "OpenAI-Beta",
            "invalid_beta",
            "Missing header `OpenAI-Beta: assistants=v2`.",
        )
    }

    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self {
            status: 413,
            ..Self::invalid(format!("The request body exceeds {limit} bytes."))
        }
    }

    pub(crate) fn store_full(limit: usize, what: &str) -> Self {
        Self {
            code: Some("too_many_objects"),
            ..Self::invalid(format!(
                "This request exceeds the server's limit of {limit} {what}. Delete objects, or raise the limit."
            ))
        }
    }

    /// The error of a fault of this status.
    pub(crate) fn injected(status: u16) -> Self {
        let (kind, code) = match status {
            429 => ("requests", Some("rate_limit_exceeded")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        };
        Self {
            code,
            ..Self::new(status, kind, "Injected fault.")
        }
    }

    /// A response that violates the OpenAPI document (500).
    pub(crate) fn violation(what: &str) -> Self {
        Self {
            code: Some("violation"),
            ..Self::new(500, "server_error", what)
        }
    }

    /// The error object, as in an `error` event.
    pub(crate) fn object(&self) -> Value {
        json!({
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        })
    }

    /// The body of the error response.
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.object() })
    }
}
