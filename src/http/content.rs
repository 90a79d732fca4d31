//! Makes sure that the body of a response is complete, and that content is not encoded.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::{Body, Frame, SizeHint};

use crate::error::core::{Error, Result};
use crate::http::body::take_head;
use crate::http::call::Call;
use crate::http::redirect::set_url;

/// The encodings that change the bytes of a body. Some servers name a character set in their place.
const ENCODINGS: [&str; 7] = [
    "br",
    "compress",
    "deflate",
    "gzip",
    "x-compress",
    "x-gzip",
    "zstd",
];

/// Rejects content in an encoding, and lets a body fail that ends before its length.
pub(super) fn check(call: &Call, mut response: reqwest::Response) -> Result<reqwest::Response> {
    // The headers of a response to HEAD, and those of a 304, describe a body that is not sent.
    if call.method == Method::HEAD || response.status() == StatusCode::NOT_MODIFIED {
        return Ok(response);
    }
    if call.expects_content()
        && response.status().is_success()
        && let Some(encoding) = encoding(response.headers())
    {
        return Err(Error::encoded_content(take_head(&mut response), encoding));
    }
    // hyper checks the length in HTTP/1. In HTTP/2 it takes a stream that is reset without an error for complete.
    let is_checked = response.version() != Version::HTTP_2 && call.config.service.is_none();
    match content_length(response.headers()) {
        Some(length) if !is_checked => Ok(with_length(response, length)),
        _ => Ok(response),
    }
}

/// Returns the number of bytes that a response states.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn encoding(headers: &HeaderMap) -> Option<&'static str> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    let mut names = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    names.find_map(|name| {
        let mut known = ENCODINGS.into_iter();
        known.find(|known| known.eq_ignore_ascii_case(name.trim()))
    })
}

fn with_length(response: reqwest::Response, length: u64) -> reqwest::Response {
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    set_url(&mut parts.extensions, url);
    let body = SizedBody {
        body,
        length,
        received: 0,
    };
    http::Response::from_parts(parts, reqwest::Body::wrap(body)).into()
}

/// A body that fails if it ends before its length.
struct SizedBody {
    body: reqwest::Body,
    length: u64,
    received: u64,
}

impl Body for SizedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let Self {
            length, received, ..
        } = *self;
        Poll::Ready(match frame {
            None if received < length => {
                let text = format!("the body ended after {received} of {length} bytes");
                Some(Err(
                    io::Error::new(io::ErrorKind::UnexpectedEof, text).into()
                ))
            }
            None => None,
            Some(Err(error)) => Some(Err(error.into())),
            Some(Ok(frame)) => {
                self.received += frame.data_ref().map_or(0, |data| data.len() as u64);
                Some(Ok(frame))
            }
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
