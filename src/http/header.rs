//! Checks headers and marks those that may hold secrets.

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use http::{HeaderName, HeaderValue};

/// Name of the header that selects the version of the Assistants API.
pub(crate) const BETA: &str = "openai-beta";

/// Headers whose values are not secret. The value of any other header may be.
const PUBLIC: [&str; 9] = [
    BETA,
    "openai-organization",
    "openai-project",
    "user-agent",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "x-client-request-id",
    "x-request-id",
];

/// Headers that frame the body or belong to the connection. A wrong one cuts the body, or makes the
/// server wait.
const OF_CONNECTION: [&str; 8] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Parses the name of a header, or returns why it cannot be sent.
pub(crate) fn parse_name(name: &str) -> Result<HeaderName, String> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is not a valid header name", name.escape_debug()))?;
    match OF_CONNECTION.contains(&header.as_str()) {
        true => Err(format!("the header `{header}` is set by the HTTP client")),
        false => Ok(header),
    }
}

/// Parses a header, or returns why it cannot be sent.
pub(crate) fn parse(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let header = parse_name(name)?;
    // The message must not quote the value, which may be a secret.
    let mut value = HeaderValue::from_str(value).map_err(|_| {
        format!("the value of the header `{header}` has a character that is not allowed in headers")
    })?;
    value.set_sensitive(!PUBLIC.contains(&header.as_str()));
    Ok((header, value))
}

/// Whether reqwest removes this header when it follows a redirect to another origin.
pub(crate) fn is_removed_on_redirect(name: &HeaderName) -> bool {
    [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name)
}
