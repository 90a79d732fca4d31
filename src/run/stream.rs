//! The event stream of a run, with accumulated snapshots.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::core::{Error, Result};
use crate::http::size_limits::SizeLimits;
use crate::run::outcome::RunOutcome;
use crate::run::replay;
use crate::run::run_events::RunItem;
use crate::run::snapshots::Snapshots;
use crate::run::tool_call::ToolCall;
use crate::sse::stream::EventStream;
use crate::sse::text_delta::{MessageBreaks, TextDelta};
use crate::types::{AssistantStreamEvent, MessageObject, RunObject, RunStepObject, ThreadObject};

impl EventStream<AssistantStreamEvent> {
    /// Accumulates the events into the run, its messages and its steps.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client, body: openai_assistants::types::CreateRunRequest) -> openai_assistants::Result<()> {
    /// let events = client.create_run().thread_id("thread_1").body(body).stream().await?;
    /// let outcome = events.accumulate().finish().await?;
    /// println!("{}", outcome.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn accumulate(self) -> RunStream {
        let sizes = self.sizes();
        RunStream::new(OneRequest(self), sizes)
    }
}

/// The events of one request.
struct OneRequest(EventStream<AssistantStreamEvent>);

impl Stream for OneRequest {
    type Item = Result<RunItem>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(Pin::new(&mut self.0).poll_next(context));
        Poll::Ready(event.map(|event| match event {
            Err(error) if self.0.has_ended() => Err(error),
            event => Ok(RunItem::Event(event)),
        }))
    }
}

/// The events of a run, with snapshots of its messages and steps.
///
/// Created by [`Follow::stream`](crate::Follow::stream) and
/// [`EventStream::accumulate`](crate::EventStream::accumulate). It is a [`Stream`] that yields each
/// event after it was added to the snapshots. Deltas are merged into their message or step, until
/// its final event replaces it. The snapshots remain available after an error. After the error of an
/// event that cannot be deserialized, the stream continues.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client, body: openai_assistants::types::CreateRunRequest) -> openai_assistants::Result<()> {
/// let events = client.create_run().thread_id("thread_1").body(body).stream().await?;
/// let mut run = events.accumulate();
/// while let Some(event) = run.try_next().await? {
///     println!("{}: {} messages so far", event.event(), run.messages().len());
///     for call in run.take_tool_calls() {
///         println!("{}: {:?}", call.run_id, call.call);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is read until the stream is polled"]
pub struct RunStream {
    /// The events of one request, or of all requests of the run.
    events: Pin<Box<dyn Stream<Item = Result<RunItem>> + Send>>,
    /// The events of an outcome that was fetched.
    fetched: VecDeque<AssistantStreamEvent>,
    snapshots: Snapshots,
    /// The messages whose text was read.
    messages: MessageBreaks,
    /// The errors of events and of fetched items.
    decode_errors: Vec<Error>,
    /// Whether an error has ended the stream.
    has_failed: bool,
}

impl RunStream {
    pub(crate) fn new<S>(events: S, sizes: SizeLimits) -> Self
    where
        S: Stream<Item = Result<RunItem>> + Send + 'static,
    {
        Self {
            events: Box::pin(events),
            fetched: VecDeque::new(),
            snapshots: Snapshots::new(sizes.missing_items),
            messages: MessageBreaks::default(),
            decode_errors: Vec::new(),
            has_failed: false,
        }
    }

    /// Returns the next event, or `None` after the last.
    ///
    /// # Errors
    /// Those of the stream, see [`EventStream`]. After an event that does not match the document
    /// ([`is_decode`](crate::Error::is_decode)) the stream continues, and the outcome contains the error too. A delta whose index
    /// leaves a gap of more than 1,000 [items](crate::SizeLimits::missing_items) is such an error.
    pub async fn try_next(&mut self) -> Result<Option<AssistantStreamEvent>> {
        poll_fn(|context| self.poll_event(context))
            .await
            .transpose()
    }

    /// Returns the thread, once an event has contained it.
    ///
    /// Only the creation of a thread together with a run has such an event.
    #[must_use]
    pub fn thread(&self) -> Option<&ThreadObject> {
        self.snapshots.thread.as_ref()
    }

    /// Returns the run according to its last event.
    ///
    /// It is `None` before the first event of the run.
    #[must_use]
    pub fn run(&self) -> Option<&RunObject> {
        self.snapshots.run.as_ref()
    }

    /// Returns the messages so far, in the order in which they appeared.
    ///
    /// A message whose deltas arrived first has only its ID and content until its final event. A
    /// missing part of the content is [`Unknown`](crate::types::MessageContent::Unknown) with null.
    #[must_use]
    pub fn messages(&self) -> &[MessageObject] {
        self.snapshots.messages()
    }

    /// Returns the steps so far, in the order in which they appeared.
    ///
    /// A step whose deltas arrived first has only its ID and details until its final event.
    #[must_use]
    pub fn steps(&self) -> &[RunStepObject] {
        self.snapshots.steps()
    }

    /// Takes the tool calls that became complete since the last call.
    ///
    /// Each call is returned once. Function calls are complete when the run requires action, calls
    /// that the server executes are complete with their step. Calls that
    /// [`Follow::tools`](crate::Follow::tools) executes are included.
    pub fn take_tool_calls(&mut self) -> Vec<ToolCall> {
        self.snapshots.take_tool_calls()
    }

    /// Returns a stream of only the text.
    ///
    /// Each [`TextDelta`] has the ID of its message, and prints with a line break where a further
    /// message starts. Reading the stream also updates the snapshots.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(mut run: openai_assistants::RunStream) -> openai_assistants::Result<()> {
    /// let mut texts = run.text_deltas();
    /// while let Some(text) = texts.try_next().await? {
    ///     print!("{text}");
    /// }
    /// let outcome = run.finish().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn text_deltas(&mut self) -> RunTextDeltas<'_> {
        RunTextDeltas { run: self }
    }

    /// Continues with the events of a submission of tool outputs.
    ///
    /// The rest of the previous stream is dropped, together with the deadline and the tools of
    /// [`Follow`](crate::Follow).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client, mut run: openai_assistants::RunStream, body: openai_assistants::types::SubmitToolOutputsRunRequest) -> openai_assistants::Result<()> {
    /// let submit = client.submit_tool_outputs_to_run().thread_id("thread_1").run_id("run_1");
    /// run.resume_with(submit.body(body).stream().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn resume_with(&mut self, events: EventStream<AssistantStreamEvent>) {
        self.events = Box::pin(OneRequest(events));
        self.fetched.clear();
        self.has_failed = false;
    }

    /// Reads the stream to its end and returns the outcome.
    ///
    /// Errors of events are in [`decode_errors`](RunOutcome::decode_errors), also those that were
    /// yielded before.
    ///
    /// # Errors
    /// The error that ended the stream. If it ended before the run was terminal or required action,
    /// that is the first error of an event, or else one with
    /// [`is_ended_early`](crate::Error::is_ended_early).
    pub async fn finish(mut self) -> Result<RunOutcome> {
        loop {
            match self.try_next().await {
                Ok(None) => break,
                Err(error) if self.has_failed => return Err(error),
                // The errors of events are kept.
                Ok(Some(_)) | Err(_) => {}
            }
        }
        let errors = self.decode_errors;
        match self.snapshots.into_outcome() {
            Ok(outcome) => Ok(RunOutcome {
                decode_errors: errors,
                ..outcome
            }),
            Err(ended) => Err(errors.into_iter().next().unwrap_or(ended)),
        }
    }

    fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<AssistantStreamEvent>>> {
        loop {
            let event = match self.fetched.pop_front() {
                Some(event) => event,
                None => match ready!(self.events.as_mut().poll_next(context)) {
                    Some(Ok(RunItem::Event(Ok(event)))) => event,
                    Some(Ok(RunItem::Event(Err(error)))) => return self.malformed(error),
                    Some(Ok(RunItem::Outcome(outcome))) => {
                        let events = replay::events(&outcome, self.messages());
                        self.snapshots.steps_unavailable = outcome.steps_unavailable;
                        self.decode_errors.extend(outcome.decode_errors);
                        match events {
                            Ok(events) => self.fetched = events,
                            Err(error) => return self.malformed(error),
                        }
                        continue;
                    }
                    Some(Err(error)) => {
                        self.has_failed = true;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => return Poll::Ready(None),
                },
            };
            return match self.snapshots.add(&event) {
                Ok(()) => Poll::Ready(Some(Ok(event))),
                Err(error) => self.malformed(error),
            };
        }
    }

    /// Yields the error of an event, and keeps it for the outcome.
    fn malformed(&mut self, error: Error) -> Poll<Option<Result<AssistantStreamEvent>>> {
        self.decode_errors.push(error.clone());
        Poll::Ready(Some(Err(error)))
    }
}

impl Stream for RunStream {
    type Item = Result<AssistantStreamEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(context)
    }
}

impl fmt::Debug for RunStream {
    /// Without content, which may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream")
            .field("run_id", &self.run().map(|run| &run.id))
            .field("status", &self.run().map(|run| &run.status))
            .field("messages", &self.messages().len())
            .field("steps", &self.steps().len())
            .finish_non_exhaustive()
    }
}

/// The text of a [`RunStream`] as it arrives.
///
/// It is a [`Stream`] of non-empty [`TextDelta`]s. Created by [`RunStream::text_deltas`].
#[derive(Debug)]
#[must_use = "nothing is read until the stream is polled"]
pub struct RunTextDeltas<'a> {
    run: &'a mut RunStream,
}

impl RunTextDeltas<'_> {
    /// Returns the next piece of text, or `None` after the last.
    ///
    /// # Errors
    /// As [`RunStream::try_next`].
    pub async fn try_next(&mut self) -> Result<Option<TextDelta>> {
        poll_fn(|context| self.poll_text(context)).await.transpose()
    }

    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<TextDelta>>> {
        loop {
            let event = match ready!(self.run.poll_event(context)) {
                Some(Ok(event)) => event,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            let delta = event.message_delta();
            let text = delta.map(|delta| (&*delta.id, delta.text().into()));
            if let Some(text) = self.run.messages.next(text) {
                return Poll::Ready(Some(Ok(text)));
            }
        }
    }
}

impl Stream for RunTextDeltas<'_> {
    type Item = Result<TextDelta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_text(context)
    }
}
