//! The text of a stream, and nothing else of it.
//!
//! A delta of a message is read up to its text, and of a run up to its state: that takes
//! a fraction of the time of whole events.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::{Deserialize, de};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::stream::frames::{Frames, Run};
use crate::stream::json::Reader;
use crate::stream::sse::Frame;

/// The text of the messages of a run as it comes: a `Stream` of `Result<String, Error>`.
/// No piece is empty.
///
/// It ends as an [`EventStream`](crate::EventStream) does, and with the same errors;
/// events other than those with text are not looked at more closely than that takes.
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
#[must_use = "nothing is read until text is asked for"]
pub struct TextDeltas {
    frames: Frames,
}

impl TextDeltas {
    pub(crate) fn new(frames: Frames) -> Self {
        Self { frames }
    }

    /// The next piece of text; nothing after the last.
    ///
    /// # Errors
    /// See [`EventStream`](crate::EventStream).
    pub async fn try_next(&mut self) -> Result<Option<String>> {
        poll_fn(|context| self.frames.poll_next(context, read))
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
        self.frames.poll_next(context, read)
    }
}

fn read(frame: &Frame<'_>, run: &mut Run) -> Result<Option<String>> {
    if frame.event != "thread.message.delta" {
        run.learn_from(frame);
        return Ok(None);
    }
    match delta(&mut Reader::new(&frame.data)) {
        Some(text) => Ok((!text.is_empty()).then(|| text.into_owned())),
        None => Err(mistake(frame)),
    }
}

/// The text of the data of `thread.message.delta`, if that is what it is.
fn delta<'a>(json: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    let mut all = None;
    json.object(|json, key| match key {
        "delta" => once(&mut all, json, |json| {
            let mut all = None;
            json.object(|json, key| match key {
                "content" => once(&mut all, json, content),
                _ => json.skip(),
            })?;
            Some(all.unwrap_or_default())
        }),
        _ => json.skip(),
    })?;
    all.filter(|_| json.is_over())
}

/// Reads a value that must not come twice.
fn once<'a, T>(
    value: &mut Option<T>,
    json: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Option<()> {
    let read = read(json)?;
    value.replace(read).is_none().then_some(())
}

/// The text of all parts.
fn content<'a>(json: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    let mut all = Cow::Borrowed("");
    if json.is(b'n') {
        json.skip()?;
    } else {
        json.array(|json| {
            all += part(json)?;
            Some(())
        })?;
    }
    Some(all)
}

/// The text of a part; none where something else stands in the place of it.
fn part<'a>(json: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    if !json.is(b'{') {
        json.skip()?;
        return Some(Cow::Borrowed(""));
    }
    let (mut is_text, mut text) = (None, None);
    json.object(|json, key| match key {
        "type" => once(&mut is_text, json, |json| match json.is(b'"') {
            true => Some(json.string()? == "text"),
            // Servers exist that leave it out once it is known.
            false => Some(json.is(b'n')).filter(|_| json.skip().is_some()),
        }),
        "text" if json.is(b'{') => once(&mut text, json, |json| {
            let mut value = None;
            json.object(|json, key| match key {
                "value" if json.is(b'"') => once(&mut value, json, Reader::string),
                _ => json.skip(),
            })?;
            Some(value.unwrap_or_default())
        }),
        _ => json.skip(),
    })?;
    Some(text.filter(|_| is_text != Some(false)).unwrap_or_default())
}

/// Why there is no delta of a message in that data. Only serde tells what is wrong, and where.
fn mistake(frame: &Frame<'_>) -> Error {
    let error = match serde_json::from_str::<MessageDelta>(&frame.data) {
        Err(error) => error,
        // To serde an array may be an object, and of what comes twice in a value it takes the last.
        Ok(_) => de::Error::custom("a property comes twice, or an array stands for an object"),
    };
    Error::event(&frame.event, &frame.data, error)
}

/// What there has to be of the data of `thread.message.delta`.
#[derive(Deserialize)]
struct MessageDelta {
    #[serde(rename = "delta")]
    _delta: Delta,
}

#[derive(Deserialize)]
struct Delta {
    #[serde(rename = "content")]
    _content: Option<Vec<Value>>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stream::open;
    use crate::testing::{DONE, STALL, Server, chunked, create_run, streamed, until};
    use crate::types::MessageDeltaObject;

    const FAILED: &str =
        "event: thread.run.failed\ndata: {\"id\": \"run_1\", \"status\": \"failed\"}\n\n";

    async fn text_of(reply: String) -> (Server, TextDeltas) {
        let server = Server::start([reply]).await;
        let text = open(create_run(&server.client()))
            .await
            .expect("it opens")
            .text_deltas();
        (server, text)
    }

    fn delta(content: impl std::fmt::Display) -> String {
        format!(
            "event: thread.message.delta\ndata: {{\"id\": \"msg_1\", \"object\": \"thread.message.delta\", \
             \"delta\": {{\"role\": \"assistant\", \"content\": {content}}}}}\n\n"
        )
    }

    fn text(text: &str) -> String {
        delta(
            json!([{"index": 0, "type": "text", "text": {"annotations": [{"a": [1]}], "value": text}}]),
        )
    }

    async fn pieces(deltas: &mut TextDeltas) -> Result<Vec<String>> {
        let mut pieces = Vec::new();
        while let Some(piece) = deltas.try_next().await? {
            pieces.push(piece);
        }
        Ok(pieces)
    }

    #[tokio::test]
    async fn text_comes_piece_by_piece() {
        let events = [
            "event: thread.run.step.delta\ndata: not looked at\n\n",
            &text("Hel"),
            &text(""),
            "event: thread.run.queued\ndata: not JSON\n\n",
            &text("lo,\n\"\u{1f600}\""),
            "event: thread.message.completed\ndata: {}\n\n",
            DONE,
            &text("never"),
        ];
        let (server, mut deltas) = text_of(streamed(&format!("{}{STALL}", events.concat()))).await;
        assert_eq!(
            pieces(&mut deltas).await.unwrap(),
            ["Hel", "lo,\n\"\u{1f600}\""]
        );
        until(|| server.left() == 1).await;
    }

    #[tokio::test]
    async fn parts_that_are_no_text_are_passed_over() {
        let contents = [
            json!([
                {"index": 0, "type": "text", "text": {"value": "a"}},
                {"index": 1, "type": "image_file", "image_file": {"file_id": "file_1"}},
                {"index": 2, "type": "refusal", "refusal": "no"},
                {"index": 3, "type": "text", "text": {"value": "b"}},
                {"index": 4, "type": "new", "text": "c"},
                {"index": 5, "type": "text", "text": null},
                {"index": 6, "type": "text", "text": {"value": null}},
                {"index": 7, "type": "text", "text": {"value": {"d": 1}}},
                "e", 1, null, [],
            ]),
            json!([]),
            json!(null),
        ];
        let events: String = contents.iter().map(delta).collect();
        let (_server, mut deltas) = text_of(streamed(&(events + DONE))).await;
        assert_eq!(pieces(&mut deltas).await.unwrap(), ["ab"]);
    }

    #[tokio::test]
    async fn it_ends_without_done_once_the_run_is_at_rest() {
        let events = [&text("a"), FAILED].concat();
        for reply in [streamed(&events), chunked(&events, false)] {
            let (_server, mut deltas) = text_of(reply).await;
            assert_eq!(pieces(&mut deltas).await.unwrap(), ["a"]);
        }
    }

    #[tokio::test]
    async fn its_errors_are_those_of_the_events() {
        let queued = FAILED.replace("failed", "queued");
        let error = "event: error\ndata: {\"message\": \"no\"}\n\n";
        for (events, check) in [
            (
                &*queued,
                crate::Error::is_ended_early as fn(&crate::Error) -> bool,
            ),
            (&*format!("{queued}data: {{"), crate::Error::is_cut),
            (
                &*format!("{queued}{error}{DONE}"),
                crate::Error::is_stream_error,
            ),
        ] {
            let (_server, mut deltas) = text_of(streamed(events)).await;
            let error = pieces(&mut deltas).await.expect_err("it fails");
            assert!(check(&error), "{error}");
            assert_eq!(error.run_id(), Some("run_1"));
            assert!(deltas.try_next().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn behind_a_delta_that_does_not_decode_it_goes_on() {
        for (data, place) in [
            (delta("7"), "at `delta.content`"),
            (
                delta("[{\"text\": {\"value\": \"\\ud800\"}}]"),
                "is not JSON",
            ),
            (delta("[{\"text\": {\"value\": \"a\"}},]"), "is not JSON"),
            (delta("[]").replace("\"delta\": ", "\"other\": "), "`delta`"),
            (delta("[]").replace("\n\n", "}\n\n"), "is not JSON"),
            (
                delta("[{\"text\": {\"value\": \"a\", \"value\": \"b\"}}]"),
                "a property comes twice",
            ),
            (
                delta("[]").replace(
                    "{\"role\": \"assistant\", \"content\": []}",
                    "[[{\"text\": {\"value\": \"a\"}}]]",
                ),
                "an array stands for an object",
            ),
        ] {
            let events = [&data, &text("a"), DONE].concat();
            let (_server, mut deltas) = text_of(streamed(&events)).await;
            let error = deltas.try_next().await.expect_err("it does not decode");
            assert!(error.is_decode());
            assert!(error.to_string().contains(place), "{error}");
            assert_eq!(pieces(&mut deltas).await.unwrap(), ["a"]);
        }
    }

    #[test]
    fn the_text_is_that_of_the_whole_event() {
        let parts = [
            r#"{"index": 0, "type": "text", "text": {"value": "a", "annotations": []}}"#,
            r#"{"type": "text", "index": 0, "text": {"annotations": [{"a": "}"}], "value": "\u00fc\n"}}"#,
            r#"{"index": 1, "text": {"value": "\"b\""}, "type": "t\u0065xt", "more": [{"text": 1}]}"#,
            r#"{"index": 2, "text": {"value": "c"}, "type": "refusal"}"#,
            r#"{"index": 3, "type": "text", "text": {"value": null}}"#,
            r#"{"index": 4, "type": "text", "text": null}"#,
            r#"{"index": 5, "type": "text"}"#,
            r#"{"index": 6, "text": {"value": "d"}}"#,
        ];
        for first in parts {
            for second in parts {
                let data = format!(
                    r#" {{ "object": "x", "delta": {{"role": "assistant", "content": [{first} ,{second}]}}, "id": "msg_1" }} "#
                );
                let whole: MessageDeltaObject = serde_json::from_str(&data).unwrap();
                let text = super::delta(&mut Reader::new(&data)).expect("it is a delta");
                assert_eq!(text, whole.text(), "{data}");
            }
        }
    }
}
