//! The configuration and state that HTTP requests share.

use std::sync::Arc;
use std::time::Duration;

use crate::api_error::ApiError;
use crate::engine::state::State;
use crate::http::exchange::Exchange;
use crate::http::fault_rules::FaultRules;
use crate::http::shutdown::Shutdown;
use crate::operations::call::{Call, ResponseBody};
use crate::spec::check::Check;
use crate::spec::document::Dialect;

pub(crate) struct App {
    pub(crate) state: Arc<State>,
    /// Returns the handler of an operation.
    pub(crate) handler: fn(operation_id: &str) -> Option<Handler>,
    pub(crate) settings: Settings,
    pub(crate) faults: FaultRules,
    pub(crate) check: Option<Arc<Check>>,
    pub(crate) log: Option<Log>,
    pub(crate) shutdown: Shutdown,
}

/// Executes a call of an operation.
pub(crate) type Handler = fn(&State, &Call) -> Result<ResponseBody, ApiError>;

/// Called with every request, when its response starts.
pub(crate) type Log = Box<dyn Fn(&Exchange) + Send + Sync>;

pub(crate) struct Settings {
    pub(crate) dialect: Dialect,
    pub(crate) api_key: Option<String>,
    pub(crate) requires_beta_header: bool,
    pub(crate) is_stub: bool,
    /// Value of the header `openai-poll-after-ms`.
    pub(crate) poll_after: Duration,
    /// Limit of the size of a request body, in bytes.
    pub(crate) max_body: usize,
    /// Limit of the size of an uploaded file, in bytes.
    pub(crate) max_file: usize,
}
