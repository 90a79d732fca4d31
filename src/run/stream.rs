//! The stream of a run that keeps what its events bring together.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::Result;
use crate::run::outcome::RunOutcome;
use crate::run::snapshots::Snapshots;
use crate::run::tool_call::ToolCall;
use crate::stream::EventStream;
use crate::types::{AssistantStreamEvent, MessageObject, RunObject, RunStepObject, ThreadObject};

impl EventStream<AssistantStreamEvent> {
    /// Keeps the run, its messages and its steps, as the events tell of them.
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
        RunStream::new(self)
    }
}

/// The events of a run, and what they come to: a [`Stream`] that gives out every event
/// after it was added to the snapshots.
///
/// Messages and steps grow by their deltas; the event that ends one brings it whole, and
/// is what counts. After an error the snapshots are still there to be read.
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
#[must_use = "nothing is read until events are asked for"]
pub struct RunStream {
    /// Of one request, or of all that the run takes.
    events: Pin<Box<dyn Stream<Item = Result<AssistantStreamEvent>> + Send>>,
    snapshots: Snapshots,
}

impl RunStream {
    pub(crate) fn new<S>(events: S) -> Self
    where
        S: Stream<Item = Result<AssistantStreamEvent>> + Send + 'static,
    {
        Self {
            events: Box::pin(events),
            snapshots: Snapshots::default(),
        }
    }

    /// The next event; `None` after the last.
    ///
    /// # Errors
    /// Those of the stream. A delta for a part that is more than 1,000 places beyond those
    /// that are there is an error too
    /// ([`is_decode`](crate::Error::is_decode)).
    pub async fn try_next(&mut self) -> Result<Option<AssistantStreamEvent>> {
        poll_fn(|context| self.poll_event(context))
            .await
            .transpose()
    }

    /// The thread, if an event has told of it: that of a thread that is created with its
    /// run does.
    #[must_use]
    pub fn thread(&self) -> Option<&ThreadObject> {
        self.snapshots.thread.as_ref()
    }

    /// The run as the last event about it told; `None` before the first.
    #[must_use]
    pub fn run(&self) -> Option<&RunObject> {
        self.snapshots.run.as_ref()
    }

    /// The messages so far, in the order in which they appeared.
    ///
    /// One whose deltas came first has nothing but its id and content until its last
    /// event. A part of a content that has not come yet is
    /// [`Unknown`](crate::types::MessageContent::Unknown) with null.
    #[must_use]
    pub fn messages(&self) -> &[MessageObject] {
        self.snapshots.messages()
    }

    /// The steps so far, in the order in which they appeared. What was said of
    /// [`messages`](Self::messages) holds for them too.
    #[must_use]
    pub fn steps(&self) -> &[RunStepObject] {
        self.snapshots.steps()
    }

    /// The tool calls that have become complete since they were last asked for, each of
    /// them once.
    ///
    /// Calls of functions are complete when the run requires action, those that the
    /// server answers when their step has ended. Calls that are answered on the way, by
    /// [`Follow::tools`](crate::Follow::tools), are among them.
    pub fn take_tool_calls(&mut self) -> Vec<ToolCall> {
        self.snapshots.take_tool_calls()
    }

    /// The text of messages as it comes; the snapshots go on growing.
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

    /// Goes on with the events that follow the submission of tool outputs. What is left
    /// of the events before is given up, and with it the deadline and the tools that
    /// [`Follow`](crate::Follow) had for them.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client, mut run: openai_assistants::RunStream, body: openai_assistants::types::SubmitToolOutputsRunRequest) -> openai_assistants::Result<()> {
    /// let submit = client.submit_tool_outputs_to_run().thread_id("thread_1").run_id("run_1");
    /// run.go_on(submit.body(body).stream().await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn go_on(&mut self, events: EventStream<AssistantStreamEvent>) {
        self.events = Box::pin(events);
    }

    /// Reads the stream to its end.
    ///
    /// # Errors
    /// The first error of what is left of the stream, once all of that has been read. If
    /// the run was not at rest when the stream ended, it has
    /// [ended early](crate::Error::is_ended_early).
    pub async fn finish(mut self) -> Result<RunOutcome> {
        let mut result = Ok(());
        loop {
            match self.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => result = result.and(Err(error)),
            }
        }
        result.and_then(|()| self.snapshots.into_outcome())
    }

    fn poll_event(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<AssistantStreamEvent>>> {
        let next = ready!(self.events.as_mut().poll_next(context));
        Poll::Ready(next.map(|event| {
            let event = event?;
            self.snapshots.add(&event)?;
            Ok(event)
        }))
    }
}

impl Stream for RunStream {
    type Item = Result<AssistantStreamEvent>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_event(context)
    }
}

impl fmt::Debug for RunStream {
    /// Without what people say.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream")
            .field("run_id", &self.run().map(|run| &run.id))
            .field("status", &self.run().map(|run| &run.status))
            .field("messages", &self.messages().len())
            .field("steps", &self.steps().len())
            .finish_non_exhaustive()
    }
}

/// The text of messages as it comes in a [`RunStream`]: a [`Stream`] of pieces that are not
/// empty. Neither parts nor messages are told apart.
#[derive(Debug)]
#[must_use = "nothing is read until texts are asked for"]
pub struct RunTextDeltas<'a> {
    run: &'a mut RunStream,
}

impl RunTextDeltas<'_> {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// As [`RunStream::try_next`].
    pub async fn try_next(&mut self) -> Result<Option<String>> {
        poll_fn(|context| self.poll_text(context)).await.transpose()
    }

    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<String>>> {
        loop {
            let text = match ready!(self.run.poll_event(context)) {
                Some(Ok(event)) => match event.message_delta() {
                    Some(delta) => delta.text(),
                    None => continue,
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            };
            if !text.is_empty() {
                return Poll::Ready(Some(Ok(text)));
            }
        }
    }
}

impl Stream for RunTextDeltas<'_> {
    type Item = Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_text(context)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mock;
    use crate::testing::{Server, create_run, event, reply};

    fn message_delta(content: &Value) -> String {
        let delta = json!({ "id": "msg_1", "delta": { "content": content } });
        event("thread.message.delta", &delta)
    }

    fn text(index: i64, value: &str) -> Value {
        json!({ "index": index, "type": "text", "text": { "value": value } })
    }

    fn run(status: &str) -> String {
        let mut run = json!(mock::run());
        run["status"] = status.into();
        event(&format!("thread.run.{status}"), &run)
    }

    fn done() -> String {
        "event: done\ndata: [DONE]\n\n".to_owned()
    }

    /// What a server sends.
    async fn events(events: &[String]) -> EventStream<AssistantStreamEvent> {
        let headers = "content-type: text/event-stream\r\n";
        let server = Server::start([reply(200, headers, &events.concat())]).await;
        let call = create_run(&server.client());
        call.stream().await.expect("the stream opens")
    }

    /// The stream of a run at a server that sends these events.
    async fn stream(sent: &[String]) -> RunStream {
        events(sent).await.accumulate()
    }

    async fn names(run: &mut RunStream) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(event) = run.try_next().await.expect("there is no error") {
            names.push(event.event().to_owned());
        }
        names
    }

    #[tokio::test]
    async fn every_event_is_given_out_after_it_was_added() {
        let mut run = stream(&[
            run("created"),
            message_delta(&json!([text(0, "a")])),
            run("completed"),
            done(),
        ])
        .await;
        assert!(run.run().is_none() && run.thread().is_none());
        let event = run.try_next().await.unwrap().unwrap();
        assert_eq!(event.run(), run.run());
        run.try_next().await.unwrap();
        assert_eq!(run.messages()[0].text(), "a");
        let rest = names(&mut run).await;
        assert_eq!(
            rest.first().map(String::as_str),
            Some("thread.run.completed")
        );
        assert!(run.try_next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_outcome_is_what_all_events_come_to() {
        let run = stream(&[
            run("created"),
            message_delta(&json!([text(0, "a")])),
            message_delta(&json!([text(0, "b")])),
            run("completed"),
            done(),
        ])
        .await;
        let outcome = run.finish().await.unwrap();
        assert_eq!(outcome.text(), "ab");
        assert_eq!(outcome.run.status.as_str(), "completed");
    }

    #[tokio::test]
    async fn snapshots_outlive_an_error_of_the_stream() {
        let mut run = stream(&[
            run("in_progress"),
            message_delta(&json!([text(0, "a")])),
            event("error", &json!({ "message": "overloaded" })),
        ])
        .await;
        assert!(run.try_next().await.is_ok() && run.try_next().await.is_ok());
        assert!(run.try_next().await.unwrap_err().is_stream_error());
        assert_eq!(run.run().unwrap().id, "run_1");
        assert_eq!(run.messages()[0].text(), "a");
        assert!(run.try_next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_error_ends_the_wait_for_the_outcome() {
        let run = stream(&[
            run("in_progress"),
            event("error", &json!({ "message": "no" })),
        ])
        .await;
        assert!(run.finish().await.unwrap_err().is_stream_error());
    }

    #[tokio::test]
    async fn a_delta_that_cannot_be_added_is_an_error() {
        let mut run = stream(&[run("created"), message_delta(&json!([text(5000, "a")]))]).await;
        run.try_next().await.unwrap();
        let error = run.try_next().await.unwrap_err();
        assert!(error.is_decode());
        assert_eq!(error.run_id(), Some("run_1"));
    }

    #[tokio::test]
    async fn texts_come_while_the_snapshots_grow() {
        let mut run = stream(&[
            run("created"),
            message_delta(&json!([text(0, "a")])),
            message_delta(&json!([text(0, "")])),
            message_delta(&json!([{ "index": 1, "type": "image_file", "image_file": { "file_id": "file_1" } }])),
            message_delta(&json!([text(0, "b"), text(2, "c")])),
            run("completed"),
            done(),
        ])
        .await;
        let mut texts = run.text_deltas();
        assert_eq!(texts.try_next().await.unwrap().as_deref(), Some("a"));
        assert_eq!(texts.try_next().await.unwrap().as_deref(), Some("bc"));
        assert_eq!(texts.try_next().await.unwrap(), None);
        assert_eq!(run.messages()[0].text(), "ab\nc");
        assert_eq!(run.run().unwrap().status.as_str(), "completed");
    }

    #[tokio::test]
    async fn it_goes_on_with_the_stream_of_a_submission() {
        let function = json!({ "id": "call_1", "type": "function", "function": { "name": "add", "arguments": "{}" } });
        let mut asking = json!(mock::run());
        asking["status"] = "requires_action".into();
        asking["required_action"] = json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": [function] } });
        let asking = event("thread.run.requires_action", &asking);

        let mut run_stream = stream(&[
            message_delta(&json!([text(0, "a")])),
            asking.clone(),
            done(),
        ])
        .await;
        names(&mut run_stream).await;
        assert_eq!(run_stream.take_tool_calls().len(), 1);
        let next = events(&[
            asking,
            message_delta(&json!([text(0, "b")])),
            run("completed"),
            done(),
        ])
        .await;
        run_stream.go_on(next);
        names(&mut run_stream).await;
        assert!(run_stream.take_tool_calls().is_empty());
        assert_eq!(run_stream.messages()[0].text(), "ab");
        assert_eq!(
            run_stream.finish().await.unwrap().run.status.as_str(),
            "completed"
        );
    }

    #[test]
    fn it_can_be_sent_to_another_thread() {
        fn check<T: Send + Unpin>() {}
        check::<RunStream>();
        check::<RunTextDeltas<'_>>();
    }
}
