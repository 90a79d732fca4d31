//! The values that setters of generated builders accept, and how they store it.

use std::fmt;

use crate::error::core::{Error, Result};

/// Marks a value that is given.
///
/// # Examples
///
/// ```
/// use openai_assistants::types::setters::{Given, IntoValue};
///
/// fn stored(value: impl IntoValue<String, Given>) -> Option<String> {
///     value.into_value().ok().flatten()
/// }
/// assert_eq!(stored("Tutor").as_deref(), Some("Tutor"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Given;

/// Marks a value that may be given: an `Option`.
///
/// # Examples
///
/// ```
/// use openai_assistants::types::setters::{IntoValue, Maybe};
///
/// fn stored(value: impl IntoValue<String, Maybe>) -> Option<String> {
///     value.into_value().ok().flatten()
/// }
/// assert_eq!(stored(None::<&str>), None);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Maybe;

/// Marks an item that may be given, which a list does not accept: see [`IntoList`].
///
/// # Examples
///
/// ```
/// use openai_assistants::types::setters::{IntoList, Item};
///
/// fn stored(item: impl IntoList<String, Item>) -> Option<Vec<String>> {
///     item.into_list().ok().flatten()
/// }
/// assert_eq!(stored(Some("file_1")), Some(vec!["file_1".to_owned()]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Item;

/// A value that a setter accepts: whatever converts into `T`, or an `Option` of it.
///
/// The marker `M` is inferred. Setters of required values accept only what is [`Given`]. A value
/// that cannot be converted is an error of `build`.
///
/// # Examples
///
/// ```
/// use openai_assistants::types::CreateAssistantRequest;
///
/// let name: Option<String> = None;
/// let body = CreateAssistantRequest::builder()
///     .model("gpt-4o")
///     .name(name)
///     .description(Some("Explains fractions."))
///     .temperature(0.5)
///     .build()?;
/// assert_eq!((body.name, body.temperature), (None, Some(0.5)));
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not convert into `{T}`",
    label = "expected a value that converts into `{T}`"
)]
pub trait IntoValue<T, M> {
    /// Converts the value.
    ///
    /// # Errors
    /// The reason why the value cannot be converted.
    fn into_value(self) -> Result<Option<T>, String>;
}

impl<T, V> IntoValue<T, Given> for V
where
    V: TryInto<T, Error: fmt::Display>,
{
    fn into_value(self) -> Result<Option<T>, String> {
        self.try_into().map(Some).map_err(|error| error.to_string())
    }
}

impl<T, V: IntoValue<T, Given>> IntoValue<T, Maybe> for Option<V> {
    fn into_value(self) -> Result<Option<T>, String> {
        self.map_or(Ok(None), V::into_value)
    }
}

/// Items that a setter of a list adds: a list of whatever converts into `T`, or an `Option` of it.
///
/// A second call adds further items. `None` adds nothing; an empty list sets an empty list. An
/// `Option` of a single item does not compile: put the item into an array.
///
/// ```compile_fail
/// # use openai_assistants::types::CodeInterpreterResources;
/// let id: Option<String> = None;
/// let files = CodeInterpreterResources::builder().file_ids(id);
/// ```
///
/// # Examples
///
/// ```
/// use openai_assistants::types::CodeInterpreterResources;
///
/// let more: Option<Vec<String>> = None;
/// let files = CodeInterpreterResources::builder()
///     .file_ids(["file_1", "file_2"])
///     .file_ids(more)
///     .file_ids(vec!["file_3".to_owned()])
///     .build()?;
/// assert_eq!(files.file_ids.unwrap(), ["file_1", "file_2", "file_3"]);
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of values that convert into `{T}`",
    label = "expected a list of values that convert into `{T}`"
)]
pub trait IntoList<T, M> {
    /// Converts the items.
    ///
    /// # Errors
    /// The reason why an item cannot be converted.
    fn into_list(self) -> Result<Option<Vec<T>>, String>;
}

impl<T, I> IntoList<T, Given> for I
where
    I: IntoIterator<Item: TryInto<T, Error: fmt::Display>>,
{
    fn into_list(self) -> Result<Option<Vec<T>>, String> {
        let items = self.into_iter().map(TryInto::try_into);
        let items: Result<Vec<T>, _> = items.collect();
        items.map(Some).map_err(|error| error.to_string())
    }
}

impl<T, I: IntoList<T, Given>> IntoList<T, Maybe> for Option<I> {
    fn into_list(self) -> Result<Option<Vec<T>>, String> {
        self.map_or(Ok(None), I::into_list)
    }
}

/// Without it an `Option` of an item would be a list, and `None` would set an empty one. With it the
/// call is ambiguous and does not compile.
impl<T, V: TryInto<T, Error: fmt::Display>> IntoList<T, Item> for Option<V> {
    fn into_list(self) -> Result<Option<Vec<T>>, String> {
        let item = self.map(TryInto::try_into).transpose();
        let item = item.map_err(|error| error.to_string())?;
        Ok(item.map(|item| vec![item]))
    }
}

/// Pairs that a setter of a map adds: any map or list of pairs, or an `Option` of it.
///
/// A second call adds further pairs, and replaces the values of the same keys.
///
/// # Examples
///
/// ```
/// use std::collections::HashMap;
/// use openai_assistants::types::CreateThreadRequest;
///
/// let labels = HashMap::from([("team".to_owned(), "maths".to_owned())]);
/// let body = CreateThreadRequest::builder()
///     .metadata(labels)
///     .metadata([("level", "beginner")])
///     .metadata(vec![("room", 7)])
///     .build()?;
/// let metadata = body.metadata.unwrap();
/// assert_eq!((&metadata["team"], &metadata["room"]), (&"maths".into(), &7.into()));
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a map or list of pairs whose values convert into `{T}`",
    label = "expected a map or a list of pairs"
)]
pub trait IntoPairs<T, M> {
    /// Converts the keys and values.
    fn into_pairs(self) -> Option<Vec<(String, T)>>;
}

impl<T, I, K, V> IntoPairs<T, Given> for I
where
    I: IntoIterator<Item = (K, V)>,
    K: Into<String>,
    V: Into<T>,
{
    fn into_pairs(self) -> Option<Vec<(String, T)>> {
        let pairs = self.into_iter();
        Some(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

impl<T, I: IntoPairs<T, Given>> IntoPairs<T, Maybe> for Option<I> {
    fn into_pairs(self) -> Option<Vec<(String, T)>> {
        self.and_then(I::into_pairs)
    }
}

/// As for lists.
impl<T, K: Into<String>, V: Into<T>> IntoPairs<T, Item> for Option<(K, V)> {
    fn into_pairs(self) -> Option<Vec<(String, T)>> {
        let pair = self.map(|(key, value)| (key.into(), value.into()));
        pair.map(|pair| vec![pair])
    }
}

/// Stores the value of a setter, or keeps the first error.
pub(crate) fn set<T, M>(
    slot: &mut Option<T>,
    field: &str,
    value: impl IntoValue<T, M>,
    first_error: &mut Option<String>,
) {
    *slot = kept(field, value.into_value(), first_error);
}

/// Adds the items of a setter to a list, or keeps the first error.
pub(crate) fn add<T, M>(
    slot: &mut Option<Vec<T>>,
    field: &str,
    items: impl IntoList<T, M>,
    first_error: &mut Option<String>,
) {
    if let Some(items) = kept(field, items.into_list(), first_error) {
        slot.get_or_insert_default().extend(items);
    }
}

/// Adds the pairs of a setter to a map.
pub(crate) fn insert<C, T, M>(slot: &mut Option<C>, pairs: impl IntoPairs<T, M>)
where
    C: IntoIterator<Item = (String, T)> + FromIterator<(String, T)>,
{
    if let Some(pairs) = pairs.into_pairs() {
        let known = slot.take().into_iter().flatten();
        *slot = Some(known.chain(pairs).collect());
    }
}

fn kept<T>(
    field: &str,
    value: Result<Option<T>, String>,
    first_error: &mut Option<String>,
) -> Option<T> {
    value.unwrap_or_else(|error| {
        first_error.get_or_insert_with(|| format!("`{field}` is invalid: {error}"));
        None
    })
}

/// Converts the items of a list, for a union that may be a list.
#[allow(dead_code, reason = "a document may have no such union")]
pub(crate) fn list<T>(items: impl IntoList<T, Given>) -> Result<Vec<T>> {
    let items = items.into_list().map_err(Error::argument)?;
    Ok(items.unwrap_or_default())
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

/// The error of a value that is not among those of a string enum.
pub(crate) fn unknown_value(name: &str, unknown: &str, value: &str, known: &[&str]) -> Error {
    let known = known.join("`, `");
    Error::argument(format!(
        "`{value}` is not one of `{known}`: pass `{name}::{unknown}(…)` to send it nevertheless"
    ))
}
