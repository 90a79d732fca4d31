//! The parts of a response that an error keeps.

use http::{HeaderMap, StatusCode};

/// Status and headers of a response.
#[derive(Clone)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// Returns the request ID from the headers of a response.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-request-id")?.to_str().ok()
}
