//! Lists, page by page.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::query::Query;
use crate::shelf::Shelf;

/// Which part of a list is asked for.
pub(crate) struct Page<'a> {
    limit: usize,
    is_ascending: bool,
    after: Option<&'a str>,
    before: Option<&'a str>,
}

impl<'a> Page<'a> {
    pub(crate) fn of(query: &'a Query) -> Result<Self, Failure> {
        let limit = match query.get("limit") {
            None => 20,
            Some(text) => limit(text)?,
        };
        let is_ascending = match query.get("order") {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(other) => {
                return Err(Failure::parameter(
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

    /// This part of the objects that are wanted. A cursor may name any object of the list.
    pub(crate) fn take<T>(
        &self,
        shelf: &Shelf<T>,
        is_wanted: impl Fn(&T) -> bool,
        object: impl Fn(&T) -> Value,
    ) -> Result<Value, Failure> {
        let after = place(shelf, "after", self.after)?;
        let before = place(shelf, "before", self.before)?;
        // Whether one place comes ahead of another, in the order that was asked for.
        let is_ahead = |a: u64, b: u64| if self.is_ascending { a < b } else { a > b };
        let wanted = shelf.places().filter(|(at, item)| {
            after.is_none_or(|after| is_ahead(after, *at))
                && before.is_none_or(|before| is_ahead(*at, before))
                && is_wanted(item)
        });
        // With `before` alone the page is the one next to the cursor, and so it is taken
        // from the end of the list.
        let is_backward = before.is_some() && after.is_none();
        let mut taken: Vec<&T> = Vec::with_capacity(self.limit + 1);
        let items = wanted.map(|(_, item)| item);
        if self.is_ascending == is_backward {
            taken.extend(items.rev().take(self.limit + 1));
        } else {
            taken.extend(items.take(self.limit + 1));
        }
        let has_more = taken.len() > self.limit;
        taken.truncate(self.limit);
        if is_backward {
            taken.reverse();
        }
        let data: Vec<Value> = taken.into_iter().map(object).collect();
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

fn limit(text: &str) -> Result<usize, Failure> {
    let limit: i64 = text.parse().map_err(|_| {
        let message = format!("Invalid 'limit': expected an integer, but got '{text}'.");
        Failure::parameter("limit", "invalid_type", message)
    })?;
    let (code, bound) = match limit {
        ..1 => ("integer_below_min_value", ">= 1"),
        101.. => ("integer_above_max_value", "<= 100"),
        limit => return Ok(usize::try_from(limit).unwrap_or(1)),
    };
    let message = format!("Invalid 'limit': expected a value {bound}, but got {limit}.");
    Err(Failure::parameter("limit", code, message))
}

fn place<T>(shelf: &Shelf<T>, name: &str, id: Option<&str>) -> Result<Option<u64>, Failure> {
    let Some(id) = id else { return Ok(None) };
    let place = shelf.place(id).ok_or_else(|| {
        let message = format!("Invalid '{name}': there is no object with id '{id}' in this list.");
        Failure::parameter(name, UNKNOWN_CURSOR, message)
    })?;
    Ok(Some(place))
}

/// The code of the error that a cursor names nothing.
pub(crate) const UNKNOWN_CURSOR: &str = "unknown_cursor";
