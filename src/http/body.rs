//! Reads the body of a response.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use http::Version;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use memchr::memmem;
use serde::de::IgnoredAny;

use crate::error::response::ResponseHead;
use crate::http::clock::Clock;
use crate::http::deadline::Deadline;

/// Some servers send it in front of the JSON.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Takes status and headers out of a response.
pub(super) fn take_head(response: &mut reqwest::Response) -> ResponseHead {
    ResponseHead {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
    }
}

/// Splits a response into its head, and the rest.
pub(super) fn split_head(mut response: reqwest::Response) -> (ResponseHead, reqwest::Response) {
    (take_head(&mut response), response)
}

/// Returns a body without its byte order mark.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

/// Whether a body that has ended is JSON that was cut. In HTTP/1 a body without a length ends with
/// the connection, and in HTTP/2 any body ends with a reset of its stream that states no error.
pub(super) fn is_cut(version: Version, head: &ResponseHead, body: &[u8]) -> bool {
    let mut lengths = [CONTENT_LENGTH, TRANSFER_ENCODING].iter();
    let ends_by_length =
        version != Version::HTTP_2 && lengths.any(|name| head.headers.contains_key(name));
    if ends_by_length || body.is_empty() {
        return false;
    }
    // The content of a file may look like it.
    let content_type = head.headers.get(CONTENT_TYPE);
    let is_json =
        content_type.is_none_or(|value| memmem::find(value.as_bytes(), b"json").is_some());
    is_json
        && serde_json::from_slice::<IgnoredAny>(without_mark(body))
            .is_err_and(|error| error.is_eof())
}

/// Reads a whole body. Returns `None` if it is larger than `limit` bytes.
pub(super) async fn read_all(
    response: &mut reqwest::Response,
    limit: usize,
) -> reqwest::Result<Option<Bytes>> {
    let Some(first) = response.chunk().await? else {
        return Ok(Some(Bytes::new()));
    };
    let Some(mut chunk) = response.chunk().await? else {
        return Ok((first.len() <= limit).then_some(first));
    };
    let mut bytes = BytesMut::from(first);
    loop {
        if bytes.len().saturating_add(chunk.len()) > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
        match response.chunk().await? {
            Some(next) => chunk = next,
            None => return Ok(Some(bytes.freeze())),
        }
    }
}

/// Reads at most `limit` bytes, as many as arrive before the deadline, for an error.
pub(crate) async fn read_start(
    response: &mut reqwest::Response,
    limit: usize,
    mut deadline: Deadline<impl AsRef<dyn Clock>>,
) -> Bytes {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < limit
            && let Ok(Some(chunk)) = response.chunk().await
        {
            bytes.extend_from_slice(&chunk[..chunk.len().min(limit - bytes.len())]);
        }
    };
    deadline.before(pin!(read)).await;
    bytes.into()
}
