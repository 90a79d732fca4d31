//! Drives the state machine of a run: performs its actions and reports what came of them.

use std::pin::pin;

use crate::client::operation::{self, Operation};
use crate::error::core::{Error, Result};
use crate::http::deadline::Deadline;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::run::call_handlers::CallHandlers;
use crate::run::handle::RunHandle;
use crate::run::limits::{Limits, StopReason};
use crate::run::lost_run::Creation;
use crate::run::machine::{Action, Failure, First, RunMachine};
use crate::run::outcome::{self, RunOutcome};
use crate::run::reported::reported_run;
use crate::run::required_action::{CallResults, PendingCall};
use crate::run::settings::{FollowSettings, OnState};
use crate::sse::stream::EventStream;
use crate::types::{AssistantStreamEvent as Event, RunObject};

/// A run and how it is driven.
pub(crate) struct RunDriver {
    pub(crate) machine: RunMachine,
    pub(crate) limits: Limits,
    handle: RunHandle,
    creation: Option<Creation>,
    on_state: Option<OnState>,
    /// Whether submissions open a stream.
    streams: bool,
    handlers: CallHandlers,
}

/// How far the driver has come.
pub(crate) enum Reached {
    /// The run is terminal, or left to the caller.
    End(Box<RunObject>),
    /// The stream of a submission is open.
    Stream(Box<EventStream<Event>>),
}

/// The result of an action, if no limit has elapsed.
type Limited<T> = Result<Result<T>, StopReason>;

impl RunDriver {
    pub(crate) fn new(request: &Request, settings: FollowSettings, streams: bool) -> Self {
        let ids = request.run_ids();
        let first = match (&ids.run_id, &request.method) {
            (None, _) => First::Create,
            (Some(_), &http::Method::GET) => First::Fetch,
            (Some(_), _) => First::Submit,
        };
        let (pace, limits) = settings.wait.start(&request.config.clock);
        let (kinds, max_rounds) = (settings.handlers.kinds(), settings.handlers.max_rounds);
        Self {
            machine: RunMachine::new(first, ids, pace, kinds, max_rounds, settings.cancels_run),
            limits,
            handle: RunHandle::new(request),
            creation: Creation::of(request),
            on_state: settings.on_state,
            streams,
            handlers: settings.handlers,
        }
    }

    /// Builds the request of an operation, and the driver that follows its run by polling.
    pub(crate) fn polling(
        operation: impl Operation,
        settings: FollowSettings,
    ) -> Result<(Self, Request)> {
        let request = operation::request(operation)?;
        Ok((Self::new(&request, settings, false), request))
    }

    /// Sends the request and polls until the run is terminal or left to the caller.
    pub(crate) async fn poll(&mut self, request: Request) -> Result<RunObject> {
        // The call starts with the first poll: the limits may not allow one.
        let mut sent = pin!(async { operation::send_request(request).await });
        let first = match self.limits.run(sent.as_mut()).await {
            Ok(Err(error)) => Ok(Err(self.identified(error).await)),
            first => first,
        };
        if first.is_err()
            && self.awaits_id()
            && let Some(Ok(run)) = self.handle.grace().before(sent).await
        {
            self.observe(run.get_ref());
        }
        let mut action = self.received(first);
        loop {
            match self.advance(action).await? {
                Reached::End(run) => return Ok(*run),
                // Only a driver that streams opens a stream.
                Reached::Stream(_) => action = self.machine.stream_ended(),
            }
        }
    }

    /// Adds the ID of the run to the failure of the first request, if it may have created one.
    pub(crate) async fn identified(&mut self, error: Error) -> Error {
        match &self.creation {
            Some(creation) => creation.identify(&self.handle, error).await,
            None => error,
        }
    }

    /// Whether the first request continues beyond a limit, to learn the ID of the run to cancel.
    pub(crate) fn awaits_id(&self) -> bool {
        self.limits.has_started() && self.machine.lacks_id_to_cancel()
    }

    /// The time limit of what follows after a failure.
    pub(crate) fn grace(&self) -> Deadline {
        self.handle.grace()
    }

    /// Performs actions until the run is terminal or left to the caller, or a stream is open.
    pub(crate) async fn advance(&mut self, mut action: Action) -> Result<Reached> {
        loop {
            action = match action {
                Action::Return(run) => return Ok(Reached::End(run)),
                Action::Fail(failure) => return Err(self.fail(failure).await),
                Action::Fetch { after } => {
                    let (handle, ids) = (&self.handle, self.machine.ids());
                    let fetch = async {
                        handle.sleep(after).await;
                        operation::send_request(handle.fetch(ids)?).await
                    };
                    let fetched = self.limits.run(fetch).await;
                    self.received(fetched)
                }
                Action::Submit { results, after } => {
                    let ids = self.machine.ids();
                    let request = self.handle.submit(ids, results, self.streams);
                    let handle = &self.handle;
                    if self.streams {
                        let open = async {
                            handle.sleep(after).await;
                            EventStream::open(request?).await
                        };
                        match self.limits.run(open).await {
                            Ok(Ok(events)) => {
                                self.machine.opened();
                                return Ok(Reached::Stream(Box::new(events)));
                            }
                            Ok(Err(error)) => self.machine.failed(error),
                            Err(reason) => self.stop(reason),
                        }
                    } else {
                        let submit = async {
                            handle.sleep(after).await;
                            operation::send_request(request?).await
                        };
                        let submitted = self.limits.run(submit).await;
                        self.received(submitted)
                    }
                }
                Action::Handle(calls) => match self.handle(calls).await {
                    Ok(Ok(results)) => self.machine.results(results),
                    Ok(Err(error)) => self.machine.failed(error),
                    Err(reason) => self.stop(reason),
                },
            }
        }
    }

    /// Fetches the messages and the steps of the run. A transient failure is repeated.
    pub(crate) async fn outcome(&mut self, run: RunObject) -> Result<RunOutcome> {
        let (handle, machine) = (&self.handle, &self.machine);
        let thread_id = machine.ids().thread_id.as_deref().unwrap_or_default();
        let fetch = async {
            loop {
                let fetched = outcome::fetch(handle, thread_id, &run).await;
                let error = fetched.as_ref().err();
                match error.and_then(|error| machine.delay_after(error)) {
                    Some(delay) => handle.sleep(delay).await,
                    None => return fetched,
                }
            }
        };
        let failure = match self.limits.run(fetch).await {
            Ok(Ok(outcome)) => return Ok(outcome),
            Ok(Err(error)) => self.machine.failure(error),
            Err(reason) => self.machine.failure_at(&reason),
        };
        Err(self.fail(failure).await)
    }

    /// Records the run of an event and reports it to the caller.
    pub(crate) fn observe_event(&mut self, event: &Event) {
        if let Some(run) = reported_run(event) {
            self.machine.event(&run);
            self.report(&run);
        }
    }

    /// Records a state of the run and reports it to the caller.
    fn observe(&mut self, run: &RunObject) {
        self.machine.record(run);
        self.report(run);
    }

    fn report(&mut self, run: &RunObject) {
        if let Some(on_state) = &mut self.on_state {
            on_state(run);
        }
    }

    fn received(&mut self, received: Limited<Response<RunObject>>) -> Action {
        match received {
            Ok(Ok(response)) => {
                if self.machine.other_than(response.get_ref()).is_none() {
                    self.report(response.get_ref());
                }
                let headers = response.headers().clone();
                self.machine.response(response.into_inner(), &headers)
            }
            Ok(Err(error)) => self.machine.failed(error),
            Err(reason) => self.stop(reason),
        }
    }

    /// Continues after an elapsed limit. The server may have what was on its way.
    pub(crate) fn stop(&mut self, reason: StopReason) -> Action {
        if self.limits.has_started() {
            self.machine.acted();
        }
        self.machine.stop(reason)
    }

    /// Returns the error, after cancelling the run on request.
    async fn fail(&mut self, failure: Failure) -> Error {
        let Failure { error, cancels } = failure;
        if cancels {
            error.run_cancelled(self.handle.cancel(self.machine.ids()).await)
        } else {
            error
        }
    }

    async fn handle(&mut self, calls: Vec<PendingCall>) -> Limited<CallResults> {
        let config = self.handle.client.config();
        let results = self.handlers.handle(calls, self.machine.ids(), config);
        self.limits.run(results).await
    }
}
