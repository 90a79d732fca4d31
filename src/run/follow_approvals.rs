//! The settings of [`Follow`] for approvals and for actions on a computer.

use std::fmt;
use std::future::Future;

use crate::run::approvals::responder;
use crate::run::follow::Follow;
use crate::types::{RunToolCallComputerUse, RunToolCallMcp, ToolApproval, ToolOutput};

/// Approvals (feature `foundry`).
impl<O> Follow<O> {
    /// Sets the function that decides on the calls of MCP servers that require approval.
    ///
    /// It returns whether the call is approved, or a [`ToolApproval`] with headers for the server. The
    /// calls of a round are decided on one after the other, before [tools](Self::tools) are called.
    /// All approvals and outputs of the round are submitted in one request. Without this function, runs
    /// that require approval are left to the caller.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// use openai_assistants::types::ToolApproval;
    ///
    /// let run = || client.get_run().thread_id("thread_1").run_id("run_1").follow();
    /// let run_of_docs = run().approve(async |call| call.server_label == "docs").wait().await?;
    ///
    /// let with_header = run().approve(async |call| {
    ///     let approval = ToolApproval::builder().tool_call_id(call.id).approve(true);
    ///     approval.headers([("authorization", "Bearer token")])
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn approve<F, Fut>(mut self, decide: F) -> Self
    where
        F: Fn(RunToolCallMcp) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: TryInto<ToolApproval, Error: fmt::Display>> + Send + 'static,
    {
        self.settings.responders.approvals.approve = Some(responder("approve", decide));
        self
    }

    /// Sets the function that performs actions on a computer.
    ///
    /// It returns the screenshot after the action, or a [`ToolOutput`] that also acknowledges the
    /// safety checks of the call.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// use openai_assistants::types::ComputerScreenshot;
    ///
    /// let run = client.get_run().thread_id("thread_1").run_id("run_1").follow();
    /// let run = run.computer(async |call| {
    ///     println!("{:?}", call.computer_use_preview.action);
    ///     ComputerScreenshot::builder().image_url("data:image/png;base64,…")
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn computer<F, Fut>(mut self, perform: F) -> Self
    where
        F: Fn(RunToolCallComputerUse) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: TryInto<ToolOutput, Error: fmt::Display>> + Send + 'static,
    {
        self.settings.responders.approvals.computer = Some(responder("computer", perform));
        self
    }
}
