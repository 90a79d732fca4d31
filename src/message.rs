//! What a person wants of a message, and of what is new in it: the text.

use crate::types::{MessageContent, MessageObject};
#[cfg(assistants_schema = "MessageDeltaObject")]
use crate::types::{MessageDeltaContent, MessageDeltaObject};

impl MessageObject {
    /// The text of the message: its text parts, put together line by line. Images,
    /// refusals and parts of an unknown kind are left out; look at `content` for them.
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

#[cfg(assistants_schema = "MessageDeltaObject")]
impl MessageDeltaObject {
    /// The text that is new in the message: that of all its text parts, in their order.
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
            // Servers exist that leave the type out once it is known.
            MessageDeltaContent::Unknown(part) if part.get("type").is_none() => {
                part.get("text")?.get("value")?.as_str()
            }
            _ => None,
        });
        texts.collect()
    }
}
