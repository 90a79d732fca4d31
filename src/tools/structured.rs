//! Structured output: JSON of the model as a Rust value.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::error::core::{Error, Result};
use crate::json::path;
use crate::tools::schema::generate::schema_of;
use crate::tools::schema::normalized::Normalized;
use crate::types::completion::Completion;
use crate::types::{MessageContent, MessageObject, RunObject};

/// Structured output: a value, a refusal, or incomplete output.
///
/// [`RunOutcome::parse`](crate::RunOutcome::parse) and [`MessageObject::parse`] return it.
///
/// # Examples
///
/// ```
/// use openai_assistants::Parsed;
///
/// fn show(parsed: Parsed<i64>) -> String {
///     match parsed {
///         Parsed::Value(number) => number.to_string(),
///         Parsed::Refusal(text) => text,
///         Parsed::Incomplete { status, .. } => format!("the run is {status}"),
///         _ => String::new(),
///     }
/// }
/// # assert_eq!(show(Parsed::Value(4)), "4");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Parsed<T> {
    /// The deserialized value.
    Value(T),
    /// The refusal of the model, in its words.
    Refusal(String),
    /// The run or the message did not complete.
    Incomplete {
        /// Status of the run or message, such as `incomplete` or `failed`.
        status: String,
        /// The reason that the server returned, if any.
        ///
        /// Either a reason such as `max_completion_tokens`, or the code and message of an error.
        reason: Option<String>,
    },
}

impl<T> Parsed<T> {
    /// Returns the value, if there is one.
    #[must_use]
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }
}

impl MessageObject {
    /// Deserializes the structured output of a message.
    ///
    /// For a run with a [`response_format`](crate::response_format()) of type `T`. A refusal takes
    /// precedence over text. A message that is incomplete or in progress is
    /// [`Parsed::Incomplete`].
    ///
    /// The schema of `T` determines which nulls count as missing, as for the arguments of a
    /// [`Tool`](crate::Tool#arguments). For a type without a schema, deserialize
    /// [`text`](Self::text).
    ///
    /// # Errors
    /// The text is not JSON of type `T`: [`is_decode`](crate::Error::is_decode).
    /// [`body`](crate::Error::body) is the text.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::Parsed;
    /// use openai_assistants::types::MessageObject;
    /// use schemars::JsonSchema;
    /// use serde::Deserialize;
    ///
    /// #[derive(Debug, Deserialize, JsonSchema, PartialEq)]
    /// struct Solution {
    ///     answer: f64,
    /// }
    ///
    /// let message: MessageObject = serde_json::from_str(
    ///     r#"{"id": "msg_1", "created_at": 0, "thread_id": "thread_1", "role": "assistant", "content": [
    ///         {"type": "text", "text": {"value": "{\"answer\": 4}", "annotations": []}}
    ///     ]}"#,
    /// ).unwrap();
    /// assert_eq!(message.parse()?, Parsed::Value(Solution { answer: 4.0 }));
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn parse<T: DeserializeOwned + JsonSchema>(&self) -> Result<Parsed<T>> {
        let completion = Completion::of(self);
        match completion.status.as_deref() {
            None | Some("completed") => parse_content(self),
            Some(_) => Ok(completion.into()),
        }
    }
}

impl<T> From<Completion> for Parsed<T> {
    fn from(completion: Completion) -> Self {
        let limit = completion
            .incomplete_details
            .and_then(|details| details.reason);
        let error = completion.last_error.map(|error| {
            let parts = [error.code, error.message];
            parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
        });
        Self::Incomplete {
            status: completion.status.unwrap_or_default(),
            reason: limit.or(error),
        }
    }
}

/// Deserializes the content of a message, whatever its status.
fn parse_content<T: DeserializeOwned + JsonSchema>(message: &MessageObject) -> Result<Parsed<T>> {
    if let Some(refusal) = message.content.iter().find_map(refusal) {
        return Ok(Parsed::Refusal(refusal.to_owned()));
    }
    let text = message.text();
    let restored = Normalized::lenient(&schema_of::<T>()).restore(&text);
    let restored = restored.as_deref().unwrap_or(&text);
    serde_json::from_str(restored)
        .map(Parsed::Value)
        .map_err(|error| {
            let path = path::path_of(&error, restored.as_bytes());
            Error::model_output(&text, &path, error)
                .in_run(Some(&message.thread_id), message.run_id.as_deref())
        })
}

#[cfg(assistants_schema = "MessageContentRefusalObject")]
fn refusal(part: &MessageContent) -> Option<&str> {
    match part {
        MessageContent::Refusal(part) => Some(&part.refusal),
        _ => None,
    }
}

/// A document without refusals has them as unknown content.
#[cfg(not(assistants_schema = "MessageContentRefusalObject"))]
fn refusal(part: &MessageContent) -> Option<&str> {
    match part {
        MessageContent::Unknown(part) => part.get("refusal")?.as_str(),
        _ => None,
    }
}

/// Deserializes the structured output of a run: its last message.
pub(crate) fn parse_run<T: DeserializeOwned + JsonSchema>(
    run: &RunObject,
    last_message: Option<&MessageObject>,
) -> Result<Parsed<T>> {
    if run.status.as_str() != "completed" {
        return Ok(Completion::of(run).into());
    }
    // Empty if only deltas of the message arrived.
    let is_in_progress = |message: &MessageObject| {
        let status = Completion::of(message).status;
        matches!(status.as_deref(), Some("in_progress" | ""))
    };
    match last_message {
        // Some servers complete the run and leave the message in progress.
        Some(message) if is_in_progress(message) => parse_content(message),
        Some(message) => message.parse(),
        None => Err(Error::no_output("the run completed without a message")),
    }
    .map_err(|error| error.in_run(Some(&run.thread_id), Some(&run.id)))
}
