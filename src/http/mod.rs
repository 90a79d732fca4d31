//! The HTTP layer: requests, responses, credentials, retries, redirects and time-outs.

pub(crate) mod body;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod credentials;
pub(crate) mod deadline;
pub(crate) mod header;
pub(crate) mod operation_info;
pub(crate) mod path;
mod redirect;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod sealed;
pub(crate) mod tls;
pub(crate) mod transport;
