//! An exchange as a line of JSON, without secrets.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::spec::document::Dialect;

/// What replaces a secret.
const REDACTED: &str = "***";

/// Headers whose values are not secret. The value of any other header may be.
const PUBLIC_HEADERS: [&str; 29] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "host",
    "idempotency-key",
    "location",
    "retry-after",
    "retry-after-ms",
    "server",
    "strict-transport-security",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "x-client-request-id",
    "x-content-type-options",
    "x-fake-fault",
    "x-request-id",
    "x-should-retry",
];

/// How the names of further such headers start.
const PUBLIC_PREFIXES: [&str; 3] = ["openai-", "x-ratelimit-", "x-stainless-"];

/// The query parameter that Azure and Foundry require. The document does not have it.
const API_VERSION: &str = "api-version";

/// Shorter values are redacted in their place alone: a text may contain them by chance.
const MIN_SECRET: usize = 8;

/// An exchange. Bodies are text.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Line {
    pub(super) method: String,
    /// The path and the query.
    pub(super) path: String,
    pub(super) request_headers: BTreeMap<String, String>,
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) response_headers: BTreeMap<String, String>,
    pub(super) response: String,
}

impl Line {
    /// Creates a line with a request.
    pub(super) fn of_request(head: &Parts, body: &[u8], secrets: &Secrets) -> Self {
        let target = head.uri.path_and_query();
        Self {
            method: head.method.to_string(),
            path: secrets.redact_target(target.map_or("", |target| target.as_str())),
            request_headers: secrets.redact_headers(&head.headers),
            request: secrets.redact(body),
            ..Self::default()
        }
    }
}

/// The secrets of an exchange, the longest first: one may be part of another.
#[derive(Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Collects the secrets in the headers and the query of a request.
    pub(super) fn of_request(head: &Parts) -> Self {
        let mut secrets = Self::default();
        let query = head.uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !is_documented(&name) {
                secrets.add(&value);
            }
        }
        secrets.add_headers(&head.headers);
        secrets
    }

    /// Adds the secrets in headers.
    pub(super) fn add_headers(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            if !is_public(name, value) {
                self.add(&String::from_utf8_lossy(value.as_bytes()));
            }
        }
    }

    /// Adds a value and its words: a text repeats a key without its scheme.
    fn add(&mut self, value: &str) {
        let words = value.split([' ', ',', ';', '=', '"']).chain([value]);
        for word in words.filter(|word| word.len() >= MIN_SECRET) {
            let encoded = form_urlencoded::byte_serialize(word.as_bytes()).collect();
            self.0.extend([word.to_owned(), encoded]);
        }
        self.0.sort_by_key(|secret| Reverse(secret.len()));
    }

    /// Returns headers as text without the secrets.
    pub(super) fn redact_headers(&self, headers: &HeaderMap) -> BTreeMap<String, String> {
        let text = |name: &HeaderName, value: &HeaderValue| match value.as_bytes() {
            _ if !is_public(name, value) => REDACTED.to_owned(),
            target if name == header::LOCATION => {
                self.redact_target(&String::from_utf8_lossy(target))
            }
            text => self.redact(text),
        };
        let texts = headers.iter();
        let texts = texts.map(|(name, value)| (name.as_str().to_owned(), text(name, value)));
        texts.collect()
    }

    /// Returns a path or URL without the secrets and without the values of its query that may be.
    pub(super) fn redact_target(&self, target: &str) -> String {
        let redact_pair = |pair: &str| match pair.split_once('=') {
            Some((name, _)) if !is_public_parameter(name) => format!("{name}={REDACTED}"),
            _ => pair.to_owned(),
        };
        let redacted = target.split_once('?').map(|(path, query)| {
            let pairs: Vec<_> = query.split('&').map(redact_pair).collect();
            format!("{path}?{}", pairs.join("&"))
        });
        self.redact(redacted.as_deref().unwrap_or(target).as_bytes())
    }

    /// Returns a text without the secrets.
    pub(super) fn redact(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0
            .iter()
            .fold(text, |text, secret| text.replace(secret, REDACTED))
    }
}

fn is_public(name: &HeaderName, value: &HeaderValue) -> bool {
    let name = name.as_str();
    let has_prefix = PUBLIC_PREFIXES.iter().any(|start| name.starts_with(start));
    !value.is_sensitive() && (has_prefix || PUBLIC_HEADERS.contains(&name))
}

/// Whether the name of a query parameter, which may be escaped, is that of a public one.
fn is_public_parameter(name: &str) -> bool {
    form_urlencoded::parse(name.as_bytes()).all(|(name, _)| is_documented(&name))
}

/// Whether a query parameter is of the API, and so not secret. The value of any other may be.
fn is_documented(name: &str) -> bool {
    let operations = &Dialect::Foundry.document().operations;
    let mut names = operations.iter().flat_map(|operation| &operation.query);
    name == API_VERSION || names.any(|other| other == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_parameters_of_the_api_are_not_redacted() {
        let target = "/v1/files?purpose=assistants&api-version=v1&include%5B%5D=x&key=hush";
        assert_eq!(
            Secrets::default().redact_target(target),
            "/v1/files?purpose=assistants&api-version=v1&include%5B%5D=x&key=***"
        );
        for name in ["after", "before", "filter", "limit", "order", "run_id"] {
            assert!(is_documented(name), "{name}");
        }
    }
}
