//! Builds the HTTP request of an attempt.

use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method};

use crate::http::call::Call;

/// The header with the number of the retry, named as in the official clients.
const RETRY_COUNT: &str = "x-stainless-retry-count";

/// Builds a request without its body. Headers of the call take precedence over those of the client, and both over
/// those that a request has by default and over a token.
pub(super) fn build(call: &Call) -> reqwest::Request {
    let mut request = reqwest::Request::new(call.method.clone(), call.url().clone());
    let headers = request.headers_mut();
    headers.clone_from(&call.config.headers);
    let accept = HeaderValue::from_static(call.accept);
    headers.entry(ACCEPT).or_insert(accept);
    if let Some(body) = &call.body {
        let content_type = headers.entry(CONTENT_TYPE);
        content_type.or_insert_with(|| body.content_type());
    } else if [Method::POST, Method::PUT, Method::PATCH].contains(&call.method) {
        // Some gateways require it, and hyper leaves it out.
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    for (name, value) in call.options.headers() {
        headers.insert(name, value.clone());
    }
    let progress = call.progress();
    if progress.attempts > 1 {
        headers.insert(RETRY_COUNT, HeaderValue::from(progress.attempts - 1));
    }
    if let Some((name, value)) = progress.tokens.last() {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    drop(progress);
    request
}
