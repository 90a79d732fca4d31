//! The outcome of a run: its final state, messages and steps.

use crate::error::core::Result;
use crate::run::handle::RunHandle;
#[cfg(feature = "tools")]
use crate::tools::structured::{self, Parsed};
use crate::types::{MessageObject, MessageRole, RunObject, RunStepObject};

/// The final run with its messages and steps.
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
    /// The run. Check its `status`.
    pub run: RunObject,
    /// The messages of the run, oldest first.
    pub messages: Vec<MessageObject>,
    /// The steps of the run, oldest first.
    pub steps: Vec<RunStepObject>,
}

impl RunOutcome {
    /// Fetches the messages and the steps of a run.
    pub(crate) async fn fetch(handle: &RunHandle, run: RunObject) -> Result<Self> {
        let mut list = handle.client.list_messages();
        list.options = handle.options();
        let mut items = list
            .thread_id(handle.thread_id())
            .query("run_id", &run.id)
            .query("order", "asc")
            .query("limit", "100")
            .items();
        let mut messages = Vec::new();
        while let Some(message) = items.try_next().await? {
            if is_of_run(&message, &run) {
                messages.push(message);
            }
        }
        let mut list = handle.client.list_run_steps();
        list.options = handle.options();
        let mut items = list
            .thread_id(handle.thread_id())
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

    /// Returns the text of the last message of the assistant.
    ///
    /// It is empty without such a message. See [`MessageObject::text`].
    #[must_use]
    pub fn text(&self) -> String {
        let mut messages = self.messages.iter().rev();
        let last = messages.find(|message| message.role.as_str() != MessageRole::User.as_str());
        last.map(MessageObject::text).unwrap_or_default()
    }
}

#[cfg(feature = "tools")]
impl RunOutcome {
    /// Deserializes the structured output of the run.
    ///
    /// For a run with a [`response_format`](crate::response_format()) of type `T`. A refusal and a
    /// run without complete output are not errors.
    ///
    /// # Errors
    /// The run is completed, but has no message, or its last message is not JSON of type `T`:
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
    ///     Parsed::Value(sum) => println!("{}", sum.result),
    ///     Parsed::Refusal(why) => println!("the model refuses: {why}"),
    ///     _ => println!("the output is incomplete"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<Parsed<T>> {
        structured::parse_run(&self.run, &self.messages)
    }
}

/// Whether a message belongs to a run. Some servers also list those of other runs, or omit the
/// run ID.
fn is_of_run(message: &MessageObject, run: &RunObject) -> bool {
    match &message.run_id {
        Some(id) => *id == run.id,
        None => message.role.as_str() == MessageRole::Assistant.as_str(),
    }
}
