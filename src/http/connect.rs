//! Sends the HTTP request of an attempt.

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::http_request;

/// Sends a request by the HTTP client for the connect time-out of the call.
pub(super) async fn connect(call: Call) -> Result<reqwest::Response> {
    let pool = &call.config.pool;
    let http = pool.client(call.connect_timeout())?;
    let response = http.execute(http_request::build(&call)).await;
    let response = response.map_err(Error::transport)?;
    pool.observe(response.version());
    Ok(response)
}
