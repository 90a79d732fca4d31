//! Sends the HTTP request of an attempt by reqwest, through the layers of the caller if there are any.

use std::sync::Arc;
use std::time::Duration;

use tower::{BoxError, ServiceExt, service_fn};

use crate::error::core::{Error, Result};
use crate::error::kind::ErrorKind;
use crate::http::body::take_head;
use crate::http::call::Call;
use crate::http::content;
use crate::http::http_request;
use crate::http::pool::Pool;
use crate::http::redirect::{check_origin, set_url};
use crate::http::service::{CallInfo, HttpRequest, HttpResponse, HttpService};

/// Sends a request by the service of the caller, or else by reqwest.
pub(super) async fn connect(call: Call) -> Result<reqwest::Response> {
    let config = &call.config;
    call.progress().sent_by = Some(config.pool.generation());
    let body = match &call.body {
        Some(body) => Some(body.open(call.attempts()).await?),
        None => None,
    };
    let mut request = http_request::build(&call);
    *request.body_mut() = body;
    let received = match &config.service {
        None => execute(&config.pool, call.connect_timeout(), request).await,
        // Boxed, so that calls without layers are small.
        Some(service) => Box::pin(execute_by(service, &call, request)).await,
    };
    // A file that cannot be read is why the request failed.
    let failure = || call.body.as_ref()?.failure();
    let response = received.map_err(|error| failure().unwrap_or(error))?;
    content::check(&call, response)
}

/// Sends a request by the service of the caller.
async fn execute_by(
    service: &HttpService,
    call: &Call,
    request: reqwest::Request,
) -> Result<reqwest::Response> {
    let mut request = HttpRequest::try_from(request).map_err(Error::transport)?;
    request.extensions_mut().insert(CallInfo {
        operation: call.info,
        attempt: call.attempts(),
        connect_timeout: call.connect_timeout(),
    });
    let response = service.clone().oneshot(request).await;
    let mut response = response.map_err(Error::of_service)?;
    set_url(response.extensions_mut(), call.url().clone());
    Ok(response.into())
}

/// Returns reqwest as the service behind the layers of the caller.
pub(crate) fn reqwest_service(pool: Arc<Pool>, connect_timeout: Duration) -> HttpService {
    let service = service_fn(move |request: HttpRequest| {
        let pool = pool.clone();
        async move {
            let info = request.extensions().get::<CallInfo>();
            let connect_timeout = info.map_or(connect_timeout, |info| info.connect_timeout);
            let request = reqwest::Request::try_from(request).map_err(Error::transport)?;
            let url = request.url().clone();
            let mut response = execute(&pool, connect_timeout, request).await?;
            match check_origin(&url, &response) {
                Ok(()) => Ok(HttpResponse::from(response)),
                Err(reason) => Err(Error::redirect(take_head(&mut response), reason)),
            }
        }
    });
    HttpService::new(service.map_err(BoxError::from))
}

/// Sends a request by the HTTP client with this connect time-out.
///
/// It is not an async function, whose future would keep the memory of the request: that of reqwest owns it.
fn execute(
    pool: &Pool,
    connect_timeout: Duration,
    request: reqwest::Request,
) -> impl Future<Output = Result<reqwest::Response>> {
    let client = pool.client(connect_timeout);
    let sent = client.map(|client| client.execute(request));
    async move {
        let response = sent?.await.map_err(|error| {
            let mut error = Error::transport(error);
            let is_connection = matches!(
                error.kind(),
                ErrorKind::Connection | ErrorKind::Disconnected | ErrorKind::Timeout
            );
            if let Some(proxy) = pool.proxy.as_ref().filter(|_| is_connection) {
                error.add_note(proxy);
            }
            error
        })?;
        pool.observe(response.version());
        Ok(response)
    }
}
