//! The context of a tool call: thread, run and call ID.

/// The IDs of a tool call, for tools created with
/// [`Tool::with_context`](crate::Tool::with_context).
///
/// # Examples
///
/// ```
/// use openai_assistants::ToolContext;
///
/// let context = ToolContext::new("thread_1", "run_1", "call_1");
/// assert_eq!(context.call_id(), "call_1");
/// ```
#[derive(Clone, Debug)]
pub struct ToolContext {
    thread_id: String,
    run_id: String,
    call_id: String,
}

impl ToolContext {
    /// Creates the context of a manual call with [`ToolSet::call`](crate::ToolSet::call).
    #[must_use]
    pub fn new(
        thread_id: impl Into<String>,
        run_id: impl Into<String>,
        call_id: impl Into<String>,
    ) -> Self {
        Self {
            thread_id: thread_id.into(),
            run_id: run_id.into(),
            call_id: call_id.into(),
        }
    }

    /// Returns the ID of the thread.
    #[must_use]
    pub fn thread_id(&self) -> &str {
        &self.thread_id
    }

    /// Returns the ID of the run that requires the output.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Returns the ID of the call, as the model assigned it.
    ///
    /// A run that is followed again may repeat a call with the same ID.
    #[must_use]
    pub fn call_id(&self) -> &str {
        &self.call_id
    }
}
