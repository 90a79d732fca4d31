//! Structured output: the answer of a model as a Rust value.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::tools::strict;
use crate::types::{MessageContent, MessageObject, RunObject};

/// What came of asking for a value.
///
/// # Examples
///
/// ```
/// use openai_assistants::Parsed;
///
/// fn show(parsed: Parsed<i64>) -> String {
///     match parsed {
///         Parsed::Answer(number) => number.to_string(),
///         Parsed::Refused(text) => text,
///         Parsed::Unfinished { status, .. } => format!("the run is {status}"),
///         _ => String::new(),
///     }
/// }
/// # assert_eq!(show(Parsed::Answer(4)), "4");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Parsed<T> {
    /// The value.
    Answer(T),
    /// The model does not want to answer, and says so in these words.
    Refused(String),
    /// There is no whole answer.
    Unfinished {
        /// The status of the run or the message, such as `incomplete` or `failed`.
        status: String,
        /// Why, as far as the server says: a word such as `max_completion_tokens`, or the
        /// code and message of an error.
        reason: Option<String>,
    },
}

impl<T> Parsed<T> {
    /// The value, if there is one.
    #[must_use]
    pub fn answer(self) -> Option<T> {
        match self {
            Self::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}

impl MessageObject {
    /// The answer to a question that asked for JSON of a type by `response_format`.
    ///
    /// A part that is a refusal counts more than text, and a message that broke off or is
    /// still being written is not read.
    ///
    /// # Errors
    /// The text is not JSON of that type ([`is_decode`](crate::Error::is_decode)): it is
    /// the [`body`](crate::Error::body) of the error.
    ///
    /// # Examples
    ///
    /// ```
    /// use openai_assistants::Parsed;
    /// use openai_assistants::types::MessageObject;
    /// use serde::Deserialize;
    ///
    /// #[derive(Debug, Deserialize, PartialEq)]
    /// struct Solution {
    ///     answer: f64,
    /// }
    ///
    /// let message: MessageObject = serde_json::from_str(
    ///     r#"{"id": "msg_1", "created_at": 0, "thread_id": "thread_1", "role": "assistant", "content": [
    ///         {"type": "text", "text": {"value": "{\"answer\": 4}", "annotations": []}}
    ///     ]}"#,
    /// ).unwrap();
    /// assert_eq!(message.parse()?, Parsed::Answer(Solution { answer: 4.0 }));
    /// # Ok::<(), openai_assistants::Error>(())
    /// ```
    pub fn parse<T: DeserializeOwned>(&self) -> Result<Parsed<T>> {
        let end = End::of(self);
        match end.status.as_deref() {
            None | Some("completed") => read(self),
            Some(_) => Ok(end.into()),
        }
    }
}

/// How a run or a message ended. Read from its JSON, since not every document has all of
/// it: the first knew neither the status of messages nor incomplete runs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct End {
    status: Option<String>,
    incomplete_details: Option<Details>,
    last_error: Option<Details>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    reason: Option<String>,
    code: Option<String>,
    message: Option<String>,
}

impl End {
    fn of(object: &impl Serialize) -> Self {
        let object = serde_json::to_value(object);
        object.and_then(Self::deserialize).unwrap_or_default()
    }
}

impl<T> From<End> for Parsed<T> {
    fn from(end: End) -> Self {
        let limit = end.incomplete_details.and_then(|details| details.reason);
        let error = end.last_error.map(|error| {
            let parts = [error.code, error.message];
            parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
        });
        Self::Unfinished {
            status: end.status.unwrap_or_default(),
            reason: limit.or(error),
        }
    }
}

/// What a message says, whatever its status is.
fn read<T: DeserializeOwned>(message: &MessageObject) -> Result<Parsed<T>> {
    if let Some(refusal) = message.content.iter().find_map(refusal) {
        return Ok(Parsed::Refused(refusal.to_owned()));
    }
    let text = message.text();
    strict::read(&text).map(Parsed::Answer).map_err(|error| {
        Error::answer(&text, error).in_run(Some(&message.thread_id), message.run_id.as_deref())
    })
}

#[cfg(assistants_schema = "MessageContentRefusalObject")]
fn refusal(part: &MessageContent) -> Option<&str> {
    match part {
        MessageContent::Refusal(part) => Some(&part.refusal),
        _ => None,
    }
}

/// A document without refusals still reads them, as they came.
#[cfg(not(assistants_schema = "MessageContentRefusalObject"))]
fn refusal(part: &MessageContent) -> Option<&str> {
    match part {
        MessageContent::Unknown(part) => part.get("refusal")?.as_str(),
        _ => None,
    }
}

/// The answer of a run: its last message. The messages come oldest first; those of users
/// and of other runs may be among them.
pub(crate) fn parse<T: DeserializeOwned>(
    run: &RunObject,
    messages: &[MessageObject],
) -> Result<Parsed<T>> {
    if run.status.as_str() != "completed" {
        return Ok(End::of(run).into());
    }
    let is_answer = |message: &&MessageObject| {
        message.role.as_str() == "assistant"
            && message.run_id.as_ref().is_none_or(|id| *id == run.id)
    };
    let is_begun =
        |message: &MessageObject| End::of(message).status.as_deref() == Some("in_progress");
    match messages.iter().rfind(is_answer) {
        // Servers exist that complete the run and leave the message as it was.
        Some(message) if is_begun(message) => read(message),
        Some(message) => message.parse(),
        None => Err(Error::no_answer("the run completed without a message")),
    }
    .map_err(|error| error.in_run(Some(&run.thread_id), Some(&run.id)))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Solution {
        answer: f64,
        #[serde(default)]
        steps: Vec<String>,
    }

    fn run(status: &str, more: Value) -> RunObject {
        let mut run = json!({
            "id": "run_1", "created_at": 1, "thread_id": "thread_1", "assistant_id": "a", "status": status, "model": "m",
            "instructions": "", "tools": [], "file_ids": [],
        });
        run.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(run).expect("it is a run")
    }

    fn message(content: Value, more: Value) -> MessageObject {
        let mut message = json!({
            "id": "msg_1", "created_at": 1, "thread_id": "thread_1", "role": "assistant", "content": content,
            "run_id": "run_1", "file_ids": [],
        });
        message
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        serde_json::from_value(message).expect("it is a message")
    }

    fn text(text: &str) -> Value {
        json!([{"type": "text", "text": {"value": text, "annotations": []}}])
    }

    fn answer(value: &str) -> MessageObject {
        message(text(value), json!({}))
    }

    fn parsed(messages: &[MessageObject]) -> Result<Parsed<Solution>> {
        parse(&run("completed", json!({})), messages)
    }

    #[test]
    fn the_last_message_of_the_run_is_the_answer() {
        let expected = Solution {
            answer: 4.0,
            steps: Vec::new(),
        };
        let messages = [
            answer("I think …"),
            answer(r#"{"answer": 4, "steps": null}"#),
            message(text("thanks"), json!({"role": "user", "run_id": null})),
            message(text("no"), json!({"run_id": "run_2"})),
        ];
        assert_eq!(parsed(&messages).unwrap(), Parsed::Answer(expected));
        // Servers may leave out which run it was.
        let anonymous = message(text(r#"{"answer": 5}"#), json!({"run_id": null}));
        let value = parsed(&[anonymous]).unwrap().answer().unwrap();
        assert_eq!(value.answer, 5.0);
    }

    #[test]
    fn a_refusal_is_no_error() {
        let content = json!([{"type": "refusal", "refusal": "I cannot help with that."}]);
        let expected = Parsed::Refused("I cannot help with that.".to_owned());
        assert_eq!(parsed(&[message(content, json!({}))]).unwrap(), expected);
        assert_eq!(expected.answer(), None);
    }

    #[test]
    fn a_run_that_did_not_complete_has_no_answer() {
        for (status, more, reason) in [
            (
                "incomplete",
                json!({"incomplete_details": {"reason": "max_completion_tokens"}}),
                Some("max_completion_tokens"),
            ),
            (
                "failed",
                json!({"last_error": {"code": "server_error", "message": "Sorry."}}),
                Some("server_error: Sorry."),
            ),
            ("cancelled", json!({}), None),
            ("new_status", json!({}), None),
        ] {
            let parsed = parse::<Solution>(&run(status, more), &[answer("{\"answer\": ")]);
            let expected = Parsed::Unfinished {
                status: status.to_owned(),
                reason: reason.map(str::to_owned),
            };
            assert_eq!(parsed.unwrap(), expected);
        }
    }

    #[test]
    fn a_message_that_broke_off_is_not_read() {
        let details =
            json!({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}});
        let message = message(text("{\"answer\": "), details);
        let expected = Parsed::Unfinished {
            status: "incomplete".to_owned(),
            reason: Some("content_filter".to_owned()),
        };
        assert_eq!(parsed(&[message]).unwrap(), expected);
    }

    #[test]
    fn a_completed_run_has_completed_its_message() {
        let begun = message(text(r#"{"answer": 4}"#), json!({"status": "in_progress"}));
        let expected = Parsed::Unfinished {
            status: "in_progress".to_owned(),
            reason: None,
        };
        assert_eq!(begun.parse::<Solution>().unwrap(), expected);
        let answer = parsed(&[begun]).unwrap().answer().expect("it is there");
        assert_eq!(answer.answer, 4.0);
    }

    #[test]
    fn an_answer_of_another_form_is_an_error_with_the_text() {
        for (text, reason) in [
            (
                r#"{"answer": "four"}"#,
                "is not of the type that was asked for at `answer`: invalid type: string",
            ),
            (r#"{"answer": "#, "is not JSON at `answer`: EOF"),
            ("four", "is not JSON: expected"),
            ("", "is not JSON: EOF"),
        ] {
            let error = parsed(&[answer(text)]).expect_err("it is another form");
            assert!(error.is_decode());
            assert!(error.to_string().contains(reason), "{error}");
            assert_eq!(error.body(), Some(text));
            assert_eq!(
                (error.thread_id(), error.run_id()),
                (Some("thread_1"), Some("run_1"))
            );
        }
    }

    #[test]
    fn a_run_without_a_message_is_an_error() {
        let error = parsed(&[]).expect_err("there is no message");
        assert!(error.is_decode());
        assert!(
            error.to_string().contains("completed without a message"),
            "{error}"
        );
    }
}
