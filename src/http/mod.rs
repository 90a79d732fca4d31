//! The HTTP layer: requests, responses, credentials, retries, redirects and time-outs.

mod attempt;
mod authenticate;
pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod call;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod content;
pub(crate) mod credentials;
pub(crate) mod deadline;
#[cfg(feature = "files")]
pub(crate) mod form;
mod from_fn;
#[cfg(any(feature = "tools", assistants_schema = "RunToolCallMcp"))]
pub(crate) mod guarded;
pub(crate) mod header;
mod http_request;
pub(crate) mod operation_info;
pub(crate) mod options;
pub(crate) mod path;
pub(crate) mod pool;
mod redirect;
pub(crate) mod request;
pub(crate) mod request_body;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod retry_policy;
pub(crate) mod sealed;
pub(crate) mod service;
pub(crate) mod size_limits;
pub(crate) mod span;
pub(crate) mod stack;
pub(crate) mod time_limits;
pub(crate) mod tls;
mod total_timeout;
mod trace;
#[cfg(feature = "files")]
pub(crate) mod upload;
