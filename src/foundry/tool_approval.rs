//! MCP tool calls that require approval, and their approvals.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::types::{RunObject, RunRequiredAction};

/// A call of an MCP tool that requires approval.
///
/// An item of the required action `submit_tool_approval` of a run. Text that the server omits is
/// empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "mcp")]
#[non_exhaustive]
pub struct ToolApprovalCall {
    /// ID of the call.
    pub id: String,
    /// Name of the tool.
    #[serde(default, deserialize_with = "text")]
    pub name: String,
    /// Arguments as the model wrote them, usually JSON.
    #[serde(default, deserialize_with = "text")]
    pub arguments: String,
    /// Name of the server in the assistant.
    #[serde(default, deserialize_with = "text")]
    pub server_label: String,
}

impl ToolApprovalCall {
    /// Returns the calls of a run that require approval.
    ///
    /// Calls of other kinds of tools and calls without an ID are not included. They are in
    /// `required_action`, as JSON. To find out whether a run still requires action, check its
    /// status.
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

    /// Approves the call.
    #[must_use]
    pub fn approve(&self) -> ToolApproval {
        ToolApproval::new(&self.id, true)
    }

    /// Denies the call.
    #[must_use]
    pub fn deny(&self) -> ToolApproval {
        ToolApproval::new(&self.id, false)
    }
}

/// Deserializes text: null is empty, and any other value is kept as JSON.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// The decision on a call that requires approval.
///
/// `Debug` omits the values of headers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolApproval {
    /// ID of the call.
    pub tool_call_id: String,
    /// Whether the call is approved.
    pub approve: bool,
    /// Headers for the MCP server, such as `Authorization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
}

impl ToolApproval {
    /// Approves or denies the call with this ID.
    pub fn new(tool_call_id: impl Into<String>, approve: bool) -> Self {
        Self {
            tool_call_id: tool_call_id.into(),
            approve,
            headers: None,
        }
    }

    /// Adds a header for the MCP server.
    ///
    /// An invalid header is an error when the approvals are submitted.
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
