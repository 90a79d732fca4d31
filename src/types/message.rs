//! The text of messages and of message deltas.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::types::{MessageContent, MessageDeltaContent, MessageDeltaObject, MessageObject};

impl MessageObject {
    /// Returns the text parts of the message, joined by newlines.
    ///
    /// Images, refusals and unknown parts are skipped; they are in `content`.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::MessageObject;
    ///
    /// let message: MessageObject = serde_json::from_str(
    ///     r#"{"id": "msg_1", "created_at": 0, "thread_id": "thread_1", "role": "assistant", "content": [
    ///         {"type": "text", "text": {"value": "2 + 2 = 4", "annotations": []}}
    ///     ]}"#,
    /// )?;
    /// assert_eq!(message.text(), "2 + 2 = 4");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        self.texts().collect::<Vec<_>>().join("\n")
    }

    /// Returns the text of each text part. Some servers send it in place of the list of parts.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let parts = self.content.iter().filter_map(|part| match part {
            MessageContent::Text(part) => {
                let text = Cow::Borrowed(&*part.text.value);
                Some(text + plain(&part.extra, "text").unwrap_or_default())
            }
            MessageContent::Unknown(part) => untyped_text(part).map(Cow::Borrowed),
            _ => None,
        });
        parts.chain(plain(&self.extra, "content").map(Cow::Borrowed))
    }
}

impl MessageDeltaObject {
    /// Returns the text that the delta adds, of all text parts.
    ///
    /// A part may lack its type, and its text may be a plain string.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::types::MessageDeltaObject;
    ///
    /// let delta: MessageDeltaObject = serde_json::from_str(
    ///     r#"{"id": "msg_1", "delta": {"content": [{"index": 0, "type": "text", "text": {"value": "2 + "}}]}}"#,
    /// )?;
    /// assert_eq!(delta.text(), "2 + ");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let parts = self.delta.content.iter().flatten();
        let texts = parts.filter_map(|part| match part {
            MessageDeltaContent::Text(part) => match &part.text {
                Some(text) => text.value.as_deref(),
                None => plain(&part.extra, "text"),
            },
            MessageDeltaContent::Unknown(part) => untyped_text(part),
            _ => None,
        });
        texts.chain(plain(&self.delta.extra, "content")).collect()
    }
}

/// The text in place of an object or list, which does not match the document.
fn plain<'a>(extra: &'a BTreeMap<String, Value>, property: &str) -> Option<&'a str> {
    extra.get(property)?.as_str()
}

/// The text of a part that does not match the document. Some servers leave out the type after the
/// first delta of a part, or send the text in place of the object that holds it.
fn untyped_text(part: &Value) -> Option<&str> {
    let is_other = |value: &Value| !value.is_null() && value != "text";
    if part.get("type").is_some_and(is_other) {
        return None;
    }
    let text = part.get("text")?;
    text.as_str().or_else(|| text.get("value")?.as_str())
}
