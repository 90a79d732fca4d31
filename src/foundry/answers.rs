//! Conversions into the answers to tool calls, for [`Follow::approve`](crate::Follow::approve) and
//! [`Follow::computer`](crate::Follow::computer).

use crate::error::core::{Error, Result};
use crate::types::{ComputerScreenshot, ToolApproval, ToolOutput, ToolOutputType, builder};

/// A decision without headers. The ID of the call is set when it is submitted.
impl TryFrom<bool> for ToolApproval {
    type Error = Error;

    fn try_from(approve: bool) -> Result<Self> {
        let decision = Self::builder().tool_call_id(String::new());
        decision.approve(approve).build()
    }
}

/// The output of an action on a computer. The ID of the call is set when it is submitted.
impl TryFrom<ComputerScreenshot> for ToolOutput {
    type Error = Error;

    fn try_from(screenshot: ComputerScreenshot) -> Result<Self> {
        let output = Self::builder().type_(ToolOutputType::ComputerCallOutput);
        output.output(screenshot).build()
    }
}

/// The output of an action on a computer. The ID of the call is set when it is submitted.
impl TryFrom<builder::ComputerScreenshot> for ToolOutput {
    type Error = Error;

    fn try_from(screenshot: builder::ComputerScreenshot) -> Result<Self> {
        screenshot.build()?.try_into()
    }
}
