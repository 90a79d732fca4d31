//! Shared code of the generated request builders: conversion and required fields.

use std::fmt;

use crate::error::core::{Error, Result};

/// Converts the value of a setter, or keeps the first error.
pub(crate) fn convert<V, T>(field: &str, value: V, first_error: &mut Option<String>) -> Option<T>
where
    V: TryInto<T>,
    V::Error: fmt::Display,
{
    value
        .try_into()
        .map_err(|error| keep_first(field, &error, first_error))
        .ok()
}

/// Converts the values of a setter, or keeps the first error.
pub(crate) fn convert_all<I, T>(
    field: &str,
    values: I,
    first_error: &mut Option<String>,
) -> Option<Vec<T>>
where
    I: IntoIterator,
    I::Item: TryInto<T>,
    <I::Item as TryInto<T>>::Error: fmt::Display,
{
    let values: Result<Vec<T>, _> = values.into_iter().map(TryInto::try_into).collect();
    values
        .map_err(|error| keep_first(field, &error, first_error))
        .ok()
}

fn keep_first(field: &str, error: &dyn fmt::Display, first_error: &mut Option<String>) {
    first_error.get_or_insert_with(|| format!("`{field}` cannot be converted: {error}"));
}

/// Fails if the value of a setter could not be converted.
pub(crate) fn built(first_error: Option<String>) -> Result<()> {
    first_error.map_or(Ok(()), |reason| Err(Error::argument(reason)))
}

/// Returns the value of a required field.
pub(crate) fn required<T>(schema: &str, field: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        Error::argument(format!(
            "`{field}` of {schema} is not set: call `.{field}(…)`"
        ))
    })
}
