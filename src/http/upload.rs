//! A file to upload: from a path, bytes or a reader.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut, Bytes, BytesMut};
use futures_core::Stream;
use futures_util::future::TryFutureExt;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use http::HeaderValue;
use tokio::fs::{self, File};
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
    /// The reader is not read beyond that, so it may be a connection that stays open. It is an error if it ends
    /// before. It has no effect on a path or bytes.
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

    /// Returns the number of bytes, if it is known.
    pub(super) async fn known_length(&self) -> Result<Option<u64>> {
        match &self.source {
            Source::Path(path) => {
                let metadata = match fs::metadata(path).await {
                    // Opening it succeeds on Unix; reading it fails after the request has started.
                    Ok(metadata) if metadata.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
                    metadata => metadata,
                };
                let metadata = metadata.map_err(|error| {
                    Error::file(&format!("cannot open `{}`", path.display()), error)
                })?;
                Ok(metadata.is_file().then_some(metadata.len()))
            }
            Source::Bytes(bytes) => Ok(Some(bytes.len() as u64)),
            Source::Reader { length, .. } => Ok(*length),
        }
    }

    /// Whether the content can be read, also if it was read before.
    pub(super) fn can_be_read(&self) -> bool {
        match &self.source {
            Source::Path(_) | Source::Bytes(_) => true,
            Source::Reader { reader, .. } => lock(reader).is_some(),
        }
    }

    /// Returns the content for an attempt. It is opened when it is polled first.
    pub(super) fn content(&self, attempt: u32, length: Option<u64>) -> Content {
        let content = match &self.source {
            Source::Path(path) => {
                let opened = File::open(path.clone()).map_ok(|file| Box::pin(file) as Reader);
                opened
                    .map_ok(move |file| read(file, length, AtLength::WaitForEnd))
                    .try_flatten_stream()
                    .boxed()
            }
            Source::Bytes(bytes) => split(bytes.clone()).boxed(),
            Source::Reader { reader, .. } => {
                let reader = reader.clone();
                let taken = async move {
                    let reader = lock(&reader).take();
                    reader.ok_or_else(|| io::Error::other("it was read before"))
                };
                taken
                    .map_ok(move |reader| read(reader, length, AtLength::Stop))
                    .try_flatten_stream()
                    .boxed()
            }
        };
        let Some(report) = self.progress.clone() else {
            return content;
        };
        let mut bytes = 0;
        let content = content.inspect_ok(move |chunk| {
            bytes += chunk.len() as u64;
            report(Progress {
                bytes,
                total: length,
                attempt,
            });
        });
        content.boxed()
    }
}

fn lock(reader: &Mutex<Option<Reader>>) -> std::sync::MutexGuard<'_, Option<Reader>> {
    reader.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to do when as many bytes are read as expected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtLength {
    /// The end of a file is certain to come.
    WaitForEnd,
    /// A connection may stay open, and what follows may belong to another reader.
    Stop,
}

/// Reads up to the expected length, at which a file has to end.
fn read(
    reader: Reader,
    length: Option<u64>,
    at_length: AtLength,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::try_unfold((reader, 0), move |(mut reader, before)| async move {
        let left = length.map(|length| length - before);
        if left == Some(0) && at_length == AtLength::Stop {
            return Ok(None);
        }
        // One byte more than is left of a file, to find out whether there are more.
        let beyond = u64::from(at_length == AtLength::WaitForEnd);
        let near_end = left.filter(|left| *left <= CHUNK as u64);
        let capacity = near_end.map_or(CHUNK as u64, |left| left + beyond);
        let capacity = usize::try_from(capacity).unwrap_or(CHUNK);
        let mut chunk = BytesMut::with_capacity(capacity);
        let mut rest = (&mut chunk).limit(capacity);
        let count = reader.read_buf(&mut rest).await? as u64;
        match left {
            Some(left) if count > left || count == 0 && left > 0 => {
                let length = before + left;
                Err(io::Error::other(format!("it does not have {length} bytes")))
            }
            _ if count == 0 => Ok(None),
            _ => Ok(Some((chunk.freeze(), (reader, before + count)))),
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
