//! The dialect of Foundry Agents: what requests require, and how pages look.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::operations::query::Query;

/// Checks that a request names the version of the API.
pub(crate) fn check_version(query: &Query) -> Result<(), ApiError> {
    match query.get("api-version") {
        Some(_) => Ok(()),
        None => Err(ApiError::missing_version()),
    }
}

/// Removes what pages of Foundry do not have.
pub(crate) fn adapt(response: &mut Value) {
    if !response["data"].is_array() || response.get("has_more").is_none() {
        return;
    }
    let is_of_files = response["data"][0]["object"] == "file";
    if let Some(page) = response.as_object_mut() {
        page.remove("first_id");
        if !is_of_files {
            page.remove("object");
        }
    }
}
