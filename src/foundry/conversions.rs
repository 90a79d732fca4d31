//! Conversions into the results of tool calls, for [`Follow::approve`](crate::Follow::approve) and
//! [`Follow::computer`](crate::Follow::computer).

use std::error::Error as StdError;

use crate::error::core::{Error, Result};
use crate::types::{ComputerScreenshot, ToolApproval, ToolOutput, ToolOutputType, builder};

type Failure = Box<dyn StdError + Send + Sync>;

/// A decision without headers. The ID of the call is set when it is submitted.
impl TryFrom<bool> for ToolApproval {
    type Error = Error;

    fn try_from(approve: bool) -> Result<Self> {
        let decision = Self::builder().tool_call_id(String::new());
        decision.approve(approve).build()
    }
}

/// The decision of a function that may fail.
impl<T, E> TryFrom<Result<T, E>> for ToolApproval
where
    T: TryInto<Self, Error: Into<Failure>>,
    E: Into<Failure>,
{
    type Error = Failure;

    fn try_from(decision: Result<T, E>) -> Result<Self, Failure> {
        decision.map_err(Into::into)?.try_into().map_err(Into::into)
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

/// The output of a function that may fail.
impl<T, E> TryFrom<Result<T, E>> for ToolOutput
where
    T: TryInto<Self, Error: Into<Failure>>,
    E: Into<Failure>,
{
    type Error = Failure;

    fn try_from(output: Result<T, E>) -> Result<Self, Failure> {
        output.map_err(Into::into)?.try_into().map_err(Into::into)
    }
}
