//! Errors in the shape of the API.

use serde_json::{Value, json};

/// Why a request is refused: the status, and what the body says.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) message: String,
    pub(crate) kind: &'static str,
    pub(crate) param: Option<String>,
    pub(crate) code: Option<&'static str>,
}

impl Failure {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            kind,
            param: None,
            code: None,
        }
    }

    /// The request cannot be granted as it is.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// Something in the body, in the query or in the path is not as it has to be.
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

    /// There is no object with this id.
    pub(crate) fn not_found(what: &str, id: &str) -> Self {
        Self {
            status: 404,
            ..Self::invalid(format!("No {what} found with id '{id}'."))
        }
    }

    /// A stream ends because there is nothing left to tell of.
    pub(crate) fn thread_deleted(id: &str) -> Self {
        Self {
            code: Some("thread_deleted"),
            ..Self::invalid(format!("Thread {id} was deleted while its run was active."))
        }
    }

    /// There is no such path.
    pub(crate) fn no_such_path(method: &str, path: &str) -> Self {
        Self {
            status: 404,
            code: Some("unknown_url"),
            ..Self::invalid(format!("There is no {method} {path} here."))
        }
    }

    /// The path has other methods.
    pub(crate) fn no_such_method(method: &str, path: &str) -> Self {
        Self {
            status: 405,
            code: Some("method_not_supported"),
            ..Self::invalid(format!("{path} does not take {method}."))
        }
    }

    pub(crate) fn no_key() -> Self {
        Self {
            status: 401,
            ..Self::invalid(
                "There is no key. Send one in the header `Authorization: Bearer KEY`, or in `api-key`.",
            )
        }
    }

    pub(crate) fn wrong_key() -> Self {
        Self {
            status: 401,
            code: Some("invalid_api_key"),
            ..Self::invalid("This is not the key of this server.")
        }
    }

    pub(crate) fn no_beta() -> Self {
        Self::parameter(
            "OpenAI-Beta",
            "invalid_beta",
            "This needs the header `OpenAI-Beta: assistants=v2`.",
        )
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        Self {
            status: 413,
            ..Self::invalid(format!("The body is larger than {limit} bytes."))
        }
    }

    pub(crate) fn full(limit: usize, what: &str) -> Self {
        Self {
            code: Some("too_many_objects"),
            ..Self::invalid(format!(
                "This server holds at most {limit} {what}, and there is no room for these. Delete threads or assistants, or raise the limit."
            ))
        }
    }

    /// What a fault that was asked for says.
    pub(crate) fn on_demand(status: u16) -> Self {
        let (kind, code) = match status {
            429 => ("requests", Some("rate_limit_exceeded")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        };
        Self {
            code,
            ..Self::new(status, kind, "This fault was asked for.")
        }
    }

    /// The server sends what it may not send.
    pub(crate) fn violation(what: &str) -> Self {
        Self {
            code: Some("violation"),
            ..Self::new(500, "server_error", what)
        }
    }

    /// What stands below `error` in an answer, and in the data of an event.
    pub(crate) fn error(&self) -> Value {
        json!({
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        })
    }

    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.error() })
    }
}
