//! A stream of deserialized events.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use http::HeaderMap;

use crate::error::core::Result;
use crate::http::request::Request;
use crate::http::sealed::Sealed;
use crate::http::size_limits::SizeLimits;
use crate::sse::parser::SseEvent;
use crate::sse::reader::EventReader;
use crate::sse::run_state::RunState;
use crate::sse::text::TextDeltas;

/// An event of a stream.
pub trait StreamEvent: Sealed + Sized + Send + Unpin + 'static {
    /// Deserializes an event from its name and data. An unknown name is not an error.
    ///
    /// # Errors
    /// The data of a known event does not match the document.
    fn decode(event: &str, data: &str) -> Result<Self>;

    /// Returns the state of the run, if the event contains a run.
    fn run_state(&self) -> Option<RunState<'_>>;
}

/// The events of a run: a `Stream` of `Result<E, Error>`.
///
/// Created by the method `stream` of the operations that can stream. Nothing is read before it is
/// polled, and there is no background task. `stream_idle_timeout` of the call, or else of the client,
/// limits how long the stream may be idle while the caller waits; there is no limit for the whole stream.
/// Dropping the stream closes its connection. With the feature `http2`, where calls share a connection,
/// many streams that are kept without being read make the other calls wait. The run continues on the server: cancel it if it is
/// not needed any more.
///
/// The stream is complete once the name of an event reports that the run is terminal (`completed`,
/// `incomplete`, `failed`, `cancelled`, `expired`) or requires action. It then ends with `[DONE]`,
/// with the connection, or after five seconds. Any other end is an error.
///
/// # Errors
/// Each item may be an error:
///
/// - [`is_stream_error`](crate::Error::is_stream_error): the server sent an `error` event.
/// - [`is_interrupted`](crate::Error::is_interrupted): the stream broke, ended, or was idle for too
///   long before the run was terminal or required action. `[DONE]` does not change that. Nothing is
///   retried, because events would be repeated or lost; fetch the run by its
///   [`run_id`](crate::Error::run_id).
/// - [`ErrorKind::Status`](crate::ErrorKind::Status): the response is an error of the server, with a
///   success status and without events.
/// - [`is_decode`](crate::Error::is_decode): an event does not match the document. The stream
///   continues with the next event.
///
/// After any error but the last, the stream has ended.
///
/// # Examples
///
/// ```no_run
/// use openai_assistants::types::AssistantStreamEvent;
/// use openai_assistants::{EventStream, Result};
///
/// async fn show(mut events: EventStream<AssistantStreamEvent>) -> Result<()> {
///     while let Some(event) = events.try_next().await? {
///         println!("{}", event.event());
///     }
///     Ok(())
/// }
/// ```
#[doc(alias = "sse")]
#[must_use = "nothing is read until the stream is polled"]
pub struct EventStream<E> {
    reader: EventReader,
    event: PhantomData<fn() -> E>,
}

impl<E> EventStream<E> {
    /// Sends a request and opens the stream of its response.
    pub(crate) async fn open(request: Request) -> Result<Self> {
        Ok(Self {
            reader: EventReader::open(request).await?,
            event: PhantomData,
        })
    }

    /// Opens a stream and waits for its first event.
    pub(crate) async fn begin(request: Request) -> Result<Self> {
        let mut events = Self::open(request).await?;
        events.reader.begin().await?;
        Ok(events)
    }
}

impl<E: StreamEvent> EventStream<E> {
    /// Returns the next event, or `None` after the last.
    ///
    /// # Errors
    /// See [`EventStream`].
    pub async fn try_next(&mut self) -> Result<Option<E>> {
        poll_fn(|context| self.reader.poll_next(context, decode))
            .await
            .transpose()
    }

    /// Returns the request ID that the server assigned.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.reader.request_id()
    }

    /// Returns the headers of the response.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.reader.headers()
    }

    /// Returns how many attempts the call took.
    ///
    /// With `once`, the attempts of all its requests count.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.reader.attempts()
    }

    /// The limits of the client.
    pub(crate) fn sizes(&self) -> SizeLimits {
        self.reader.sizes()
    }

    /// Whether the stream has ended, whatever the last item was.
    pub(crate) fn has_ended(&self) -> bool {
        self.reader.has_ended()
    }

    /// Returns the ID of the run, if it is known yet.
    ///
    /// It is known once the request or an event has contained it.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        self.reader.run_id()
    }

    /// Returns the ID of the thread, if it is known yet.
    ///
    /// It is known once the request or an event has contained it.
    #[must_use]
    pub fn thread_id(&self) -> Option<&str> {
        self.reader.thread_id()
    }

    /// Converts the stream to one of only the text of the messages.
    ///
    /// It parses little else, which takes a fraction of the time of deserializing all events. Each
    /// [`TextDelta`](crate::TextDelta) has the ID of its message.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use openai_assistants::types::AssistantStreamEvent;
    /// # use openai_assistants::{EventStream, Result};
    /// # async fn example(events: EventStream<AssistantStreamEvent>) -> Result<()> {
    /// let mut texts = events.text_deltas();
    /// while let Some(delta) = texts.try_next().await? {
    ///     print!("{delta}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn text_deltas(self) -> TextDeltas {
        TextDeltas::new(self.reader)
    }
}

impl<E: StreamEvent> Stream for EventStream<E> {
    type Item = Result<E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<E>>> {
        self.reader.poll_next(context, decode)
    }
}

impl<E> fmt::Debug for EventStream<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EventStream").field(&self.reader).finish()
    }
}

fn decode<E: StreamEvent>(event: &SseEvent<'_>) -> Result<Option<E>> {
    E::decode(&event.name, &event.data).map(Some)
}
