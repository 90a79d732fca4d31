//! Decides which redirects are followed.

use http::Method;
use http::header::LOCATION;
use reqwest::Url;

/// Returns the URL that a response redirects to. Fails if the client must not go there.
///
/// Credentials never leave the origin of the base URL, and a method never changes.
pub(super) fn target(
    method: &Method,
    requested: &Url,
    response: &reqwest::Response,
) -> Result<Option<Url>, String> {
    let received = response.url();
    if received != requested && received.origin() != requested.origin() {
        return Err(format!(
            "your `http_client` followed a redirect to {}, without credentials: build it with \
             `redirect(Policy::none())`; if that is the correct server, set the base URL to it",
            received.origin().ascii_serialization()
        ));
    }
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
    if url.origin() != received.origin() {
        let origin = url.origin().ascii_serialization();
        return Err(format!(
            "redirect to {origin}, where credentials are not sent; if that is the correct server, set the base URL to it"
        ));
    }
    if !keeps_method {
        let path = url.path();
        return Err(format!(
            "redirect to {path}, which would change {method} to GET; check the base URL"
        ));
    }
    Ok(Some(url))
}
