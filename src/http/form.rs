//! Forms with files: `multipart/form-data`, encoded as browsers do.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use http::HeaderValue;
use http_body::{Body, Frame, SizeHint};
use serde_json::Value;

use crate::error::core::{Error, Result};
use crate::http::time_limits::{TIMEOUT, UPLOAD_TIMEOUT};
use crate::http::upload::{Content, Upload};

const MIB: u64 = 1024 * 1024;

/// A form with texts and files, for a [raw call](crate::RawRequest::form).
///
/// Its parts are sent in the order in which they were added.
///
/// # Examples
///
/// ```
/// use openai_assistants::{Form, Upload};
///
/// let form = Form::new().text("model", "whisper-1").file("file", Upload::path("talk.mp3"));
/// ```
#[derive(Clone)]
pub struct Form {
    parts: Vec<(String, Part)>,
    boundary: String,
    transfer: Transfer,
}

/// What is known of a form that is sent. Clones are sent on their own.
#[derive(Default)]
struct Transfer {
    /// The length of all files, if it is known.
    length: OnceLock<Option<u64>>,
    /// Why a file could not be read in the current attempt. The HTTP client may report another error.
    failure: Mutex<Failure>,
}

type Failure = Arc<OnceLock<Error>>;

impl Clone for Transfer {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[derive(Clone)]
enum Part {
    Text(String),
    File(Upload),
}

impl Default for Form {
    fn default() -> Self {
        Self::new()
    }
}

impl Form {
    /// Creates a form without parts.
    #[must_use]
    pub fn new() -> Self {
        // The keys of a hasher are random.
        let random = || RandomState::new().build_hasher().finish();
        Self {
            parts: Vec::new(),
            boundary: format!("form-{:016x}{:016x}", random(), random()),
            transfer: Transfer::default(),
        }
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parts.push((name.into(), Part::Text(value.into())));
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>, file: Upload) -> Self {
        self.parts.push((name.into(), Part::File(file)));
        self
    }

    /// Adds a JSON value as texts: `a[b]` for a property, `a[]` for an item of a list. Null is left
    /// out, because a text cannot express it.
    #[allow(dead_code, reason = "a document may have no uploads")]
    pub(crate) fn json(self, name: &str, value: &Value) -> Self {
        match value {
            Value::Null => self,
            Value::String(text) => self.text(name, text),
            Value::Bool(_) | Value::Number(_) => self.text(name, value.to_string()),
            Value::Array(items) => {
                let name = format!("{name}[]");
                items.iter().fold(self, |form, item| form.json(&name, item))
            }
            Value::Object(properties) => properties.iter().fold(self, |form, (key, value)| {
                form.json(&format!("{name}[{key}]"), value)
            }),
        }
    }

    fn files(&self) -> impl Iterator<Item = &Upload> {
        self.parts.iter().filter_map(|(_, part)| match part {
            Part::File(file) => Some(file),
            Part::Text(_) => None,
        })
    }

    pub(super) fn content_type(&self) -> HeaderValue {
        let value = format!("multipart/form-data; boundary={}", self.boundary);
        // The boundary consists of letters and digits.
        HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("multipart/form-data"))
    }

    pub(super) fn can_be_sent(&self) -> bool {
        self.files().all(Upload::can_be_read)
    }

    /// Finds the length of the files, for the time-out.
    pub(super) async fn measure(&self) {
        let mut length = Some(0_u64);
        for file in self.files() {
            // A file that is missing fails the attempt.
            let bytes = file.known_length().await.unwrap_or_default();
            length = length
                .zip(bytes)
                .map(|(sum, bytes)| sum.saturating_add(bytes));
        }
        let _ = self.transfer.length.set(length);
    }

    /// One second more for each MiB.
    pub(super) fn timeout(&self) -> Duration {
        let length = self.transfer.length.get().copied().flatten();
        length.map_or(UPLOAD_TIMEOUT, |length| {
            TIMEOUT + Duration::from_secs(length / MIB)
        })
    }

    /// Why a file could not be read while it was sent.
    pub(super) fn failure(&self) -> Option<Error> {
        lock(&self.transfer.failure).get().cloned()
    }

    /// Returns the body of an attempt. It opens each file when its part is sent.
    pub(super) async fn open(&self, attempt: u32) -> Result<reqwest::Body> {
        // The body of an earlier attempt may still be read.
        let failure = Failure::default();
        *lock(&self.transfer.failure) = failure.clone();
        let mut contents = Vec::new();
        let mut length = Length(Some(0));
        let mut add = |content: Content, bytes: Option<u64>| {
            contents.push(content);
            length.add(bytes)
        };
        for (name, part) in &self.parts {
            let name = escape(name);
            let head = format!(
                "--{}\r\nContent-Disposition: form-data; name=\"{name}\"",
                self.boundary
            );
            match part {
                Part::Text(text) => add_text(&mut add, format!("{head}\r\n\r\n{text}\r\n"))?,
                Part::File(file) => {
                    let file_name = escape(file.name());
                    let head = format!("{head}; filename=\"{file_name}\"\r\nContent-Type: ");
                    let media_type = file.media_type()?;
                    let head = [head.as_bytes(), media_type.as_bytes(), b"\r\n\r\n"];
                    add_text(&mut add, head.concat())?;
                    let bytes = file.known_length().await?;
                    let content = file.content(attempt, bytes);
                    let (name, failure) = (file.name().to_owned(), failure.clone());
                    let content = content.inspect_err(move |error| {
                        let what = format!("cannot read the file `{name}`");
                        let error = io::Error::new(error.kind(), error.to_string());
                        let _ = failure.set(Error::file(&what, error));
                    });
                    add(content.boxed(), bytes)?;
                    add_text(&mut add, "\r\n")?;
                }
            }
        }
        add_text(&mut add, format!("--{}--\r\n", self.boundary))?;
        Ok(reqwest::Body::wrap(FormBody {
            content: Mutex::new(stream::iter(contents).flatten().boxed()),
            length: length.0,
        }))
    }
}

/// The number of bytes of a form, if it is known.
struct Length(Option<u64>);

impl Length {
    fn add(&mut self, bytes: Option<u64>) -> Result<()> {
        let sum = self.0.zip(bytes);
        let sum = sum.map(|(length, bytes)| {
            let sum = length.checked_add(bytes);
            sum.ok_or_else(|| Error::invalid_argument("length", "the files are too long together"))
        });
        self.0 = sum.transpose()?;
        Ok(())
    }
}

fn add_text(
    add: &mut impl FnMut(Content, Option<u64>) -> Result<()>,
    text: impl Into<Vec<u8>>,
) -> Result<()> {
    let text = Bytes::from(text.into());
    let length = text.len() as u64;
    add(stream::once(async { Ok(text) }).boxed(), Some(length))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Escapes a name as the algorithm of the WHATWG does. Other characters stay, in UTF-8.
pub(crate) fn escape(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the contents, which may be personal data.
        let names = self.parts.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// The body of an attempt.
struct FormBody {
    /// The HTTP client requires that it is `Sync`.
    content: Mutex<Content>,
    /// How many bytes are left.
    length: Option<u64>,
}

impl Body for FormBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let content = self
            .content
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let chunk = ready!(content.as_mut().poll_next(context));
        if let (Some(Ok(chunk)), Some(length)) = (&chunk, &mut self.length) {
            *length = length.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
