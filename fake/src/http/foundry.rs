//! The dialect of Foundry Agents: what requests require, and how pages look.

use serde_json::Value;

use crate::api_error::ApiError;
use crate::operations::query::Query;
use crate::spec::document::Operation;

/// Checks that a request names the version of the API.
pub(crate) fn check_version(query: &Query) -> Result<(), ApiError> {
    match query.get("api-version") {
        Some(_) => Ok(()),
        None => Err(ApiError::missing_version()),
    }
}

/// Removes the parameters of pages from a request for the list of files, which has no pages.
pub(crate) fn adapt_query(operation: &Operation, query: &mut Query) {
    if operation.id == "listFiles" {
        query.retain("purpose");
    }
}

/// Removes what pages of Foundry do not have. The list of files has no pages.
pub(crate) fn adapt(operation: &Operation, response: &mut Value) {
    let removed: &[&str] = match operation.id.as_str() {
        "listFiles" => &["first_id", "last_id", "has_more"],
        _ if operation.is_paginated => &["object", "first_id"],
        _ => return,
    };
    if let Some(page) = response.as_object_mut() {
        page.retain(|name, _| !removed.contains(&name.as_str()));
    }
}
