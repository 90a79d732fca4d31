//! Builds the HTTP request of an attempt.

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::http::call::Call;

/// The header with the number of the retry, named as in the official clients.
const RETRY_COUNT: &str = "x-stainless-retry-count";

/// Builds a request. Headers of the call take precedence over those of the client, and both over
/// a token.
pub(super) fn build(call: &Call) -> reqwest::Request {
    let mut request = reqwest::Request::new(call.method.clone(), call.url().clone());
    let headers = request.headers_mut();
    headers.insert(ACCEPT, HeaderValue::from_static(call.accept));
    if call.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in call.headers() {
        headers.insert(name, value.clone());
    }
    let progress = call.progress();
    if progress.attempts > 1 {
        headers.insert(RETRY_COUNT, HeaderValue::from(progress.attempts - 1));
    }
    if let Some((name, value)) = progress.tokens.last() {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    *request.body_mut() = call.body.clone().map(Into::into);
    drop(progress);
    request
}
