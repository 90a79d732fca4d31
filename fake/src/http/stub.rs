//! Sample responses for unknown IDs, for test suites that expect a stateless mock.

use serde_json::{Value, json};

use crate::api_error::{ApiError, MISSING};
use crate::operations::call::{Call, ResponseBody};
use crate::operations::page::UNKNOWN_CURSOR;
use crate::spec::document::Operation;
use crate::spec::sample;
use crate::store::event::{EventObserver, EventSender};

/// Replaces an error about an ID, a cursor, a limit, or a property that the document does not
/// require, with a sample response.
pub(crate) fn response(
    operation: &Operation,
    call: &Call,
    error: ApiError,
    observer: Option<EventObserver>,
) -> Result<ResponseBody, ApiError> {
    let is_about_limit = error.param.as_deref() == Some("limit");
    let is_about_cursor = error.code == Some(UNKNOWN_CURSOR);
    let is_missing = error.code == Some(MISSING);
    if error.status != 404 && !is_about_limit && !is_about_cursor && !is_missing {
        return Err(error);
    }
    let mut object = sample::response(operation, &call.path);
    if call.body["stream"] == true {
        let (sender, events) = EventSender::new(true, observer);
        object["status"] = "completed".into();
        sender.send("thread.run.completed", &object);
        sender.finish();
        let thread_id = String::new();
        return Ok(ResponseBody::Stream { thread_id, events });
    }
    if operation.is_paginated {
        object["first_id"] = Value::Null;
        object["last_id"] = Value::Null;
        object["has_more"] = json!(false);
    }
    Ok(ResponseBody::Object(object))
}
