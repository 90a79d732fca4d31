//! Adds credentials, and renews a token that the server rejected.

use std::mem;
use std::sync::Arc;

use futures_util::future::Either;
use http::{HeaderName, HeaderValue, StatusCode};
use tower::Service;

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::credentials::{self, TokenProvider};
use crate::http::request_body::RequestBody;

/// Adds the token of a provider. On 401 the token is renewed once per call and the request is
/// resent immediately. If the renewal fails, its error is returned with the 401.
pub(super) fn authenticate<S>(
    mut inner: S,
    call: Call,
) -> impl Future<Output = Result<reqwest::Response>>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    match call.config.credentials.token_provider().cloned() {
        None => Either::Left(inner.call(call)),
        // Boxed, so that the future of a call with a fixed key is small.
        Some(provider) => Either::Right(Box::pin(send_with_token(provider, inner, call))),
    }
}

async fn send_with_token<S>(
    provider: Arc<dyn TokenProvider>,
    mut inner: S,
    call: Call,
) -> Result<reqwest::Response>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    let token = credentials::current(&*provider).await?;
    call.progress().tokens.push(token.clone());
    let response = inner.call(call.clone()).await?;
    // A configured header takes precedence over the token, which then was not sent.
    let is_configured = call.headers().any(|(name, _)| *name == token.0);
    if response.status() != StatusCode::UNAUTHORIZED
        || is_configured
        || mem::replace(&mut call.progress().has_renewed, true)
    {
        return Ok(response);
    }
    // Boxed, so that the future of a call with a valid token is small.
    Box::pin(renew(&*provider, inner, call, token, response)).await
}

/// Renews a rejected token and sends the call again, or returns the response.
async fn renew<S>(
    provider: &dyn TokenProvider,
    mut inner: S,
    call: Call,
    token: (HeaderName, HeaderValue),
    response: reqwest::Response,
) -> Result<reqwest::Response>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    call.progress().sent_by = None;
    match credentials::renew(provider, &token).await {
        Ok(Some(_)) if !call.can_be_sent() => {
            call.progress().renewal_error = Some(Error::argument(RequestBody::SENT_ONCE));
            Ok(response)
        }
        Ok(Some(renewed)) => {
            tracing::debug!("token rejected, resending with a renewed one");
            call.count_attempt();
            call.progress().tokens.push(renewed);
            inner.call(call).await
        }
        Ok(None) => Ok(response),
        Err(error) => {
            call.progress().renewal_error = Some(error);
            Ok(response)
        }
    }
}
