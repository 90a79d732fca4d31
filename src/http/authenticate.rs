//! Adds credentials, and renews a token that the server rejected.

use std::mem;

use http::{HeaderName, HeaderValue, StatusCode};
use tower::{Service, ServiceExt};

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::request_body::RequestBody;

/// Adds the token of a provider. On 401 the token is renewed once per call and the request is
/// resent immediately. If the renewal fails, its error is returned with the 401.
pub(super) async fn authenticate<S>(mut inner: S, call: Call) -> Result<reqwest::Response>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    let credentials = &call.config.credentials;
    let Some(token) = credentials.current().await? else {
        return inner.ready().await?.call(call).await;
    };
    // Boxed, so that the future of a call without a provider is small.
    Box::pin(send_with(token, inner, call)).await
}

/// Sends a call with a token.
async fn send_with<S>(
    token: (HeaderName, HeaderValue),
    mut inner: S,
    call: Call,
) -> Result<reqwest::Response>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    call.progress().tokens.push(token.clone());
    let response = inner.ready().await?.call(call.clone()).await?;
    // A configured header takes precedence over the token, which then was not sent.
    let is_configured = call.headers().any(|(name, _)| *name == token.0);
    if response.status() != StatusCode::UNAUTHORIZED
        || is_configured
        || mem::replace(&mut call.progress().has_renewed, true)
    {
        return Ok(response);
    }
    renew(inner, call, token, response).await
}

/// Renews a rejected token and sends the call again, or returns the response.
async fn renew<S>(
    mut inner: S,
    call: Call,
    token: (HeaderName, HeaderValue),
    response: reqwest::Response,
) -> Result<reqwest::Response>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    call.progress().sent_by = None;
    match call.config.credentials.renew(&token).await {
        Ok(Some(_)) if !call.can_be_sent() => {
            call.progress().renewal_error = Some(Error::argument(RequestBody::SENT_ONCE));
            Ok(response)
        }
        Ok(Some(renewed)) => {
            tracing::debug!("token rejected, resending with a renewed one");
            call.count_attempt();
            call.progress().tokens.push(renewed);
            inner.ready().await?.call(call).await
        }
        Ok(None) => Ok(response),
        Err(error) => {
            call.progress().renewal_error = Some(error);
            Ok(response)
        }
    }
}
