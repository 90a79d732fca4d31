//! The body of a request.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use crate::error::core::{Error, Result};
#[cfg(feature = "files")]
use crate::http::form::Form;
use crate::http::time_limits::TIMEOUT;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The body of a request. Clones share it.
#[derive(Clone)]
pub(crate) enum RequestBody {
    Bytes {
        bytes: Bytes,
        content_type: HeaderValue,
    },
    #[cfg(feature = "files")]
    Form(Form),
}

/// JSON.
impl From<Vec<u8>> for RequestBody {
    fn from(json: Vec<u8>) -> Self {
        Self::Bytes {
            bytes: json.into(),
            content_type: JSON,
        }
    }
}

impl RequestBody {
    /// Why a body is not sent again.
    pub(super) const SENT_ONCE: &str =
        "a reader can be sent only once: use `Upload::path` or `Upload::bytes`";

    /// The bytes, unless the body is a form.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes { bytes, .. } => bytes,
            #[cfg(feature = "files")]
            Self::Form(_) => &[],
        }
    }

    pub(super) fn content_type(&self) -> HeaderValue {
        match self {
            Self::Bytes { content_type, .. } => content_type.clone(),
            #[cfg(feature = "files")]
            Self::Form(form) => form.content_type(),
        }
    }

    /// Opens the body for an attempt.
    #[cfg_attr(
        not(feature = "files"),
        allow(clippy::unused_async, reason = "files are opened")
    )]
    pub(super) async fn open(&self, _attempt: u32) -> Result<reqwest::Body> {
        match self {
            Self::Bytes { bytes, .. } => Ok(bytes.clone().into()),
            #[cfg(feature = "files")]
            // Boxed, so that the future of a call without a form is small.
            Self::Form(form) => Box::pin(form.open(_attempt)).await,
        }
    }

    /// Prepares [`timeout`](Self::timeout).
    #[cfg_attr(
        not(feature = "files"),
        allow(clippy::unused_async, reason = "files are measured")
    )]
    pub(super) async fn measure(&self) {
        match self {
            Self::Bytes { .. } => {}
            #[cfg(feature = "files")]
            // Boxed, as in `open`.
            Self::Form(form) => Box::pin(form.measure()).await,
        }
    }

    /// Why a file could not be read while the body was sent.
    pub(super) fn failure(&self) -> Option<Error> {
        match self {
            Self::Bytes { .. } => None,
            #[cfg(feature = "files")]
            Self::Form(form) => form.failure(),
        }
    }

    /// Whether the body can be sent, also if it was sent before.
    pub(super) fn can_be_sent(&self) -> bool {
        match self {
            Self::Bytes { .. } => true,
            #[cfg(feature = "files")]
            Self::Form(form) => form.can_be_sent(),
        }
    }

    /// The time-out of an attempt, if none is set.
    pub(super) fn timeout(&self) -> Duration {
        match self {
            Self::Bytes { .. } => TIMEOUT,
            #[cfg(feature = "files")]
            Self::Form(form) => form.timeout(),
        }
    }
}
