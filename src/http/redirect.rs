//! Follows redirects within the origin.

use http::header::LOCATION;
use http::{Extensions, Method};
use reqwest::{ResponseBuilderExt, Url};
use tower::Service;

use crate::error::core::{Error, Result};
use crate::http::body::take_head;
use crate::http::call::Call;
use crate::http::request_body::RequestBody;

const MAX_REDIRECTS: u32 = 5;

/// Sends a call again to where it is redirected, within the origin.
pub(super) async fn follow_redirects<S>(mut inner: S, mut call: Call) -> Result<reqwest::Response>
where
    S: Service<Call, Response = reqwest::Response, Error = Error>,
{
    let mut followed = 0;
    loop {
        let mut response = inner.call(call.clone()).await?;
        let reason = match target(&call.method, call.url(), &response) {
            Ok(None) => return Ok(response),
            Ok(_) if !call.can_be_sent() => RequestBody::SENT_ONCE.to_owned(),
            Ok(target) if followed < MAX_REDIRECTS => {
                call.target = target.map(Box::new);
                followed += 1;
                continue;
            }
            Ok(_) => format!("the server redirected more than {MAX_REDIRECTS} times"),
            Err(reason) => reason,
        };
        return Err(Error::redirect(take_head(&mut response), reason));
    }
}

/// Fails if the caller's HTTP client has followed a redirect to another origin.
pub(super) fn check_origin(requested: &Url, response: &reqwest::Response) -> Result<(), String> {
    let received = response.url();
    if received != requested && received.origin() != requested.origin() {
        return Err(format!(
            "your `http_client` followed a redirect to {}, without credentials: build it with \
             `redirect(Policy::none())`; if that is the correct server, set the base URL to it",
            received.origin().ascii_serialization()
        ));
    }
    Ok(())
}

/// Sets the URL of a response that is not reqwest's: redirects are relative to it.
pub(super) fn set_url(extensions: &mut Extensions, url: Url) {
    // The type of this extension is private.
    let named = http::Response::builder().url(url).body(());
    extensions.extend(named.map_or_else(
        |_| Extensions::new(),
        |named| named.into_parts().0.extensions,
    ));
}

/// Returns the URL that a response redirects to. Fails if the client must not go there.
///
/// Credentials never leave the origin of the base URL, and a method never changes.
fn target(
    method: &Method,
    requested: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, String> {
    check_origin(requested, response)?;
    let received = response.url();
    let keeps_method = match response.status().as_u16() {
        307 | 308 => true,
        301..=303 => matches!(*method, Method::GET | Method::HEAD),
        _ => return Ok(None),
    };
    let location = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok());
    let Some(url) = location.and_then(|location| received.join(location).ok()) else {
        return Err("redirect without a valid Location header; check the base URL".to_owned());
    };
    // Such as `file:`, and `blob:`, which has the origin of the URL in it.
    if url.scheme() != "http" && url.scheme() != "https" {
        let scheme = url.scheme();
        return Err(format!(
            "redirect to a URL with the scheme `{scheme}`; check the base URL"
        ));
    }
    if url.origin() != received.origin() {
        let origin = url.origin().ascii_serialization();
        return Err(format!(
            "redirect to {origin}, where credentials are not sent; if that is the correct server, set the base URL to it"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "redirect to a URL with a user name, which is not sent; check the base URL".to_owned(),
        );
    }
    if !keeps_method {
        let path = url.path();
        return Err(format!(
            "redirect to {path}, which would change {method} to GET; check the base URL"
        ));
    }
    Ok(Some(url))
}
