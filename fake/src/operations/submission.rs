//! Submitted tool outputs and approvals, one for each pending call.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::store::action::Answers;
use crate::store::run::Run;

/// The answers of a request: outputs of functions, and approvals of other calls.
pub(super) fn answers(run: &Run, request: &Value) -> Result<Answers, ApiError> {
    let approvals = items(run, request, "tool_approvals", |kind| kind == "mcp")?;
    let outputs = items(run, request, "tool_outputs", |kind| kind != "mcp")?;
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let denied = approvals
        .iter()
        .filter(|approval| approval["approve"] != true);
    let outputs = outputs
        .iter()
        .map(|output| (text(&output["tool_call_id"]), text(&output["output"])));
    Ok(Answers {
        denied: denied
            .map(|approval| text(&approval["tool_call_id"]))
            .collect(),
        outputs: outputs.collect(),
    })
}

/// A list of the request, which has exactly one item for each pending call of some types.
fn items<'a>(
    run: &Run,
    request: &'a Value,
    param: &str,
    is_of: fn(kind: &Value) -> bool,
) -> Result<&'a [Value], ApiError> {
    let pending = run.pending_calls().iter();
    let pending = pending.filter(|call| is_of(&call["type"]));
    let pending: Vec<&str> = pending.filter_map(|call| call["id"].as_str()).collect();
    let items = match request[param].as_array() {
        Some(items) => items.as_slice(),
        None if pending.is_empty() => &[],
        None => return Err(ApiError::missing(param)),
    };
    let submitted = items.iter().map(|item| &item["tool_call_id"]);
    let submitted: Vec<&str> = submitted
        .map(|id| id.as_str().unwrap_or_default())
        .collect();
    if sorted(submitted.clone()) == sorted(pending.clone()) {
        return Ok(items);
    }
    let what = param.replace('_', " ");
    let message = format!("Expected {what} for call_ids {pending:?}, got {submitted:?}.");
    Err(ApiError::parameter(param, "invalid_value", message))
}

fn sorted(mut ids: Vec<&str>) -> Vec<&str> {
    ids.sort_unstable();
    ids
}
