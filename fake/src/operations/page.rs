//! Pagination: list parameters, cursors and list responses.

use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::operations::query::Query;
use crate::store::table::Table;

/// The error code of a cursor that is not the ID of an object in the list.
pub(crate) const UNKNOWN_CURSOR: &str = "unknown_cursor";

/// The pagination parameters of a list request.
pub(crate) struct Page<'a> {
    limit: usize,
    is_ascending: bool,
    after: Option<&'a str>,
    before: Option<&'a str>,
}

impl<'a> Page<'a> {
    pub(crate) fn from_query(query: &'a Query) -> Result<Self, ApiError> {
        Self::with_limit(query, 20, 100)
    }

    /// Reads a page with this default and maximum of `limit`.
    pub(crate) fn with_limit(
        query: &'a Query,
        default: usize,
        max: usize,
    ) -> Result<Self, ApiError> {
        let limit = match query.get("limit") {
            None => default,
            Some(text) => parse_limit(text, max)?,
        };
        let is_ascending = match query.get("order") {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(other) => {
                return Err(ApiError::parameter(
                    "order",
                    "invalid_value",
                    format!("Invalid value: '{other}'. Supported values are: 'asc', 'desc'."),
                ));
            }
        };
        Ok(Self {
            limit,
            is_ascending,
            after: query.get("after"),
            before: query.get("before"),
        })
    }

    /// The list response for this page of the objects that match.
    ///
    /// A cursor may be the ID of an object that does not match.
    pub(crate) fn of<T>(
        &self,
        table: &Table<T>,
        matches: impl Fn(&T) -> bool,
        serialize: impl Fn(&T) -> Value,
    ) -> Result<Value, ApiError> {
        let after = position(table, "after", self.after)?;
        let before = position(table, "before", self.before)?;
        // Whether one position precedes another in the requested order.
        let precedes = |a: u64, b: u64| if self.is_ascending { a < b } else { a > b };
        let rows = table.iter_with_positions();
        let candidates = rows.filter(|(position, object)| {
            after.is_none_or(|after| precedes(after, *position))
                && before.is_none_or(|before| precedes(*position, before))
                && matches(object)
        });
        // With `before` alone, the page ends at the cursor, so it is filled from the end of
        // the candidates.
        let is_backward = before.is_some() && after.is_none();
        let mut page: Vec<&T> = Vec::new();
        let objects = candidates.map(|(_, object)| object);
        if self.is_ascending == is_backward {
            page.extend(objects.rev().take(self.limit + 1));
        } else {
            page.extend(objects.take(self.limit + 1));
        }
        let has_more = page.len() > self.limit;
        page.truncate(self.limit);
        if is_backward {
            page.reverse();
        }
        let data: Vec<Value> = page.into_iter().map(serialize).collect();
        let id = |object: Option<&Value>| object.map(|object| object["id"].clone());
        Ok(json!({
            "object": "list",
            "first_id": id(data.first()),
            "last_id": id(data.last()),
            "has_more": has_more,
            "data": data,
        }))
    }
}

fn parse_limit(text: &str, max: usize) -> Result<usize, ApiError> {
    let limit: i64 = text.parse().map_err(|_| {
        let message = format!("Invalid 'limit': expected an integer, but got '{text}'.");
        ApiError::parameter("limit", "invalid_type", message)
    })?;
    let (code, bound) = match usize::try_from(limit) {
        Ok(limit @ 1..) if limit <= max => return Ok(limit),
        Ok(1..) => ("integer_above_max_value", format!("<= {max}")),
        _ => ("integer_below_min_value", ">= 1".to_owned()),
    };
    let message = format!("Invalid 'limit': expected a value {bound}, but got {limit}.");
    Err(ApiError::parameter("limit", code, message))
}

/// The position of the object that a cursor names.
fn position<T>(
    table: &Table<T>,
    name: &str,
    cursor: Option<&str>,
) -> Result<Option<u64>, ApiError> {
    let Some(id) = cursor else { return Ok(None) };
    let position = table.position(id).ok_or_else(|| {
        let message = format!("Invalid '{name}': there is no object with id '{id}' in this list.");
        ApiError::parameter(name, UNKNOWN_CURSOR, message)
    })?;
    Ok(Some(position))
}
