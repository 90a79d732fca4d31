//! Errors of the HTTP client, classified by whether the request was sent.

use std::error::Error as StdError;
use std::io;
use std::iter::successors;

use tower::BoxError;

use crate::error::clip::root_cause;
use crate::error::core::Error;
use crate::error::failure::Failure;
use crate::error::kind::ErrorKind;

impl Error {
    /// A request that could not be sent, or got no response.
    pub(crate) fn transport(error: reqwest::Error) -> Self {
        let origin = error.url().map(|url| url.origin().ascii_serialization());
        // A URL may contain secrets in its query, and words that decide about the class.
        let error = error.without_url();
        let (kind, failure, what) = match () {
            () if error.is_builder() => (
                ErrorKind::Argument,
                Failure::Final,
                "the request cannot be sent",
            ),
            () if error.is_redirect() => (
                ErrorKind::Redirect,
                Failure::Final,
                "the HTTP client did not follow a redirect",
            ),
            () if is_certificate(&error) => (
                ErrorKind::Certificate,
                Failure::Final,
                "a certificate was rejected",
            ),
            () if error.is_connect() && error.is_timeout() => {
                (ErrorKind::Timeout, Failure::NotSent, "connecting timed out")
            }
            () if error.is_connect() => (
                ErrorKind::Connection,
                Failure::NotSent,
                "the connection failed",
            ),
            () if error.is_timeout() => {
                (ErrorKind::Timeout, Failure::Unknown, "no response in time")
            }
            () if is_unsent(&error) => (
                ErrorKind::Disconnected,
                Failure::NotSent,
                "the connection closed before the request was sent",
            ),
            () => (
                ErrorKind::Disconnected,
                Failure::Unknown,
                "the connection closed without a response",
            ),
        };
        let what = match origin
            .filter(|_| failure == Failure::NotSent || kind == ErrorKind::Certificate)
        {
            Some(origin) => format!("{what} ({origin})"),
            None => what.to_owned(),
        };
        Self::of_client(kind, &what, error).classed(failure)
    }

    /// A layer or a service of the caller that failed.
    pub(crate) fn of_service(error: BoxError) -> Self {
        let error = match error.downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        match error.downcast::<reqwest::Error>() {
            Ok(error) => Self::transport(*error),
            Err(error) => {
                let message = format!("the HTTP service failed: {}", root_cause(&*error));
                let this = Self::new(ErrorKind::Connection, message).with_source(error);
                this.classed(Failure::Unknown)
            }
        }
    }

    /// A response whose body broke off.
    pub(crate) fn body_broken(error: reqwest::Error) -> Self {
        let kind = match error.is_timeout() {
            true => ErrorKind::Timeout,
            false => ErrorKind::Connection,
        };
        Self::of_client(kind, "the connection broke", error).classed(Failure::Processed)
    }

    /// A stream whose connection broke.
    pub(crate) fn stream_broken(error: reqwest::Error) -> Self {
        Self::of_client(
            ErrorKind::StreamCut,
            "the connection of the stream broke",
            error,
        )
    }

    fn of_client(kind: ErrorKind, what: &str, error: reqwest::Error) -> Self {
        // A URL may contain secrets in its query.
        let error = error.without_url();
        Self::new(kind, format!("{what}: {}", root_cause(&error))).with_source(error)
    }
}

type Cause<'a> = &'a (dyn StdError + 'static);

fn causes(error: &reqwest::Error) -> impl Iterator<Item = Cause<'_>> {
    successors(Some(error as Cause<'_>), |cause| (*cause).source())
}

/// Whether one of the sides rejected a certificate. The TLS libraries have no type in common, but
/// their errors come while connecting or as errors of I/O. Other causes may quote the server.
fn is_certificate(error: &reqwest::Error) -> bool {
    let may_be_tls = |cause: &Cause<'_>| error.is_connect() || cause.is::<io::Error>();
    causes(error).filter(may_be_tls).any(|cause| {
        let text = cause.to_string().to_ascii_lowercase();
        ["certificate", "unknownca", "unknown ca"]
            .iter()
            .any(|word| text.contains(word))
    })
}

/// Whether the request was certainly not processed.
fn is_unsent(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let is_unwritten = cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_canceled);
        #[cfg(feature = "http2")]
        let is_unwritten = is_unwritten
            || cause.downcast_ref::<h2::Error>().is_some_and(|error| {
                error.is_remote()
                    && (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
                        || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR))
            });
        is_unwritten
    })
}
