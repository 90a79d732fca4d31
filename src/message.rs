//! What a person wants of a message: its text.

use crate::types::{MessageContent, MessageObject};

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
