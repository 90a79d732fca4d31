//! A handle of a run: the requests that fetch it, cancel it and submit its outputs.

use std::pin::pin;
use std::time::Duration;

use crate::client::core::Client;
use crate::client::operation::{self, Operation};
use crate::error::core::{Result, RunIds};
use crate::http::deadline::Deadline;
use crate::http::options::RequestOptions;
use crate::http::request::Request;
use crate::operations::SubmitToolOutputsToRun;
use crate::run::limits::GRACE;
use crate::run::required_action::{CallResult, CallResults};
#[cfg(assistants_schema = "RunToolCallMcp")]
use crate::types::ToolOutputType;
use crate::types::{ListOrder, RunObject, SubmitToolOutputsRunRequest, ToolOutput};

/// A run on the server.
pub(crate) struct RunHandle {
    pub(crate) client: Client,
    /// The options of the first call apply to all further ones. Errors of later calls may also repeat
    /// the secrets of a submission.
    options: RequestOptions,
}

impl RunHandle {
    pub(crate) fn new(request: &Request) -> Self {
        Self {
            client: Client::new(request.config.clone()),
            options: request.options.for_further_call(),
        }
    }

    /// The options of further calls.
    pub(crate) fn options(&self) -> RequestOptions {
        self.options.clone()
    }

    /// Builds the request of an operation on this run.
    fn request(&self, operation: impl Operation) -> Result<Request> {
        Ok(self.with_options(operation::request(operation)?))
    }

    fn with_options(&self, mut request: Request) -> Request {
        let mut secrets = request.options.body_secrets.clone();
        request.options = self.options();
        // The same results may be submitted again.
        secrets.retain(|secret| !self.options.body_secrets.contains(secret));
        if !secrets.is_empty() {
            request.options.body_secrets.extend(secrets);
        }
        request
    }

    /// Builds the request that fetches the run.
    pub(crate) fn fetch(&self, ids: &RunIds) -> Result<Request> {
        let (thread_id, run_id) = both(ids);
        self.request(self.client.get_run().thread_id(thread_id).run_id(run_id))
    }

    /// Builds the request that lists the newest runs of a thread.
    pub(crate) fn newest_runs(&self, thread_id: &str) -> Result<Request> {
        let list = self.client.list_runs().thread_id(thread_id);
        self.request(list.limit(20).order(ListOrder::Desc))
    }

    /// Builds the request that submits results, for a stream of events or for the run.
    pub(crate) fn submit(
        &mut self,
        ids: &RunIds,
        results: CallResults,
        streams: bool,
    ) -> Result<Request> {
        let (thread_id, run_id) = both(ids);
        let mut outputs: Vec<ToolOutput> = Vec::new();
        #[cfg(assistants_schema = "RunToolCallMcp")]
        let mut approvals = Vec::new();
        for (id, result) in results {
            match result {
                CallResult::Output(output) => {
                    let output = ToolOutput::builder().tool_call_id(id).output(output);
                    outputs.push(output.build()?);
                }
                #[cfg(assistants_schema = "RunToolCallMcp")]
                CallResult::Computer(mut output) => {
                    output.tool_call_id = Some(id);
                    let kind = || ToolOutputType::ComputerCallOutput;
                    output.type_.get_or_insert_with(kind);
                    outputs.push(output);
                }
                #[cfg(assistants_schema = "RunToolCallMcp")]
                CallResult::Approval(mut approval) => {
                    approval.tool_call_id = id;
                    approvals.push(approval);
                }
            }
        }
        let mut body = SubmitToolOutputsRunRequest::builder();
        if !outputs.is_empty() {
            body = body.tool_outputs(outputs);
        }
        #[cfg(assistants_schema = "RunToolCallMcp")]
        if !approvals.is_empty() {
            body = body.tool_approvals(approvals);
        }
        let submit: SubmitToolOutputsToRun = self
            .client
            .submit_tool_outputs_to_run()
            .thread_id(thread_id)
            .run_id(run_id)
            .body(body);
        let request = match streams {
            true => self.with_options(operation::stream_request(submit)?),
            false => self.request(submit)?,
        };
        let secrets = &request.options.body_secrets;
        if !secrets.is_empty() {
            self.options.body_secrets.clone_from(secrets);
        }
        Ok(request)
    }

    /// Cancels the run. Returns whether the server accepted that in time.
    pub(crate) async fn cancel(&self, ids: &RunIds) -> bool {
        let (thread_id, run_id) = both(ids);
        let cancel = self.client.cancel_run().thread_id(thread_id).run_id(run_id);
        let call = async { operation::send_request::<RunObject>(self.request(cancel)?).await };
        matches!(self.grace().before(pin!(call)).await, Some(Ok(_)))
    }

    /// The time limit of what follows after a failure.
    pub(crate) fn grace(&self) -> Deadline {
        Deadline::new(self.client.config().clock.clone(), GRACE)
    }

    pub(crate) async fn sleep(&self, delay: Duration) {
        if !delay.is_zero() {
            self.client.config().clock.sleep(delay).await;
        }
    }
}

/// The IDs of the thread and the run; empty if they are unknown.
fn both(ids: &RunIds) -> (&str, &str) {
    (
        ids.thread_id.as_deref().unwrap_or_default(),
        ids.run_id.as_deref().unwrap_or_default(),
    )
}
