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
use crate::sse::text_delta::{MessageBreaks, TextDelta};
use crate::types::MessageDeltaObject;

/// The text of the messages of a run as it arrives.
///
/// It is a `Stream` of non-empty [`TextDelta`]s. Created by
/// [`EventStream::text_deltas`](crate::EventStream::text_deltas). It ends like an
/// [`EventStream`](crate::EventStream), with the same errors, and parses other events only as far
/// as that requires.
///
/// # Examples
///
/// ```no_run
/// use openai_assistants::{Result, TextDeltas};
///
/// async fn show(mut texts: TextDeltas) -> Result<()> {
///     while let Some(delta) = texts.try_next().await? {
///         print!("{delta}");
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read until the stream is polled"]
pub struct TextDeltas {
    reader: EventReader,
    messages: MessageBreaks,
}

impl TextDeltas {
    pub(super) fn new(reader: EventReader) -> Self {
        Self {
            reader,
            messages: MessageBreaks::default(),
        }
    }

    /// Returns the next piece of text, or `None` after the last.
    ///
    /// # Errors
    /// See [`EventStream`](crate::EventStream).
    pub async fn try_next(&mut self) -> Result<Option<TextDelta>> {
        poll_fn(|context| self.poll_text(context)).await.transpose()
    }

    fn poll_text(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<TextDelta>>> {
        let messages = &mut self.messages;
        self.reader
            .poll_next(context, |event| decode(event, messages))
    }
}

impl Stream for TextDeltas {
    type Item = Result<TextDelta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_text(context)
    }
}

fn decode(event: &SseEvent<'_>, messages: &mut MessageBreaks) -> Result<Option<TextDelta>> {
    if event.name != "thread.message.delta" {
        return Ok(messages.next(None));
    }
    Ok(match message_delta(&mut Scanner::new(&event.data)) {
        Some((id, text)) => messages.next(Some((&id, text))),
        None => {
            let delta: Box<MessageDeltaObject> =
                event::deserialize_object(&event.name, &event.data)?;
            messages.next(Some((&delta.id, delta.text().into())))
        }
    })
}

/// Returns the ID and the text of a message delta that has nothing unusual.
///
/// The text is what [`MessageDeltaObject::text`] returns, which defines it for all others.
fn message_delta<'a>(json: &mut Scanner<'a>) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let (mut id, mut text) = (None, None);
    json.object(|json, key| match key {
        "id" => once(&mut id, json, Scanner::string),
        "delta" => once(&mut text, json, |json| {
            let mut all = None;
            json.object(|json, key| match key {
                "content" => once(&mut all, json, content_text),
                _ => json.skip(),
            })?;
            Some(all.unwrap_or_default())
        }),
        "error" => None,
        _ => json.skip(),
    })?;
    json.is_at_end().then_some((id?, text?))
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
