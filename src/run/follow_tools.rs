//! The settings of [`Follow`] for tools.

use std::sync::Arc;

use crate::run::follow::Follow;
use crate::tools::failure::{OnToolFailure, ToolError};
use crate::tools::tool_set::ToolSet;

/// Tools (feature `tools`).
impl<O> Follow<O> {
    /// Sets the tools that are called when the run requires their outputs.
    ///
    /// All outputs of a round are submitted in one request, and the run is followed until it is
    /// terminal. The assistant or the run must have the tools: pass it their
    /// [`definitions`](ToolSet::definitions). A required action that also has calls of another kind,
    /// which nothing here handles, is left to the caller: the result is a run that is
    /// `requires_action`.
    ///
    /// A further call replaces the tools: put all of them into one [`ToolSet`].
    ///
    /// No call is executed twice: a run that still requires calls which were handled, by ID, name
    /// and arguments, is polled again. After a submission that failed, the run is fetched. The follow
    /// continues from its state, and returns the error if it still requires the same calls. After a
    /// transient failure the same outputs are submitted again.
    #[doc(alias = "function calling")]
    pub fn tools(mut self, tools: &ToolSet) -> Self {
        self.settings.handlers.tool_loop.tools = Some(tools.clone());
        self
    }

    /// Sets how many calls of a round run concurrently.
    ///
    /// The minimum is 1, the default is 8.
    pub fn tool_concurrency(mut self, limit: usize) -> Self {
        self.settings.handlers.tool_loop.settings.concurrency = limit;
        self
    }

    /// Sets what happens when a call fails.
    ///
    /// By default the error is reported to the model, which may correct the call.
    pub fn on_tool_failure<F>(mut self, decide: F) -> Self
    where
        F: Fn(&ToolError) -> OnToolFailure + Send + Sync + 'static,
    {
        self.settings.handlers.tool_loop.settings.on_failure = Arc::new(decide);
        self
    }
}
