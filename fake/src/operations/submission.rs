//! Submitted tool outputs and approvals, one for each pending call.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::store::run::Run;

/// The submitted outputs by call ID.
pub(super) fn outputs(run: &Run, request: &Value) -> Result<Vec<(String, String)>, ApiError> {
    let outputs = request["tool_outputs"].as_array();
    let outputs = outputs
        .ok_or_else(|| ApiError::missing("tool_outputs"))?
        .iter();
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let submitted = outputs.map(|output| (text(&output["tool_call_id"]), text(&output["output"])));
    let submitted: Vec<(String, String)> = submitted.collect();
    check(
        run,
        "tool_outputs",
        submitted.iter().map(|(id, _)| id.as_str()),
    )?;
    Ok(submitted)
}

/// Whether all pending calls are approved.
pub(super) fn approvals(run: &Run, request: &Value) -> Result<bool, ApiError> {
    let approvals = request["tool_approvals"].as_array();
    let approvals = approvals
        .ok_or_else(|| ApiError::missing("tool_approvals"))?
        .iter();
    let ids = approvals
        .clone()
        .filter_map(|approval| approval["tool_call_id"].as_str());
    check(run, "tool_approvals", ids)?;
    Ok(approvals
        .clone()
        .all(|approval| approval["approve"] == true))
}

/// Checks that each pending call has exactly one item.
fn check<'a>(
    run: &Run,
    param: &str,
    submitted: impl Iterator<Item = &'a str>,
) -> Result<(), ApiError> {
    let submitted_ids: Vec<&str> = submitted.collect();
    let pending = run.pending_calls().iter();
    let pending_ids: Vec<&str> = pending.filter_map(|call| call["id"].as_str()).collect();
    if sorted(submitted_ids.clone()) == sorted(pending_ids.clone()) {
        return Ok(());
    }
    let what = param.replace('_', " ");
    let message = format!("Expected {what} for call_ids {pending_ids:?}, got {submitted_ids:?}.");
    Err(ApiError::parameter(param, "invalid_value", message))
}

fn sorted(mut ids: Vec<&str>) -> Vec<&str> {
    ids.sort_unstable();
    ids
}
