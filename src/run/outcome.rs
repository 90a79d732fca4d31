//! The outcome of a run: its final state, messages and steps.

use std::collections::HashSet;

use crate::client::pagination::{List, Page, Pages, malformed_item};
use crate::error::core::{Error, Result};
use crate::error::kind::ErrorKind;
use crate::run::handle::RunHandle;
#[cfg(feature = "tools")]
use crate::tools::structured::{self, Parsed};
use crate::types::completion::Completion;
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
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunOutcome {
    /// The run. Check its `status`, or call [`into_completed`](Self::into_completed).
    pub run: RunObject,
    /// The messages of the run, oldest first.
    pub messages: Vec<MessageObject>,
    /// The steps of the run, oldest first.
    pub steps: Vec<RunStepObject>,
    /// Why there are no steps, if the server has no route that lists them.
    pub steps_unavailable: Option<String>,
    /// Errors of the events, and of the listed messages and steps, that could not be deserialized.
    ///
    /// What they contain is only in their [`body`](Error::body).
    pub decode_errors: Vec<Error>,
}

/// Fetches the messages and the steps of a run.
pub(crate) async fn fetch(
    handle: &RunHandle,
    thread_id: &str,
    run: &RunObject,
) -> Result<RunOutcome> {
    let mut errors = Vec::new();
    let mut list = handle.client.list_messages();
    list.options = handle.options();
    let list = list.thread_id(thread_id).query("run_id", &run.id);
    let list = list.query("order", "asc").query("limit", "100");
    let mut messages = fetch_all(list.pages(), &mut errors).await?;

    let mut list = handle.client.list_run_steps();
    list.options = handle.options();
    let list = list.thread_id(thread_id).run_id(&run.id);
    let list = list.query("order", "asc").query("limit", "100");
    let (steps, steps_unavailable) = match fetch_all(list.pages(), &mut errors).await {
        Err(error) if is_missing_route(&error) => (Vec::new(), Some(error.to_string())),
        steps => (steps?, None),
    };
    retain_messages(&mut messages, run, &steps);
    Ok(RunOutcome {
        run: run.clone(),
        messages,
        steps,
        steps_unavailable,
        decode_errors: errors,
    })
}

/// Fetches all items of a list. Those that cannot be deserialized are errors beside them.
async fn fetch_all<L: List>(mut pages: Pages<L>, errors: &mut Vec<Error>) -> Result<Vec<L::Item>> {
    let mut items = Vec::new();
    while let Some(page) = pages.try_next().await? {
        errors.extend(page.malformed().iter().map(malformed_item::<L>));
        items.extend(page.into_items());
    }
    Ok(items)
}

/// Whether a server has no steps of a run that it has.
fn is_missing_route(error: &Error) -> bool {
    let status = error.status().map(|status| status.as_u16());
    error.kind() == ErrorKind::Status && matches!(status, Some(404 | 405 | 501))
}

/// Retains the messages of a run. Some servers also list those of other runs.
///
/// Some omit the run ID of messages or leave it zero. The messages of the run then are those that
/// its steps name, or else those of the assistant since the run was created.
fn retain_messages(messages: &mut Vec<MessageObject>, run: &RunObject, steps: &[RunStepObject]) {
    let named: HashSet<String> = steps.iter().filter_map(message_of_step).collect();
    let is_of_run = |message: &MessageObject| {
        message.run_id.as_deref() == Some(run.id.as_str()) || named.contains(&message.id)
    };
    let is_later = |message: &MessageObject| {
        message.run_id.as_deref().is_none_or(is_blank)
            && message.role.as_str() == MessageRole::Assistant.as_str()
            && (message.created_at == 0 || message.created_at >= run.created_at)
    };
    if messages.iter().any(is_of_run) {
        messages.retain(is_of_run);
    } else {
        messages.retain(is_later);
    }
}

/// Whether an ID is empty or a zero UUID.
fn is_blank(id: &str) -> bool {
    id.chars().all(|c| matches!(c, '0' | '-'))
}

/// Returns the ID of the message that a step created.
///
/// Taken from its JSON, because a document may describe other details of steps.
fn message_of_step(step: &RunStepObject) -> Option<String> {
    let details = serde_json::to_value(&step.step_details).ok()?;
    let id = details.get("message_creation")?.get("message_id")?;
    id.as_str().map(str::to_owned)
}

impl RunOutcome {
    /// Returns the outcome of a completed run, and an error for any other status.
    ///
    /// # Errors
    /// The run is not `completed`: [`is_run_not_completed`](crate::Error::is_run_not_completed). The
    /// error has the last error of the run, or the reason why it is incomplete.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client, body: openai_assistants::types::CreateRunRequest) -> openai_assistants::Result<()> {
    /// let run = client.create_run().thread_id("thread_1").body(body);
    /// let outcome = run.follow().outcome().await?.into_completed()?;
    /// println!("{}", outcome.text());
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_completed(self) -> Result<Self> {
        let status = self.run.status.as_str();
        if status == "completed" {
            return Ok(self);
        }
        let completion = Completion::of(&self.run);
        let incomplete = completion.incomplete_details.unwrap_or_default().reason;
        let error = completion.last_error.unwrap_or_default();
        let reason = error.message.or(incomplete);
        let mut error = Error::run_not_completed(status, error.code, reason.as_deref())
            .in_run(Some(&self.run.thread_id), Some(&self.run.id));
        if status == "requires_action" {
            error.add_note(
                "it waits for you: pass `.tools(&tools)` to `follow()`, or submit outputs",
            );
        }
        Err(error)
    }

    /// Returns the text of the last message of the assistant.
    ///
    /// It is empty without such a message. See [`MessageObject::text`].
    #[must_use]
    pub fn text(&self) -> String {
        let last = self.last_message();
        last.map(MessageObject::text).unwrap_or_default()
    }

    /// Returns the last message of the assistant.
    ///
    /// Its run ID may be unusual, and its role is missing if only deltas of it arrived.
    fn last_message(&self) -> Option<&MessageObject> {
        let mut last = None;
        for message in self.messages.iter().rev() {
            if message.role.as_str() != MessageRole::User.as_str() {
                if message.run_id.as_ref().is_none_or(|id| *id == self.run.id) {
                    return Some(message);
                }
                last = last.or(Some(message));
            }
        }
        last
    }
}

#[cfg(feature = "tools")]
impl RunOutcome {
    /// Deserializes the structured output of the run.
    ///
    /// For a run with a [`response_format`](crate::response_format()) of type `T`. A refusal and a
    /// run without complete output are not errors. See [`MessageObject::parse`].
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
    /// #[derive(schemars::JsonSchema, serde::Deserialize)]
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
    pub fn parse<T>(&self) -> Result<Parsed<T>>
    where
        T: serde::de::DeserializeOwned + schemars::JsonSchema,
    {
        structured::parse_run(&self.run, self.last_message())
    }
}
