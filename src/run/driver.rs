//! Drives a run to a terminal or blocked status, by polling and tool calls.

use std::pin::pin;
use std::time::Duration;

use crate::client::operation::{self, Operation};
use crate::error::core::Result;
use crate::http::request::Request;
use crate::http::response::Response;
use crate::operations::SubmitToolOutputsToRun;
use crate::run::handle::RunHandle;
use crate::run::limits::Limits;
use crate::run::polling;
use crate::run::settings::{FollowSettings, OnState};
#[cfg(feature = "tools")]
use crate::run::tool_loop::ToolLoop;
use crate::sse::status::is_terminal_or_blocked;
use crate::types::RunObject;

/// A run and how it is driven.
pub(crate) struct RunDriver {
    pub(crate) run: RunHandle,
    interval: Option<Duration>,
    on_state: Option<OnState>,
    #[cfg(feature = "tools")]
    tool_loop: ToolLoop,
}

impl RunDriver {
    pub(crate) fn from_operation(
        operation: impl Operation,
        settings: FollowSettings,
    ) -> Result<(Self, Limits, Request)> {
        let request = operation::request(operation)?;
        let (driver, limits) = Self::new(&request, settings);
        Ok((driver, limits, request))
    }

    pub(crate) fn new(request: &Request, settings: FollowSettings) -> (Self, Limits) {
        let run = RunHandle::new(request, settings.cancels_run);
        let limits = Limits::new(
            &request.config.clock,
            settings.deadline,
            settings.cancellation,
        );
        let driver = Self {
            run,
            interval: settings.interval,
            on_state: settings.on_state,
            #[cfg(feature = "tools")]
            tool_loop: settings.tool_loop,
        };
        (driver, limits)
    }

    /// Sends the request and continues until the run is terminal or blocked.
    pub(crate) async fn drive(
        &mut self,
        limits: &mut Limits,
        request: Request,
    ) -> Result<RunObject> {
        let mut sent = pin!(operation::send_request(request));
        let first: Response<RunObject> = match limits.run(sent.as_mut()).await {
            Ok(first) => first?,
            Err(reason) => {
                let error = self.run.stopped(&reason);
                let has_started = limits.has_started();
                let response = self.run.before_cancelling(has_started, sent).await;
                if let Some(Ok(first)) = response {
                    self.observe(first.get_ref());
                }
                return Err(error);
            }
        };
        let run = limits.run(self.continue_from(first)).await;
        run.unwrap_or_else(|reason| Err(self.run.stopped(&reason)))
    }

    async fn continue_from(&mut self, first: Response<RunObject>) -> Result<RunObject> {
        let mut run = self.poll(first).await?;
        while let Some(submission) = self.run_tools(&run).await? {
            let submission = self.run.request(submission)?;
            let response = match operation::send_request(submission).await {
                // An earlier attempt may have been accepted although its response was lost.
                Err(error)
                    if error.attempts() > 1 && (error.is_bad_request() || error.is_conflict()) =>
                {
                    operation::send_request(self.run.fetch()?).await?
                }
                result => result?,
            };
            run = self.poll(response).await?;
        }
        Ok(run)
    }

    /// Polls until the run is terminal or blocked. A poll with a transient failure is repeated.
    async fn poll(&mut self, first: Response<RunObject>) -> Result<RunObject> {
        let mut latest = first;
        self.observe(latest.get_ref());
        while !is_terminal_or_blocked(latest.get_ref().status.as_str()) {
            let delay = polling::delay(self.interval, latest.headers());
            self.run.client.config().clock.sleep(delay).await;
            match operation::send_request(self.run.fetch()?).await {
                Ok(response) => {
                    latest = response;
                    self.observe(latest.get_ref());
                }
                Err(error) if error.is_retryable() => self.run.poll_failed(&error),
                Err(error) => return Err(error),
            }
        }
        Ok(latest.into_inner())
    }

    /// Records a state of the run and reports it to the caller.
    pub(crate) fn observe(&mut self, run: &RunObject) {
        self.run.update(run);
        if let Some(on_state) = &mut self.on_state {
            on_state(run);
        }
    }
}

#[cfg(feature = "tools")]
impl RunDriver {
    /// Whether the run requires outputs of the tools.
    pub(crate) fn can_continue(&self, run: &RunObject) -> bool {
        self.tool_loop.can_continue(run)
    }

    /// Runs the pending tool calls and returns the submission of their outputs.
    pub(crate) async fn run_tools(
        &mut self,
        run: &RunObject,
    ) -> Result<Option<SubmitToolOutputsToRun>> {
        self.tool_loop.run_tools(&self.run, run).await
    }
}

/// Without the feature, a blocked run is left to the caller.
#[cfg(not(feature = "tools"))]
impl RunDriver {
    pub(crate) fn can_continue(&self, _: &RunObject) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "with the feature it awaits the tools")]
    pub(crate) async fn run_tools(
        &mut self,
        _: &RunObject,
    ) -> Result<Option<SubmitToolOutputsToRun>> {
        Ok(None)
    }
}
