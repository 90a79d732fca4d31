//! The text of messages and of message deltas.

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
        let parts = self.content.iter().filter_map(|part| match part {
            MessageContent::Text(part) => Some(part.text.value.as_str()),
            _ => None,
        });
        parts.collect::<Vec<_>>().join("\n")
    }
}

impl MessageDeltaObject {
    /// Returns the text that the delta adds, of all text parts.
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
            MessageDeltaContent::Text(part) => part.text.as_ref()?.value.as_deref(),
            // Some servers leave out the type after the first delta of a part.
            MessageDeltaContent::Unknown(part) if part.get("type").is_none() => {
                part.get("text")?.get("value")?.as_str()
            }
            _ => None,
        });
        texts.collect()
    }
}
