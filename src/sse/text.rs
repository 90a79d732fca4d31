//! A stream of only the text of the messages.
//!
//! Of a message delta it scans the text alone, which takes a fraction of the time of deserializing
//! the whole event. A delta with anything unusual in it is deserialized.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::error::core::Result;
use crate::sse::event;
use crate::sse::parser::SseEvent;
use crate::sse::reader::EventReader;
use crate::sse::scan::Scanner;
use crate::types::MessageDeltaObject;

/// The text of the messages of a run as it arrives.
///
/// It is a `Stream` of `Result<String, Error>` without empty pieces. Created by
/// [`EventStream::text_deltas`](crate::EventStream::text_deltas). It ends like an
/// [`EventStream`](crate::EventStream), with the same errors, and parses other events only as far
/// as that requires.
///
/// # Examples
///
/// ```no_run
/// use openai_assistants::{Result, TextDeltas};
///
/// async fn show(mut text: TextDeltas) -> Result<()> {
///     while let Some(piece) = text.try_next().await? {
///         print!("{piece}");
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read until the stream is polled"]
pub struct TextDeltas {
    reader: EventReader,
}

impl TextDeltas {
    pub(super) fn new(reader: EventReader) -> Self {
        Self { reader }
    }

    /// Returns the next piece of text, or `None` after the last.
    ///
    /// # Errors
    /// See [`EventStream`](crate::EventStream).
    pub async fn try_next(&mut self) -> Result<Option<String>> {
        poll_fn(|context| self.reader.poll_next(context, decode))
            .await
            .transpose()
    }
}

impl Stream for TextDeltas {
    type Item = Result<String>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<String>>> {
        self.reader.poll_next(context, decode)
    }
}

fn decode(event: &SseEvent<'_>) -> Result<Option<String>> {
    if event.name != "thread.message.delta" {
        return Ok(None);
    }
    let text = match delta_text(&mut Scanner::new(&event.data)) {
        Some(text) => text.into_owned(),
        None => event::deserialize::<MessageDeltaObject>(&event.name, &event.data)?.text(),
    };
    Ok((!text.is_empty()).then_some(text))
}

/// Returns the text of a message delta that has nothing unusual.
///
/// It is what [`MessageDeltaObject::text`] returns, which defines it for all others.
fn delta_text<'a>(json: &mut Scanner<'a>) -> Option<Cow<'a, str>> {
    let mut all = None;
    json.object(|json, key| match key {
        "delta" => once(&mut all, json, |json| {
            let mut all = None;
            json.object(|json, key| match key {
                "content" => once(&mut all, json, content_text),
                _ => json.skip(),
            })?;
            Some(all.unwrap_or_default())
        }),
        _ => json.skip(),
    })?;
    all.filter(|_| json.is_at_end())
}

/// Scans a value that must not be repeated.
fn once<'a, T>(
    value: &mut Option<T>,
    json: &mut Scanner<'a>,
    scan: impl FnOnce(&mut Scanner<'a>) -> Option<T>,
) -> Option<()> {
    let scanned = scan(json)?;
    value.replace(scanned).is_none().then_some(())
}

/// Returns the text of all parts.
fn content_text<'a>(json: &mut Scanner<'a>) -> Option<Cow<'a, str>> {
    let mut all = Cow::Borrowed("");
    json.array(|json| {
        all += part_text(json)?;
        Some(())
    })?;
    Some(all)
}

/// Returns the text of a part, empty for other types of parts.
fn part_text<'a>(json: &mut Scanner<'a>) -> Option<Cow<'a, str>> {
    if !json.is_at(b'{') {
        json.skip()?;
        return Some(Cow::Borrowed(""));
    }
    let (mut is_text, mut text, mut is_usual) = (None, None, true);
    json.object(|json, key| match key {
        "type" => once(&mut is_text, json, |json| Some(json.string()? == "text")),
        "text" if json.is_at(b'{') => once(&mut text, json, |json| {
            let mut value = None;
            json.object(|json, key| match key {
                "value" if json.is_at(b'"') => once(&mut value, json, Scanner::string),
                _ => json.skip(),
            })?;
            Some(value.unwrap_or_default())
        }),
        "text" => {
            is_usual = json.is_at(b'n');
            json.skip()
        }
        _ => json.skip(),
    })?;
    match is_text? {
        true => is_usual.then(|| text.unwrap_or_default()),
        false => Some(Cow::Borrowed("")),
    }
}
