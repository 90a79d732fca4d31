//! A piece of text of a message.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::ops::Deref;
use std::sync::Arc;

/// A piece of the text of a message, as it arrives.
///
/// [`TextDeltas`](crate::TextDeltas) and [`RunTextDeltas`](crate::RunTextDeltas) yield it. It
/// dereferences to the text. `Display` writes the text, with a line break in front of it where a
/// further message starts.
///
/// # Examples
///
/// ```no_run
/// # async fn example(mut run: openai_assistants::RunStream) -> openai_assistants::Result<()> {
/// let mut texts = run.text_deltas();
/// while let Some(delta) = texts.try_next().await? {
///     print!("{delta}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextDelta {
    /// ID of the message, shared by its deltas.
    pub message_id: Arc<str>,
    /// The text, without a line break between messages.
    pub text: String,
    /// Whether it is the first text of a message that follows another.
    pub starts_message: bool,
}

impl Deref for TextDelta {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for TextDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.starts_message {
            f.write_str("\n")?;
        }
        f.write_str(&self.text)
    }
}

/// Finds where the text of a further message starts.
#[derive(Debug, Default)]
pub(crate) struct MessageBreaks {
    /// The message of the latest text.
    message_id: Option<Arc<str>>,
    /// Whether other events followed that text.
    is_interrupted: bool,
}

impl MessageBreaks {
    /// Adds an event: a message ID and a text, or `None` for other events. Returns its text, unless
    /// that is empty.
    pub(crate) fn next(&mut self, delta: Option<(&str, Cow<'_, str>)>) -> Option<TextDelta> {
        let Some((id, text)) = delta else {
            self.is_interrupted = true;
            return None;
        };
        if text.is_empty() {
            return None;
        }
        // Some servers send a new ID with each delta of a message.
        let is_interrupted = mem::take(&mut self.is_interrupted);
        let known = self.message_id.as_ref().filter(|known| ***known == *id);
        let starts_message = is_interrupted && known.is_none() && self.message_id.is_some();
        let message_id = known.cloned().unwrap_or_else(|| id.into());
        if known.is_none() {
            self.message_id = Some(message_id.clone());
        }
        Some(TextDelta {
            message_id,
            text: text.into_owned(),
            starts_message,
        })
    }
}
