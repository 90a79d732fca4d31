//! Streams the events of a run across all requests that it takes.

use std::future::Future;
use std::mem;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::client::operation::{Operation, StreamingOperation, stream_request};
use crate::error::core::{Error, Result};
use crate::run::driver::RunDriver;
use crate::run::follow::Follow;
use crate::run::handle::RunHandle;
use crate::run::limits::Limits;
use crate::run::stream::RunStream;
use crate::sse::stream::EventStream;
use crate::types::{AssistantStreamEvent as Event, RunObject};

type Work<T> = Pin<Box<dyn Future<Output = T> + Send>>;

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
        let (driver, mut limits) = RunDriver::new(&request, self.settings);
        let mut opened = pin!(EventStream::open(request));
        let events = match limits.run(opened.as_mut()).await {
            Ok(Ok(events)) => events,
            Ok(Err(error)) => return Err(driver.run.fail(error).await),
            Err(reason) => {
                let error = driver.run.stopped(&reason);
                let mut run = driver.run;
                let known = run.before_cancelling(limits.has_started(), async {
                    let mut events = opened.await.ok()?;
                    read_run_id(&mut events).await;
                    Some(events)
                });
                if let Some(Some(events)) = known.await {
                    run.update_ids(events.thread_id(), events.run_id());
                }
                return Err(run.fail(error).await);
            }
        };
        Ok(RunStream::new(Events {
            limits,
            state: State::Streaming {
                events,
                driver,
                waiting: None,
            },
        }))
    }
}

/// All events of a run.
struct Events {
    limits: Limits,
    state: State,
}

#[expect(clippy::large_enum_variant, reason = "there is one for each run")]
enum State {
    /// Yields the events of a request.
    Streaming {
        events: EventStream<Event>,
        driver: RunDriver,
        /// The run, if its last event requires outputs of the tools.
        waiting: Option<Box<RunObject>>,
    },
    /// Runs the tools, then opens the stream of the submission.
    Submitting {
        work: Work<(RunDriver, Result<Option<EventStream<Event>>>)>,
        run: RunHandle,
    },
    /// Cancels the run on request, then returns the error.
    Failing(Work<Error>),
    Ended,
}

/// Reads events until one contains the ID of the run.
async fn read_run_id(events: &mut EventStream<Event>) {
    while events.run_id().is_none() && !matches!(events.try_next().await, Ok(None)) {}
}

impl Events {
    /// Ends with an error, unless the stream has ended.
    fn fail(&mut self, error: impl FnOnce(&RunHandle) -> Error) {
        let run = match mem::replace(&mut self.state, State::Ended) {
            State::Streaming { events, driver, .. } => {
                let mut run = driver.run;
                run.update_ids(events.thread_id(), events.run_id());
                run
            }
            State::Submitting { run, .. } => run,
            state => {
                self.state = state;
                return;
            }
        };
        let error = error(&run);
        self.state = State::Failing(Box::pin(run.fail(error)));
    }

    /// Whether deadline and cancellation are in force.
    fn is_limited(&self) -> bool {
        match &self.state {
            State::Streaming { driver, .. } => !driver.run.is_terminal(),
            State::Submitting { .. } => true,
            State::Failing(_) | State::Ended => false,
        }
    }

    /// Continues after the events of a request.
    fn submit_or_end(&mut self) {
        if let State::Streaming {
            mut driver,
            waiting: Some(run),
            ..
        } = mem::replace(&mut self.state, State::Ended)
        {
            self.state = State::Submitting {
                run: driver.run.clone(),
                work: Box::pin(async move {
                    let events = submit(&mut driver, &run).await;
                    (driver, events)
                }),
            };
        }
    }
}

/// Runs the tools, submits their outputs, and opens the resulting stream.
async fn submit(driver: &mut RunDriver, run: &RunObject) -> Result<Option<EventStream<Event>>> {
    let Some(submission) = driver.run_tools(run).await? else {
        return Ok(None);
    };
    let request = driver.run.with_options(stream_request(submission)?);
    EventStream::open(request).await.map(Some)
}

impl Stream for Events {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if self.is_limited()
                && let Poll::Ready(reason) = self.limits.poll(context)
            {
                self.fail(|run| run.stopped(&reason));
            }
            match &mut self.state {
                State::Streaming {
                    events,
                    driver,
                    waiting,
                } => match ready!(Pin::new(&mut *events).poll_next(context)) {
                    // More events follow after the submission.
                    Some(Ok(Event::Done)) if waiting.is_some() => {
                        self.submit_or_end();
                    }
                    Some(Ok(event)) => {
                        if let Some(run) = event.run() {
                            driver.observe(run);
                            let waits = driver.can_continue(run);
                            *waiting = waits.then(|| Box::new(run.clone()));
                        }
                        return Poll::Ready(Some(Ok(event)));
                    }
                    // The events after one that cannot be deserialized may be valid.
                    Some(Err(error)) if !events.has_ended() => {
                        return Poll::Ready(Some(Err(error)));
                    }
                    Some(Err(error)) => self.fail(|_| error),
                    None if driver.run.is_terminal_or_blocked() => self.submit_or_end(),
                    None => self.fail(|_| Error::stream_ended()),
                },
                State::Submitting { work, .. } => {
                    let (driver, events) = ready!(work.as_mut().poll(context));
                    match events {
                        Ok(Some(events)) => {
                            self.state = State::Streaming {
                                events,
                                driver,
                                waiting: None,
                            };
                        }
                        Ok(None) => self.state = State::Ended,
                        Err(error) => self.fail(|_| error),
                    }
                }
                State::Failing(work) => {
                    let error = ready!(work.as_mut().poll(context));
                    self.state = State::Ended;
                    return Poll::Ready(Some(Err(error)));
                }
                State::Ended => return Poll::Ready(None),
            }
        }
    }
}
