//! A response with its metadata, and the deserialization of its body.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::error::core::{Error, Result};
use crate::error::response::ResponseHead;
use crate::http::body::without_mark;
use crate::http::call::Call;
use crate::json::{lenient, path, size, utf8};

/// The getters of a type with a field `head`.
macro_rules! response_head {
    () => {
        /// Returns the status code.
        #[must_use]
        pub fn status(&self) -> http::StatusCode {
            self.head.status
        }

        /// Returns the headers.
        #[must_use]
        pub fn headers(&self) -> &http::HeaderMap {
            &self.head.headers
        }

        /// Returns the request ID that the server assigned.
        #[must_use]
        pub fn request_id(&self) -> Option<&str> {
            crate::error::response::request_id(&self.head.headers)
        }
    };
}

#[cfg(feature = "files")]
pub(crate) use response_head;

/// A deserialized response body with the metadata of the response.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// let response = client.create_thread().send_response().await?;
/// println!("request {:?}", response.request_id());
/// let thread = response.into_inner();
/// println!("{}", thread.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Response<T> {
    value: T,
    head: ResponseHead,
    body: Bytes,
    attempts: u32,
}

impl<T: DeserializeOwned> Response<T> {
    /// Deserializes a body. An empty one, such as that of a 204, deserializes like `null`.
    pub(crate) fn decode(call: &Call, head: ResponseHead, body: Bytes) -> Result<Self> {
        let json = if body.is_empty() {
            Cow::Borrowed("null")
        } else {
            utf8::decode(without_mark(&body))
        };
        // The type of a raw call is the caller's, such as a list of numbers.
        let checked = match call.is_documented() {
            true => size::check(&json),
            false => Ok(()),
        };
        match checked.and_then(|()| lenient::from_str(&json)) {
            Ok(value) => Ok(Self::new(value, call, head, body)),
            Err(error) => {
                let path = path::path_of(&error, json.as_bytes());
                let error = Error::decode(head, &body, &path, error);
                Err(error.redacted(&call.secrets()))
            }
        }
    }
}

impl<T> Response<T> {
    pub(crate) fn new(value: T, call: &Call, head: ResponseHead, body: Bytes) -> Self {
        Self {
            value,
            head,
            body,
            attempts: call.total_attempts(),
        }
    }

    /// Returns the deserialized body.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Returns a reference to the deserialized body.
    #[must_use]
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    response_head!();

    /// Returns the body as received.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let response = client.get_thread().thread_id("thread_1").send_response().await?;
    /// println!("{}", String::from_utf8_lossy(response.body()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns how many attempts the call took.
    ///
    /// With `once`, the attempts of all its requests count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }
}

impl<T: fmt::Debug> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without headers and body, which may contain cookies and personal data.
        f.debug_struct("Response")
            .field("value", &self.value)
            .field("status", &self.head.status)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
