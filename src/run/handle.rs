//! A handle of a run: IDs, last known status, fetching and cancelling.

use std::future::Future;
use std::time::Duration;

use crate::client::core::Client;
use crate::client::operation::{self, Operation};
use crate::error::core::{Error, Result, RunIds};
use crate::http::deadline::Deadline;
use crate::http::request::{Request, RequestOptions};
use crate::run::limits::StopReason;
use crate::sse::status::{is_stale, is_terminal, is_terminal_or_blocked};
use crate::types::RunObject;

/// How long the cancellation of a run may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// A run on the server.
#[derive(Clone)]
pub(crate) struct RunHandle {
    pub(crate) client: Client,
    /// The options of the first call apply to all further ones.
    options: RequestOptions,
    ids: RunIds,
    /// The last known status.
    status: Option<String>,
    /// Why the last poll failed, if it did.
    poll_error: Option<String>,
    /// Whether to cancel the run if following it fails.
    cancels_run: bool,
}

impl RunHandle {
    pub(crate) fn new(request: &Request, cancels_run: bool) -> Self {
        Self {
            client: Client::new(request.config.clone()),
            options: request.options.for_further_call(),
            ids: request.run_ids(),
            status: None,
            poll_error: None,
            cancels_run,
        }
    }

    /// Builds the request of an operation on this run.
    pub(crate) fn request(&self, operation: impl Operation) -> Result<Request> {
        Ok(self.with_options(operation::request(operation)?))
    }

    /// Sets the options of a further call.
    pub(crate) fn with_options(&self, mut request: Request) -> Request {
        request.options = self.options();
        request
    }

    /// The options of further calls.
    pub(crate) fn options(&self) -> RequestOptions {
        self.options.clone()
    }

    /// Builds the request that fetches the run.
    pub(crate) fn fetch(&self) -> Result<Request> {
        let id = |id: &Option<String>| id.clone().unwrap_or_default();
        let fetch = self.client.get_run();
        self.request(
            fetch
                .thread_id(id(&self.ids.thread_id))
                .run_id(id(&self.ids.run_id)),
        )
    }

    /// The ID of the thread; empty if it is unknown.
    pub(crate) fn thread_id(&self) -> &str {
        self.ids.thread_id.as_deref().unwrap_or_default()
    }

    /// Records the state of the run.
    pub(crate) fn update(&mut self, run: &RunObject) {
        self.update_ids(Some(&run.thread_id), Some(&run.id));
        self.poll_error = None;
        if !is_stale(self.is_terminal(), run.status.as_str()) {
            self.status = Some(run.status.as_str().to_owned());
        }
    }

    /// Records the IDs of the run.
    pub(crate) fn update_ids(&mut self, thread_id: Option<&str>, run_id: Option<&str>) {
        self.ids.update(thread_id, run_id);
    }

    /// Notes that a poll failed.
    pub(crate) fn poll_failed(&mut self, error: &Error) {
        self.poll_error = Some(error.message().to_owned());
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.status.as_deref().is_some_and(is_terminal)
    }

    pub(crate) fn is_terminal_or_blocked(&self) -> bool {
        self.status.as_deref().is_some_and(is_terminal_or_blocked)
    }

    /// Returns the error for a stop at this point.
    pub(crate) fn stopped(&self, reason: &StopReason) -> Error {
        let state = match (&self.status, &self.poll_error) {
            (Some(status), Some(error)) => {
                format!("the run was `{status}`, and the last poll failed ({error})")
            }
            (Some(status), None) if self.is_terminal() => {
                format!("the run is `{status}`, but its messages and steps are incomplete")
            }
            (Some(status), None) => format!("the run is still `{status}`"),
            (None, _) => "the run was not confirmed and may still be running".to_owned(),
        };
        reason.error(&state)
    }

    /// Continues work for a while if it may return the ID of the run to cancel.
    pub(crate) async fn before_cancelling<F: Future>(
        &self,
        has_started: bool,
        work: F,
    ) -> Option<F::Output> {
        if self.cancels_run && self.ids.run_id.is_none() && has_started {
            self.cancel_deadline().before(work).await
        } else {
            None
        }
    }

    /// Adds the IDs of the run to an error, and cancels the run on request.
    pub(crate) async fn end<T>(self, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.fail(error).await),
        }
    }

    /// Adds the IDs of the run to the error, after cancelling an active run on request.
    pub(crate) async fn fail(mut self, error: Error) -> Error {
        self.update_ids(error.thread_id(), error.run_id());
        let RunIds { thread_id, run_id } = &self.ids;
        let error = error.in_run(thread_id.as_deref(), run_id.as_deref());
        match (thread_id, run_id) {
            (Some(thread_id), Some(run_id)) if self.cancels_run && !self.is_terminal() => {
                error.run_cancelled(self.cancel(thread_id, run_id).await)
            }
            _ => error,
        }
    }

    /// Cancels the run. Returns whether the server accepted that in time.
    async fn cancel(&self, thread_id: &str, run_id: &str) -> bool {
        let cancel = self.client.cancel_run().thread_id(thread_id).run_id(run_id);
        let call = async { operation::send_request::<RunObject>(self.request(cancel)?).await };
        matches!(self.cancel_deadline().before(call).await, Some(Ok(_)))
    }

    fn cancel_deadline(&self) -> Deadline {
        Deadline::new(&self.client.config().clock, CANCEL_TIMEOUT)
    }
}
