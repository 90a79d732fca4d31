//! Reads the body of a response.

use bytes::{Bytes, BytesMut};

use crate::error::response::ResponseHead;
use crate::http::deadline::Deadline;

/// Takes status and headers out of a response.
pub(super) fn take_head(response: &mut reqwest::Response) -> ResponseHead {
    ResponseHead {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
    }
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
        return Ok(Some(first));
    };
    let mut bytes = BytesMut::from(first);
    loop {
        if chunk.len() > limit.saturating_sub(bytes.len()) {
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
    mut deadline: Deadline,
) -> Bytes {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < limit
            && let Ok(Some(chunk)) = response.chunk().await
        {
            bytes.extend_from_slice(&chunk[..chunk.len().min(limit - bytes.len())]);
        }
    };
    deadline.before(read).await;
    bytes.into()
}
