//! Opens the stream of a followed run.

use std::pin::pin;

use crate::client::operation::{Operation, StreamingOperation, open_events, stream_request};
use crate::error::core::Result;
use crate::http::request::Request;
use crate::run::driver::RunDriver;
use crate::run::follow::Follow;
use crate::run::run_events::{RunEvents, State};
use crate::run::span::RunSpan;
use crate::run::stream::RunStream;
use crate::sse::stream::EventStream;
use crate::types::{AssistantStreamEvent as Event, RunObject};

impl<O> Follow<O>
where
    O: StreamingOperation<Event = Event> + Operation<Output = RunObject>,
{
    /// Streams the events of the run, across submissions of tool outputs.
    ///
    /// It is one stream from the first event to the end of the run. The [`RunStream`] yields the
    /// text as it arrives, and keeps the run, its messages and its steps. An existing run cannot be
    /// streamed: poll it with [`wait`](Self::wait).
    ///
    /// If a submission fails although the server may have accepted it, or if the deadline passes, the
    /// run is polled. The rest of the stream then has the events of the fetched run, its messages and
    /// its steps.
    ///
    /// # Errors
    /// The stream cannot be opened. Later errors are items of the stream.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # use openai_assistants::types::CreateRunRequest;
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let mut run = client
    ///     .create_run()
    ///     .thread_id("thread_1")
    ///     .body(CreateRunRequest::builder().assistant_id("asst_1"))
    ///     .follow()
    ///     .stream()
    ///     .await?;
    /// let mut texts = run.text_deltas();
    /// while let Some(text) = texts.try_next().await? {
    ///     print!("{text}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stream(self) -> Result<RunStream> {
        let request = stream_request(self.operation)?;
        let mut span = RunSpan::new(&request);
        let sizes = request.config.sizes;
        let driver = RunDriver::new(&request, self.settings, true);
        let state = span.work(open(driver, request)).await?;
        Ok(RunStream::new(RunEvents::new(state, span), sizes))
    }
}

/// Sends the first request, and starts with its stream or with what follows its failure.
async fn open(mut driver: RunDriver, request: Request) -> Result<State> {
    let once = request.options.once;
    let mut sent = pin!(open_events(request));
    let opened = match driver.limits.run(sent.as_mut()).await {
        Ok(Ok(events)) => Ok(events),
        Ok(Err(error)) if once => Err(driver.machine.lost(error)),
        Ok(Err(error)) => {
            let error = driver.identified(error).await;
            Err(driver.machine.failed(error))
        }
        Err(reason) => {
            if driver.awaits_id() {
                let mut grace = driver.grace();
                let late = pin!(async {
                    let mut opened = sent.await;
                    if let Ok(events) = &mut opened {
                        read_run_id(events).await;
                    }
                    opened
                });
                match grace.before(late).await {
                    Some(Ok(events)) => driver.machine.learn(events.thread_id(), events.run_id()),
                    Some(Err(error)) => driver.machine.learn(error.thread_id(), error.run_id()),
                    None => {}
                }
            }
            Err(driver.stop(reason))
        }
    };
    State::start(driver, opened).await
}

/// Reads events until one contains the ID of the run.
async fn read_run_id(events: &mut EventStream<Event>) {
    while events.run_id().is_none() && !matches!(events.try_next().await, Ok(None)) {}
}
