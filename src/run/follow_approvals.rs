//! The settings of [`Follow`] for approvals and for actions on a computer.

use std::error::Error as StdError;
use std::future::Future;

use crate::run::approvals::handler;
use crate::run::follow::Follow;
use crate::run::required_action::CallResult;
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
    /// The function may also return a [`Result`] of these. An error neither approves nor refuses the
    /// call: nothing of the round is submitted, and the follow ends with an error that names the call and
    /// has [`is_tool`](crate::Error::is_tool). So does a panic, and a call that takes longer than
    /// [`tool_timeout`](Self::tool_timeout). Raise that time-out if people decide.
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
    ///     let token = std::env::var("DOCS_TOKEN")?;
    ///     let approval = ToolApproval::builder().tool_call_id(call.id).approve(true);
    ///     Ok::<_, std::env::VarError>(approval.headers([("authorization", token)]))
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub fn approve<F, Fut>(mut self, decide: F) -> Self
    where
        F: Fn(RunToolCallMcp) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: TryInto<ToolApproval, Error: Into<Box<dyn StdError + Send + Sync>>>>
            + Send
            + 'static,
    {
        self.settings.handlers.approvals.approve = Some(handler(decide, CallResult::Approval));
        self
    }

    /// Sets the function that performs actions on a computer.
    ///
    /// It returns the screenshot after the action, or a [`ToolOutput`] that also acknowledges the
    /// safety checks of the call, or a [`Result`] of these. A function that fails, panics or times out
    /// ends the follow, as that of [`approve`](Self::approve) does.
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
        Fut: Future<Output: TryInto<ToolOutput, Error: Into<Box<dyn StdError + Send + Sync>>>>
            + Send
            + 'static,
    {
        self.settings.handlers.approvals.computer = Some(handler(perform, CallResult::Computer));
        self
    }
}
