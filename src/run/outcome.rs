//! What has come of a run.

use crate::error::Result;
use crate::run::follow::Followed;
use crate::types::{MessageObject, MessageRole, RunObject, RunStepObject};

/// What has come of a run: the run as it was in the end, and what it wrote and did.
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client, body: openai_assistants::types::CreateRunRequest) -> openai_assistants::Result<()> {
/// let events = client.create_run().thread_id("thread_1").body(body).stream().await?;
/// let outcome = events.accumulate().finish().await?;
/// println!("{}: {}", outcome.run.status, outcome.text());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RunOutcome {
    /// The run. Its `status` tells how it went.
    pub run: RunObject,
    /// The messages that it wrote, in the order in which they appeared.
    pub messages: Vec<MessageObject>,
    /// What it did step by step, in the order in which the steps appeared.
    pub steps: Vec<RunStepObject>,
}

impl RunOutcome {
    /// Fetches the messages and the steps of a run.
    pub(crate) async fn fetch(followed: &Followed, run: RunObject) -> Result<Self> {
        let mut list = followed.client.list_messages();
        list.options = followed.options();
        let mut items = list
            .thread_id(followed.thread_id())
            .query("run_id", &run.id)
            .query("order", "asc")
            .query("limit", "100")
            .items();
        let mut messages = Vec::new();
        while let Some(message) = items.try_next().await? {
            if belongs(&message, &run) {
                messages.push(message);
            }
        }
        let mut list = followed.client.list_run_steps();
        list.options = followed.options();
        let mut items = list
            .thread_id(followed.thread_id())
            .run_id(&run.id)
            .query("order", "asc")
            .query("limit", "100")
            .items();
        let mut steps = Vec::new();
        while let Some(step) = items.try_next().await? {
            steps.push(step);
        }
        Ok(Self {
            run,
            messages,
            steps,
        })
    }

    /// The text of the last message of the assistant, or "" if there is none. See
    /// [`MessageObject::text`].
    #[must_use]
    pub fn text(&self) -> String {
        let mut messages = self.messages.iter().rev();
        let last = messages.find(|message| message.role.as_str() != MessageRole::User.as_str());
        last.map(MessageObject::text).unwrap_or_default()
    }
}

#[cfg(feature = "tools")]
impl RunOutcome {
    /// The answer of a run that was asked for JSON by
    /// [`response_format`](crate::response_format()), as a value of that type. A refusal and a
    /// run without a complete answer are no errors.
    ///
    /// # Errors
    /// The run is completed, but its last message is not that JSON, or there is none:
    /// [`is_decode`](crate::Error::is_decode). [`body`](crate::Error::body) is the text.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use openai_assistants::{Parsed, RunOutcome};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Sum {
    ///     result: i64,
    /// }
    ///
    /// # fn example(outcome: RunOutcome) -> openai_assistants::Result<()> {
    /// match outcome.parse::<Sum>()? {
    ///     Parsed::Answer(sum) => println!("{}", sum.result),
    ///     Parsed::Refused(why) => println!("the model refuses: {why}"),
    ///     _ => println!("the run came to no answer"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<crate::Parsed<T>> {
        crate::tools::parse(&self.run, &self.messages)
    }
}

/// Whether a message is of a run. Servers exist that list those of others as well, or do
/// not say which run a message is of.
fn belongs(message: &MessageObject, run: &RunObject) -> bool {
    match &message.run_id {
        Some(id) => *id == run.id,
        None => message.role.as_str() == MessageRole::Assistant.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock;

    fn message(role: MessageRole, text: &str) -> MessageObject {
        let mut message = mock::message();
        message.role = role;
        message.content = vec![mock::text(text)];
        message
    }

    #[test]
    fn its_text_is_that_of_the_last_message_of_the_assistant() {
        let mut outcome = RunOutcome {
            run: mock::run(),
            messages: Vec::new(),
            steps: Vec::new(),
        };
        assert_eq!(outcome.text(), "");
        outcome.messages = vec![
            message(MessageRole::Assistant, "a"),
            message(MessageRole::Assistant, "b"),
            message(MessageRole::User, "c"),
        ];
        assert_eq!(outcome.text(), "b");
    }
}
