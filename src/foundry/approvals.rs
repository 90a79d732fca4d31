//! Calls that wait for approval, and what lets the run go on.

use std::collections::BTreeMap;
use std::fmt;

use http::Method;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::client::Client;
use crate::error::Result;
use crate::operation::{
    self, Operation, OperationInfo, Request, RequestOptions, Response, Sealed, options,
    path_segment,
};
use crate::run::Follow;
use crate::types::{RunObject, RunRequiredAction};
#[cfg(assistants_schema = "AssistantStreamEvent")]
use crate::{
    EventStream,
    operation::{Streamed, StreamingOperation},
    types::AssistantStreamEvent,
};

/// A call of a tool of an MCP server that waits for approval: a member of the required action
/// `submit_tool_approval`. Text that the server leaves out is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "mcp")]
#[non_exhaustive]
pub struct ToolApprovalCall {
    /// Id of the call, which goes with the approval.
    pub id: String,
    /// The name of the tool.
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    /// The arguments as the model wrote them, most often JSON.
    #[serde(default, deserialize_with = "text")]
    pub arguments: String,
    /// The name that the assistant gives the server.
    #[serde(default, deserialize_with = "text")]
    pub server_label: String,
}

impl ToolApprovalCall {
    /// The calls that the run waits for; none where it waits for something else.
    ///
    /// A run may wait for calls that have no form here: those of other kinds of tools, and
    /// those without an id. They are in `required_action`, as JSON. So a run is not done because
    /// there are no calls: its status tells.
    #[must_use]
    pub fn of(run: &RunObject) -> Vec<Self> {
        let Some(RunRequiredAction::Unknown(action)) = &run.required_action else {
            return Vec::new();
        };
        if action["type"] != "submit_tool_approval" {
            return Vec::new();
        }
        let calls = action["submit_tool_approval"]["tool_calls"].as_array();
        let calls = calls.into_iter().flatten();
        calls
            .filter(|call| call["type"] == "mcp")
            .filter_map(|call| Self::deserialize(call).ok())
            .collect()
    }

    /// Lets the call be made.
    #[must_use]
    pub fn approve(&self) -> ToolApproval {
        ToolApproval::new(&self.id, true)
    }

    /// Keeps the call from being made.
    #[must_use]
    pub fn deny(&self) -> ToolApproval {
        ToolApproval::new(&self.id, false)
    }
}

/// Decodes text: null is empty, and what is no text is kept as JSON.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// Whether a call may be made. `Debug` shows no secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolApproval {
    /// Id of the call.
    pub tool_call_id: String,
    /// Whether it may be made.
    pub approve: bool,
    /// Headers for the MCP server, such as `Authorization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
}

impl ToolApproval {
    /// Whether the call of that id may be made.
    pub fn new(tool_call_id: impl Into<String>, approve: bool) -> Self {
        Self {
            tool_call_id: tool_call_id.into(),
            approve,
            headers: None,
        }
    }

    /// Adds a header for the MCP server. One that cannot be sent is an error when the
    /// approvals are submitted.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let headers = self.headers.get_or_insert_default();
        headers.insert(name.into(), value.into());
        self
    }
}

impl fmt::Debug for ToolApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers = self.headers.as_ref().map(|headers| headers.keys());
        f.debug_struct("ToolApproval")
            .field("tool_call_id", &self.tool_call_id)
            .field("approve", &self.approve)
            .field("headers", &headers)
            .finish()
    }
}

impl Client {
    /// Submits the approvals that a run of Foundry waits for, all of them at once.
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
    ///             return Err(format!("{} waits for {:?}", run.id, run.required_action).into());
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
            options.header_in_body(name, value);
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

/// Made by [`Client::submit_tool_approvals`].
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
    options!();

    /// Sends `POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs` and decodes the
    /// run that it is answered with.
    ///
    /// # Errors
    /// [`Error`](crate::Error) tells what went wrong: before anything was sent, on the way, at the server,
    /// or in the answer.
    pub async fn send(self) -> Result<RunObject> {
        operation::send(self).await
    }

    /// Like [`send`](Self::send), with the status and the headers of the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_response(self) -> Result<Response<RunObject>> {
        operation::send_response(self).await
    }

    /// Sends the approvals, and follows the run to where it rests next.
    pub fn follow(self) -> Follow<Self> {
        Follow::new(self)
    }

    /// Sends the approvals, and gives out the events of the run from there.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[cfg(assistants_schema = "AssistantStreamEvent")]
    pub async fn stream(self) -> Result<EventStream<AssistantStreamEvent>> {
        crate::stream::open(self).await
    }

    fn request(&self, accept: &'static str, body: &impl Serialize) -> Result<Request> {
        let path = format!(
            "{}/threads/{}/runs/{}/submit_tool_outputs",
            self.client.base_path(),
            path_segment("thread_id", Some(self.thread_id.clone()))?,
            path_segment("run_id", Some(self.run_id.clone()))?,
        );
        let (client, options) = (self.client.clone(), self.options.clone());
        Request::new(client, Self::INFO, options, Method::POST, &path, accept).json(body)
    }
}

impl Sealed for SubmitToolApprovals {}

impl Operation for SubmitToolApprovals {
    type Output = RunObject;

    const INFO: &'static OperationInfo = &OperationInfo {
        id: "submitToolApprovals",
        method: "POST",
        path: "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs",
    };

    fn into_request(self) -> Result<Request> {
        self.request("application/json", &self.body)
    }
}

#[cfg(assistants_schema = "AssistantStreamEvent")]
impl StreamingOperation for SubmitToolApprovals {
    type Event = AssistantStreamEvent;

    fn into_stream_request(self) -> Result<Request> {
        self.request("text/event-stream", &Streamed::new(&self.body))
    }
}
