//! The class of a failure: whether the server may have processed the request.

use http::{HeaderMap, StatusCode};

/// What is known about a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It was not sent.
    NotSent,
    /// The server refused it for now.
    Refused,
    /// The server may have processed it.
    Unknown,
    /// The server processed it, and the response was lost.
    Processed,
    /// It would fail again.
    Final,
}

impl Failure {
    /// The class of an error response. `x-should-retry` takes precedence over the status.
    pub(super) fn of_response(status: StatusCode, headers: &HeaderMap, code: Option<&str>) -> Self {
        let should_retry = headers.get("x-should-retry");
        match (should_retry.map(|value| value.as_bytes()), status.as_u16()) {
            (Some(b"true"), _) => Self::Refused,
            (Some(b"false"), _) => Self::Final,
            (_, 429) if code == Some("insufficient_quota") => Self::Final,
            (_, 408 | 409 | 425 | 429 | 503) => Self::Refused,
            (_, 501) => Self::Final,
            (_, 500..) => Self::Unknown,
            _ => Self::Final,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: u16, should_retry: Option<&'static str>) -> Failure {
        let mut headers = HeaderMap::new();
        if let Some(value) = should_retry {
            headers.insert("x-should-retry", value.parse().unwrap());
        }
        Failure::of_response(StatusCode::from_u16(status).unwrap(), &headers, None)
    }

    #[test]
    fn the_status_determines_the_class() {
        for (class_of, statuses) in [
            (Failure::Refused, &[408, 409, 425, 429, 503][..]),
            (Failure::Unknown, &[500, 502, 504, 529, 599]),
            (Failure::Final, &[400, 401, 403, 404, 405, 410, 422, 501]),
        ] {
            for status in statuses {
                assert_eq!(class(*status, None), class_of, "{status}");
            }
        }
    }

    #[test]
    fn x_should_retry_takes_precedence() {
        assert_eq!(class(400, Some("true")), Failure::Refused);
        assert_eq!(class(502, Some("false")), Failure::Final);
        assert_eq!(class(502, Some("maybe")), Failure::Unknown);
    }

    #[test]
    fn an_exhausted_quota_is_final() {
        let none = HeaderMap::new();
        let class = |code| Failure::of_response(StatusCode::TOO_MANY_REQUESTS, &none, Some(code));
        assert_eq!(class("insufficient_quota"), Failure::Final);
        assert_eq!(class("rate_limit_exceeded"), Failure::Refused);
    }
}
