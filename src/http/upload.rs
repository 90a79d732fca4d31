//! A file to upload: from a path, bytes or a reader.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::HeaderValue;
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::error::core::{Error, Result};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

type Reader = Pin<Box<dyn AsyncRead + Send>>;
type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;
/// The content of a file, chunk by chunk.
pub(super) type Content = BoxStream<'static, io::Result<Bytes>>;

/// A file to upload.
///
/// It is sent in chunks and never held in memory as a whole. Files on disk and bytes can be sent
/// again, see [the guide](crate::guides::retries). A reader is sent once: after it was read, nothing is
/// retried. Clones share the reader.
///
/// The media type follows from the extension of the file name, unless it is set.
///
/// # Examples
///
/// ```
/// use openai_assistants::Upload;
///
/// let report = Upload::path("reports/2025.pdf");
/// let notes = Upload::bytes("notes.md", "# Notes").progress(|progress| {
///     println!("{} of {:?} bytes", progress.bytes, progress.total);
/// });
/// ```
#[derive(Clone)]
pub struct Upload {
    name: String,
    content_type: Option<String>,
    source: Source,
    progress: Option<OnProgress>,
}

#[derive(Clone)]
enum Source {
    Path(PathBuf),
    Bytes(Bytes),
    /// The reader is taken when it is read first.
    Reader {
        reader: Arc<Mutex<Option<Reader>>>,
        length: Option<u64>,
    },
}

/// How much of a file has been transferred.
///
/// # Examples
///
/// ```
/// use openai_assistants::Progress;
///
/// fn percent(progress: Progress) -> Option<u64> {
///     Some(progress.bytes * 100 / progress.total?.max(1))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of bytes so far. It starts again with each attempt.
    pub bytes: u64,
    /// The number of all bytes, if it is known.
    pub total: Option<u64>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
}

impl Upload {
    /// Uploads a file on disk under its own name.
    ///
    /// The file is opened when it is sent. It must not change meanwhile.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        Self::new(name, Source::Path(path))
    }

    /// Uploads bytes under a file name.
    pub fn bytes(name: impl Into<String>, content: impl Into<Bytes>) -> Self {
        Self::new(name, Source::Bytes(content.into()))
    }

    /// Uploads what a reader returns under a file name.
    ///
    /// Set the [`length`](Self::length), if it is known: some servers require it.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example() -> std::io::Result<()> {
    /// use openai_assistants::Upload;
    ///
    /// let connection = tokio::net::TcpStream::connect("localhost:7000").await?;
    /// let upload = Upload::reader("log.txt", connection);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reader(name: impl Into<String>, reader: impl AsyncRead + Send + 'static) -> Self {
        let reader: Reader = Box::pin(reader);
        let source = Source::Reader {
            reader: Arc::new(Mutex::new(Some(reader))),
            length: None,
        };
        Self::new(name, source)
    }

    fn new(name: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            content_type: None,
            source,
            progress: None,
        }
    }

    /// Sets the name of the file.
    #[must_use]
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the media type of the file, such as `text/markdown`.
    #[must_use]
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the number of bytes that a reader returns.
    ///
    /// It has no effect on a path or bytes.
    #[must_use]
    pub fn length(mut self, bytes: u64) -> Self {
        if let Source::Reader { length, .. } = &mut self.source {
            *length = Some(bytes);
        }
        self
    }

    /// Calls a function after each chunk that was passed to the connection.
    #[must_use]
    pub fn progress(mut self, function: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(function));
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The media type, set by the caller or by the extension of the name.
    pub(super) fn media_type(&self) -> Result<HeaderValue> {
        let guessed = || mime_guess::from_path(&self.name).first_raw();
        let media_type = self.content_type.as_deref().or_else(guessed);
        HeaderValue::from_str(media_type.unwrap_or("application/octet-stream"))
            .map_err(|_| Error::invalid_argument("content_type", "it has an invalid character"))
    }

    /// The number of bytes, if it is known.
    pub(super) fn known_length(&self) -> Option<u64> {
        match &self.source {
            Source::Path(path) => length(&std::fs::metadata(path).ok()?),
            Source::Bytes(bytes) => Some(bytes.len() as u64),
            Source::Reader { length, .. } => *length,
        }
    }

    /// Whether the content can be read, also if it was read before.
    pub(super) fn can_be_read(&self) -> bool {
        match &self.source {
            Source::Path(_) | Source::Bytes(_) => true,
            Source::Reader { reader, .. } => lock(reader).is_some(),
        }
    }

    /// Opens the content for an attempt. Returns it with its length, if that is known.
    pub(super) async fn open(&self, attempt: u32) -> Result<(Content, Option<u64>)> {
        let (content, total) = match &self.source {
            Source::Path(path) => open_file(path).await?,
            Source::Bytes(bytes) => (split(bytes.clone()).boxed(), self.known_length()),
            Source::Reader { reader, length } => {
                let (reader, length) = (reader.clone(), *length);
                let taken = stream::once(async move {
                    let reader = lock(&reader).take();
                    reader.ok_or_else(|| io::Error::other("it was read before"))
                });
                let content = taken.map_ok(move |reader| read(reader, length));
                (content.try_flatten().boxed(), length)
            }
        };
        let Some(report) = self.progress.clone() else {
            return Ok((content, total));
        };
        let mut bytes = 0;
        let content = content.inspect_ok(move |chunk| {
            bytes += chunk.len() as u64;
            report(Progress {
                bytes,
                total,
                attempt,
            });
        });
        Ok((content.boxed(), total))
    }
}

fn lock(reader: &Mutex<Option<Reader>>) -> std::sync::MutexGuard<'_, Option<Reader>> {
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The length of a regular file.
fn length(metadata: &std::fs::Metadata) -> Option<u64> {
    metadata.is_file().then_some(metadata.len())
}

async fn open_file(path: &Path) -> Result<(Content, Option<u64>)> {
    let opened = async {
        let file = File::open(path).await?;
        let length = length(&file.metadata().await?);
        Ok((read(Box::pin(file), length).boxed(), length))
    };
    opened
        .await
        .map_err(|error| Error::file(&format!("cannot open `{}`", path.display()), error))
}

/// Reads to the end, which has to be at the expected length.
fn read(
    reader: Reader,
    length: Option<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((reader, 0), move |(mut reader, before)| async move {
        let mut chunk = BytesMut::with_capacity(CHUNK);
        let count = reader.read_buf(&mut chunk).await? as u64;
        let read = before + count;
        match length {
            Some(length) if read > length || count == 0 && read < length => {
                Err(io::Error::other(format!("it does not have {length} bytes")))
            }
            _ if count == 0 => Ok(None),
            _ => Ok(Some((chunk.freeze(), (reader, read)))),
        }
    })
}

fn split(mut bytes: Bytes) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::iter(std::iter::from_fn(move || {
        let chunk = bytes.split_to(bytes.len().min(CHUNK));
        (!chunk.is_empty()).then_some(Ok(chunk))
    }))
}

/// A file on disk.
impl From<PathBuf> for Upload {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

/// A file on disk.
impl From<&Path> for Upload {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the content, which may be personal data.
        f.debug_struct("Upload")
            .field("name", &self.name)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}
