//! The text of a stream, and nothing else of it.
//!
//! A delta of a message is read up to its text, and of a run up to its state: that takes
//! a fraction of the time of whole events.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use serde::de::MapAccess;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::codec::{self, Shape, Text};
use crate::error::Result;
use crate::stream::frames::{Frames, Run};
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
    let message: MessageDelta<'_> = codec::event_data(&frame.event, &frame.data)?;
    let text: String = message
        .delta
        .content
        .iter()
        .flatten()
        .filter_map(|part| part.0.text())
        .collect();
    Ok((!text.is_empty()).then_some(text))
}

/// The data of `thread.message.delta`, as far as it is text.
#[derive(Deserialize)]
struct MessageDelta<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<Vec<Lenient<Part<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part<'a> {
    /// Servers exist that leave it out once it is known.
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    text: Lenient<PartText<'a>>,
}

impl Part<'_> {
    fn text(&self) -> Option<&str> {
        let is_text = |kind: &Text<'_>| kind.as_str() == Some("text");
        let text = self.text.0.value.as_ref()?;
        self.kind
            .as_ref()
            .is_none_or(is_text)
            .then(|| text.as_str())?
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PartText<'a> {
    #[serde(borrow)]
    value: Option<Text<'a>>,
}

/// What an object says; as good as empty where something else stands in its place.
#[derive(Default)]
struct Lenient<T>(T);

impl<'de, T: Deserialize<'de> + Default> Shape<'de> for Lenient<T> {
    fn object<A: MapAccess<'de>>(members: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Self)
    }

    fn unknown(_: Value) -> Self {
        Self::default()
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        codec::shaped(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::stream::open;
    use crate::testing::{DONE, STALL, Server, chunked, create_run, streamed, until};

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
        let events = [&delta("7"), &text("a"), DONE].concat();
        let (_server, mut deltas) = text_of(streamed(&events)).await;
        let error = deltas.try_next().await.expect_err("it does not decode");
        assert!(error.is_decode());
        assert!(error.to_string().contains("at `delta.content`"), "{error}");
        assert_eq!(pieces(&mut deltas).await.unwrap(), ["a"]);
    }
}
