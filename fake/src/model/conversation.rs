//! The model trait, and the conversation that a model receives.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::model::passage::Passage;
use crate::model::turn::Turn;

/// Produces the turns of the assistant.
///
/// [`Echo`](crate::Echo) and [`Script`](crate::Script) are built in. The server requests a
/// turn when a run is created, and another one after tool outputs were submitted. It does so
/// while it handles the request, so the model should return immediately; use
/// [`Turn::wait`] to simulate slow models. A panic of the model fails the run.
///
/// # Examples
///
/// A custom model. Closures implement the trait too:
///
/// ```
/// use openai_assistants_fake::{Conversation, Fake, Model, Turn};
///
/// struct Uppercase;
///
/// impl Model for Uppercase {
///     fn turn(&self, conversation: &Conversation) -> Turn {
///         Turn::new().say(conversation.last_text().to_uppercase())
///     }
/// }
///
/// let fake = Fake::builder().model(Uppercase);
/// let same = Fake::builder()
///     .model(|conversation: &Conversation| Turn::new().say(conversation.last_text().to_uppercase()));
/// ```
pub trait Model: Send + Sync + 'static {
    /// Returns the next turn of the assistant.
    fn turn(&self, conversation: &Conversation) -> Turn;
}

impl<F: Fn(&Conversation) -> Turn + Send + Sync + 'static> Model for F {
    fn turn(&self, conversation: &Conversation) -> Turn {
        self(conversation)
    }
}

/// The state of a conversation when a model produces a turn.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversation {
    /// ID of the thread.
    pub thread_id: String,
    /// ID of the run.
    pub run_id: String,
    /// Model name of the run.
    pub model: String,
    /// Instructions of the run, including additional instructions.
    pub instructions: String,
    /// Tools of the run, as in the request.
    pub tools: Vec<Value>,
    /// `tool_choice` of the run, as in the request: a string or an object.
    pub tool_choice: Value,
    /// Messages of the thread, the oldest first, truncated as `truncation_strategy` requires.
    pub messages: Vec<ConversationMessage>,
    /// Completed function calls of this run, in order.
    pub outputs: Vec<ToolOutput>,
    /// Number of earlier turns on this thread, in all runs.
    pub turns: usize,
    pub(crate) passages: Passages,
}

/// The passages that file search finds for the last message, once they are needed.
pub(crate) type Passages = Arc<LazyLock<Vec<Passage>, Box<dyn FnOnce() -> Vec<Passage> + Send>>>;

impl Conversation {
    /// Returns the text of the last message, or an empty string.
    #[must_use]
    pub fn last_text(&self) -> &str {
        self.messages.last().map_or("", |message| &message.text)
    }

    /// Returns what file search finds for the last message, the best first.
    ///
    /// It searches at the first call. The result is empty if the run does not have the tool.
    #[must_use]
    pub fn passages(&self) -> &[Passage] {
        &self.passages
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConversationMessage {
    /// `user` or `assistant`.
    pub role: String,
    /// The text parts, one per line.
    pub text: String,
}

impl ConversationMessage {
    pub(crate) fn new(role: &str, text: String) -> Self {
        Self {
            role: role.to_owned(),
            text,
        }
    }
}

/// A function call and its output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolOutput {
    /// ID of the call.
    pub call_id: String,
    /// Name of the function.
    pub name: String,
    /// The arguments, as text.
    pub arguments: String,
    /// The submitted output.
    pub output: String,
}

impl ToolOutput {
    pub(crate) fn new(call: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let function = &call["function"];
        Self {
            call_id: text(&call["id"]),
            name: text(&function["name"]),
            arguments: text(&function["arguments"]),
            output: text(&function["output"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn passages_are_found_once_and_on_demand() {
        let searches = Arc::new(Mutex::new(0));
        let counted = searches.clone();
        let find = move || {
            *counted.lock().expect("no test panics") += 1;
            Vec::new()
        };
        let conversation = Conversation {
            thread_id: String::new(),
            run_id: String::new(),
            model: String::new(),
            instructions: String::new(),
            tools: Vec::new(),
            tool_choice: Value::Null,
            messages: Vec::new(),
            outputs: Vec::new(),
            turns: 0,
            passages: Arc::new(LazyLock::new(Box::new(find))),
        };
        assert_eq!(*searches.lock().expect("no test panics"), 0);
        assert!(conversation.clone().passages().is_empty());
        assert!(conversation.passages().is_empty());
        assert_eq!(*searches.lock().expect("no test panics"), 1);
    }
}
