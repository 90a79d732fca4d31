//! Errors of schemas that the API does not accept.

use std::fmt::Display;

use crate::error::core::Error;

/// An error at a path of the schema, such as `Trip.stops[].city`.
pub(super) fn error(path: &str, reason: impl Display) -> Error {
    Error::argument(format!("`{path}` {reason}"))
}

/// The schema cannot be expressed in the strict subset.
pub(super) fn not_strict(path: &str, problem: &str, solution: &str) -> Error {
    error(
        path,
        format_args!("{problem}, which a strict JSON Schema cannot express: {solution}"),
    )
}

/// The schema accepts any JSON value.
pub(super) fn untyped(path: &str) -> Error {
    let solution = "use a specific type, or add `type` to a schema given as JSON";
    not_strict(path, "can be any JSON value", solution)
}
