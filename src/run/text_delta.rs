//! A piece of text of a message.

use std::fmt;

/// A piece of the text of a message, as it arrives.
///
/// [`RunTextDeltas`](crate::RunTextDeltas) yields it. `Display` writes the text, with a line break in
/// front of it where a further message starts.
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
    /// ID of the message.
    pub message_id: String,
    /// The text, without a line break between messages.
    pub text: String,
    /// Whether it is the first text of a message that follows another.
    pub starts_message: bool,
}

impl fmt::Display for TextDelta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.starts_message {
            f.write_str("\n")?;
        }
        f.write_str(&self.text)
    }
}
