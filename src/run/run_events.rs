//! All events of a followed run, across the requests that it takes.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::error::core::Result;
use crate::run::driver::{Reached, RunDriver};
use crate::run::machine::{Action, RunMachine};
use crate::run::outcome::RunOutcome;
use crate::run::span::RunSpan;
use crate::sse::stream::EventStream;
use crate::types::AssistantStreamEvent as Event;

/// An item of the events of a run.
pub(crate) enum RunItem {
    /// An event of the server, or the error of one that cannot be deserialized.
    Event(Result<Event>),
    /// The outcome, if its last part was polled.
    Outcome(Box<RunOutcome>),
}

/// All events of a followed run.
pub(crate) struct RunEvents {
    state: State,
    span: RunSpan,
}

/// What the next event comes from.
pub(crate) enum State {
    /// Yields the events of a request.
    Streaming(Box<EventStream<Event>>, Box<RunDriver>),
    /// Executes tools, submits their outputs, polls, or cancels the run.
    Working(Pin<Box<dyn Future<Output = Result<State>> + Send>>),
    /// Yields the outcome.
    Fetched(Box<RunOutcome>),
    Ended,
}

impl State {
    /// Starts with an open stream, or with the result of an action in its place.
    pub(crate) async fn start(
        mut driver: RunDriver,
        opened: Result<EventStream<Event>, Action>,
    ) -> Result<Self> {
        match opened {
            Ok(events) => {
                driver.machine.opened();
                Ok(Self::Streaming(Box::new(events), Box::new(driver)))
            }
            Err(action) => act(driver, action).await,
        }
    }
}

impl RunEvents {
    pub(crate) fn new(state: State, span: RunSpan) -> Self {
        Self { state, span }
    }

    /// Continues after the events of a request.
    fn act(&mut self, next: impl FnOnce(&mut RunMachine) -> Action) {
        if let State::Streaming(events, mut driver) = mem::replace(&mut self.state, State::Ended) {
            driver.machine.learn(events.thread_id(), events.run_id());
            match next(&mut driver.machine) {
                // The events were complete.
                Action::Return(run) => self.span.end(&run),
                action => self.state = State::Working(Box::pin(act(*driver, action))),
            }
        }
    }
}

/// Performs an action and those that follow, up to the next events, the outcome, or an error.
async fn act(mut driver: RunDriver, action: Action) -> Result<State> {
    Ok(match driver.advance(action).await? {
        Reached::Stream(events) => State::Streaming(events, Box::new(driver)),
        Reached::End(run) => State::Fetched(Box::new(driver.outcome(*run).await?)),
    })
}

impl Stream for RunEvents {
    type Item = Result<RunItem>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let _entered = self.span.enter();
        loop {
            match &mut self.state {
                State::Streaming(events, driver) => {
                    if let Poll::Ready(reason) = driver.limits.poll(context) {
                        self.act(|machine| machine.stop(reason));
                        continue;
                    }
                    match ready!(Pin::new(&mut **events).poll_next(context)) {
                        // More follows after the submission.
                        Some(Ok(Event::Done)) if driver.machine.continues() => {
                            self.act(|machine| machine.stream_ended());
                        }
                        Some(Ok(event)) => {
                            driver.observe_event(&event);
                            self.span.event(&event);
                            return Poll::Ready(Some(Ok(RunItem::Event(Ok(event)))));
                        }
                        Some(Err(error)) if !events.has_ended() => {
                            return Poll::Ready(Some(Ok(RunItem::Event(Err(error)))));
                        }
                        Some(Err(error)) => self.act(|machine| machine.failed(error)),
                        None => self.act(|machine| machine.stream_ended()),
                    }
                }
                State::Working(work) => match ready!(work.as_mut().poll(context)) {
                    Ok(state) => self.state = state,
                    Err(error) => {
                        self.state = State::Ended;
                        self.span.fail(&error);
                        return Poll::Ready(Some(Err(error)));
                    }
                },
                State::Fetched(_) | State::Ended => {
                    return Poll::Ready(match mem::replace(&mut self.state, State::Ended) {
                        State::Fetched(outcome) => {
                            self.span.outcome(&outcome);
                            Some(Ok(RunItem::Outcome(outcome)))
                        }
                        _ => None,
                    });
                }
            }
        }
    }
}
