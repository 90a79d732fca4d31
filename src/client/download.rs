//! The content of a file on the server: as bytes, as a stream, or written to a path.

use std::fmt;
use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::header::CONTENT_TYPE;
use tokio::io::AsyncWriteExt;

use crate::client::replacement::Replacement;
use crate::error::core::{Error, Result};
use crate::error::response::ResponseHead;
use crate::http::call::Call;
use crate::http::content;
use crate::http::deadline::Deadline;
use crate::http::request::Request;
use crate::http::response::response_head;
use crate::http::stack;
use crate::http::upload::Progress;
use crate::sse::reader::poll_chunk;

/// The content of a file on the server: a `Stream` of `Result<Bytes, Error>`.
///
/// Nothing is read before it is polled, and nothing is held in memory. There is no limit on the size,
/// unless [`max_bytes`](Self::max_bytes) sets one. `stream_idle_timeout` of the call, or else of the
/// client, limits how long the server may send nothing. Content that breaks off is an error, and is not
/// requested again. So is content with a content encoding: the client requests content without one. A download that is
/// kept without being read takes room on its HTTP/2 connection: read it or drop it.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// use openai_assistants::{Download, Method};
///
/// let call = client.request(Method::GET, "/files/file_1/content");
/// let mut download: Download = call.download().await?;
/// while let Some(chunk) = download.try_next().await? {
///     println!("{} bytes of {:?}", chunk.len(), download.content_length());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until the download is polled"]
pub struct Download {
    call: Call,
    head: ResponseHead,
    /// `None` after the end.
    body: Option<reqwest::Body>,
    deadline: Deadline,
    received: u64,
    max_bytes: u64,
    progress: Option<Box<dyn FnMut(Progress) + Send + Sync>>,
}

impl Download {
    /// Sends a request, and opens the body of its response.
    pub(crate) async fn open(request: Request) -> Result<Self> {
        let call = Call::new(request)?;
        let (head, response) = stack::send::<reqwest::Response>(&call).await?;
        let deadline = Deadline::new(call.config.clock.clone(), call.stream_idle_timeout());
        Ok(Self {
            call,
            head,
            body: Some(response.into()),
            deadline,
            received: 0,
            max_bytes: u64::MAX,
            progress: None,
        })
    }

    /// Sets how large the content may be. More is an error.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Calls a function after each chunk that was received.
    pub fn progress(mut self, function: impl FnMut(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Box::new(function));
        self
    }

    /// Returns the number of bytes of the content, if the server sent it.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        content::content_length(&self.head.headers)
    }

    /// Returns the media type of the content, if the server sent it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.head.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    response_head!();

    /// Returns the next bytes, or `None` after the last.
    ///
    /// # Errors
    /// The content breaks off, is larger than [`max_bytes`](Self::max_bytes), or the server sends
    /// nothing for too long.
    pub async fn try_next(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|context| self.poll_chunk(context))
            .await
            .transpose()
    }

    /// Returns the whole content.
    ///
    /// # Errors
    /// The same as [`try_next`](Self::try_next).
    pub async fn bytes(mut self) -> Result<Bytes> {
        let mut content = BytesMut::new();
        while let Some(chunk) = self.try_next().await? {
            content.extend_from_slice(&chunk);
        }
        Ok(content.freeze())
    }

    /// Writes the content to a file, and returns the number of bytes.
    ///
    /// It is written to a temporary file in the same folder, which replaces the file once it is complete.
    /// After an error, and if the future is dropped, nothing is left behind. An existing file has to be a
    /// regular file that may be written, and keeps its permissions. A symbolic link stays: the file that
    /// it leads to is replaced.
    ///
    /// # Errors
    /// The same as [`try_next`](Self::try_next), or the file cannot be written
    /// ([`ErrorKind::File`](crate::ErrorKind::File)). To write to a device or a pipe, use
    /// [`try_next`](Self::try_next).
    pub async fn to_path(mut self, path: impl AsRef<Path>) -> Result<u64> {
        let path = path.as_ref();
        let failed = |error| Error::file(&format!("cannot write `{}`", path.display()), error);
        let mut replacement = Replacement::create(path).await.map_err(failed)?;
        while let Some(chunk) = self.try_next().await? {
            let written = replacement.file.write_all(&chunk).await;
            written.map_err(failed)?;
        }
        replacement.file.flush().await.map_err(failed)?;
        replacement.persist().await.map_err(failed)?;
        Ok(self.received)
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let poll = |context: &mut Context<'_>| poll_chunk(body, context);
        let error = match ready!(self.deadline.poll_before(context, poll)) {
            Some(Some(Ok(chunk))) => {
                self.deadline.restart();
                self.received += chunk.len() as u64;
                if self.received <= self.max_bytes {
                    self.report();
                    return Poll::Ready(Some(Ok(chunk)));
                }
                Error::body_too_large(usize::try_from(self.max_bytes).unwrap_or(usize::MAX))
            }
            Some(Some(Err(error))) => Error::body_broken(error),
            Some(None) => {
                self.body = None;
                return Poll::Ready(None);
            }
            None => {
                self.call.retire_connection();
                Error::download_idle(self.deadline.limit())
            }
        };
        self.body = None;
        let error = error.with_head(self.head.clone());
        let error = self.call.annotate(error.redacted(&self.call.secrets()));
        Poll::Ready(Some(Err(error)))
    }

    fn report(&mut self) {
        let progress = Progress {
            bytes: self.received,
            total: self.content_length(),
            attempt: self.call.attempts(),
        };
        if let Some(report) = &mut self.progress {
            report(progress);
        }
    }
}

impl Stream for Download {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without headers: a server may repeat a secret in any of them.
        f.debug_struct("Download")
            .field("status", &self.head.status)
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}
