//! The operation that submits the approvals of MCP tool calls.

use http::Method;
use serde::Serialize;

use crate::client::core::Client;
use crate::client::operation::{self, Operation, Streamed, StreamingOperation, path_segment};
use crate::error::core::Result;
use crate::foundry::tool_approval::ToolApproval;
use crate::http::operation_info::OperationInfo;
use crate::http::options::{RequestOptions, request_options};
use crate::http::request::Request;
use crate::http::response::Response;
use crate::http::sealed::Sealed;
use crate::run::follow::Follow;
use crate::sse::stream::EventStream;
use crate::types::{AssistantStreamEvent, RunObject};

impl Client {
    /// Submits approvals of MCP tool calls to a run of Foundry.
    ///
    /// One request has the approvals of all calls that the run requires.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use std::error::Error;
    ///
    /// use openai_assistants::Client;
    /// use openai_assistants::foundry::ToolApprovalCall;
    /// use openai_assistants::types::RunObject;
    ///
    /// async fn approve_all(client: &Client, mut run: RunObject) -> Result<RunObject, Box<dyn Error>> {
    ///     while run.status.as_str() == "requires_action" {
    ///         let calls = ToolApprovalCall::of(&run);
    ///         if calls.is_empty() {
    ///             return Err(format!("{} requires {:?}", run.id, run.required_action).into());
    ///         }
    ///         let approvals = calls.iter().map(ToolApprovalCall::approve);
    ///         let call = client.submit_tool_approvals(&run.thread_id, &run.id, approvals);
    ///         run = call.follow().wait().await?;
    ///     }
    ///     Ok(run)
    /// }
    /// ```
    pub fn submit_tool_approvals(
        &self,
        thread_id: impl Into<String>,
        run_id: impl Into<String>,
        approvals: impl IntoIterator<Item = ToolApproval>,
    ) -> SubmitToolApprovals {
        let tool_approvals: Vec<ToolApproval> = approvals.into_iter().collect();
        let mut options = RequestOptions::default();
        for (name, value) in tool_approvals.iter().flat_map(|one| &one.headers).flatten() {
            options.body_header(name, value);
        }
        SubmitToolApprovals {
            client: self.clone(),
            options,
            thread_id: thread_id.into(),
            run_id: run_id.into(),
            body: Body { tool_approvals },
        }
    }
}

/// Request builder for approvals of MCP tool calls.
///
/// Created by [`Client::submit_tool_approvals`]. Sends
/// `POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs`.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send`, `stream` or `follow` is called"]
pub struct SubmitToolApprovals {
    client: Client,
    options: RequestOptions,
    thread_id: String,
    run_id: String,
    body: Body,
}

#[derive(Clone, Debug, Serialize)]
struct Body {
    tool_approvals: Vec<ToolApproval>,
}

impl SubmitToolApprovals {
    request_options!();

    /// Sends the request and returns the run.
    ///
    /// # Errors
    /// An argument is invalid, the request failed, the server returned an error, or the response
    /// cannot be deserialized. See [`Error`](crate::Error).
    pub async fn send(self) -> Result<RunObject> {
        operation::send(self).await
    }

    /// Sends the request and returns the run with status and headers.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_response(self) -> Result<Response<RunObject>> {
        operation::send_response(self).await
    }

    /// Sends the request and follows the run.
    pub fn follow(self) -> Follow<Self> {
        Follow::new(self)
    }

    /// Sends the request and streams the events of the run.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn stream(self) -> Result<EventStream<AssistantStreamEvent>> {
        operation::open_stream(self).await
    }

    fn request(&self, accept: &'static str, body: &impl Serialize) -> Result<Request> {
        let path = format!(
            "{}/threads/{}/runs/{}/submit_tool_outputs",
            self.client.config().base_path(),
            path_segment("thread_id", Some(self.thread_id.clone()))?,
            path_segment("run_id", Some(self.run_id.clone()))?,
        );
        let (config, options) = (self.client.config().clone(), self.options.clone());
        Request::new(config, Self::INFO, options, Method::POST, &path, accept).json(body)
    }
}

impl Sealed for SubmitToolApprovals {}

impl Operation for SubmitToolApprovals {
    type Output = RunObject;

    const INFO: &'static OperationInfo = &OperationInfo {
        id: "submitToolApprovals",
        method: "POST",
        path: "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
        is_idempotent: false,
    };

    fn into_request(self) -> Result<Request> {
        self.request("application/json", &self.body)
    }
}

impl StreamingOperation for SubmitToolApprovals {
    type Event = AssistantStreamEvent;

    fn into_stream_request(self) -> Result<Request> {
        self.request("text/event-stream", &Streamed::new(&self.body))
    }
}
