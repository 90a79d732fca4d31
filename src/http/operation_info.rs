//! Static metadata of operations.

/// Static metadata of an operation.
///
/// # Examples
///
/// ```
/// use openai_assistants::Operation;
/// use openai_assistants::operations::GetRun;
///
/// assert_eq!(GetRun::INFO.id, "getRun");
/// assert_eq!(GetRun::INFO.method, "GET");
/// assert_eq!(GetRun::INFO.path, "/threads/{thread_id}/runs/{run_id}");
/// assert!(GetRun::INFO.is_idempotent);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationInfo {
    /// The operation ID in the OpenAPI document, such as `createRun`.
    pub id: &'static str,
    /// The HTTP method, such as `POST`.
    pub method: &'static str,
    /// The path with its parameters in braces, such as `/threads/{thread_id}/runs`.
    pub path: &'static str,
    /// Whether the call has the same effect when it is sent twice: every call but those that create
    /// an object or submit to a run.
    pub is_idempotent: bool,
}
