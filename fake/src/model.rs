//! What answers: the trait, and what is told to it.

use serde_json::Value;

use crate::turn::Turn;

/// Says what the assistant does. [`Echo`](crate::Echo) and [`Script`](crate::Script) are
/// built in.
///
/// A run asks for a turn when it is created, and for another whenever it has been given
/// the outputs of function calls. The model is asked while the request waits, so it should
/// answer at once; how long the assistant seems to take is said in the [`Turn`]. A model that
/// panics fails the run.
///
/// # Examples
///
/// A model of one's own; a closure is one as well:
///
/// ```
/// use openai_assistants_fake::{Conversation, Fake, Model, Turn};
///
/// struct Shouting;
///
/// impl Model for Shouting {
///     fn turn(&self, conversation: &Conversation) -> Turn {
///         Turn::new().say(conversation.last_text().to_uppercase())
///     }
/// }
///
/// let fake = Fake::builder().model(Shouting);
/// let same = Fake::builder()
///     .model(|conversation: &Conversation| Turn::new().say(conversation.last_text().to_uppercase()));
/// ```
pub trait Model: Send + Sync + 'static {
    /// What the assistant does next.
    fn turn(&self, conversation: &Conversation) -> Turn;
}

impl<F: Fn(&Conversation) -> Turn + Send + Sync + 'static> Model for F {
    fn turn(&self, conversation: &Conversation) -> Turn {
        self(conversation)
    }
}

/// What a model knows when it is asked for a turn.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Conversation {
    /// Id of the thread.
    pub thread_id: String,
    /// Id of the run.
    pub run_id: String,
    /// Name of the model that the run is to have.
    pub model: String,
    /// The instructions of the run, with what was added to them.
    pub instructions: String,
    /// The tools of the run, as they stand in the request.
    pub tools: Vec<Value>,
    /// `tool_choice` of the run, as it stands in the request: a word or an object.
    pub tool_choice: Value,
    /// The messages of the thread, the oldest first, as far as the run's
    /// `truncation_strategy` leaves them.
    pub messages: Vec<Said>,
    /// The function calls of this run that have been answered, in the order in which they
    /// were made.
    pub outputs: Vec<Output>,
    /// How many turns there were on this thread before, in this run and in earlier ones.
    pub turns: usize,
}

impl Conversation {
    /// The text of the last message; empty if there is none.
    #[must_use]
    pub fn last_text(&self) -> &str {
        self.messages.last().map_or("", |message| &message.text)
    }
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Said {
    /// `user` or `assistant`.
    pub role: String,
    /// The parts that are text, one to a line.
    pub text: String,
}

impl Said {
    pub(crate) fn new(role: &str, text: String) -> Self {
        Self {
            role: role.to_owned(),
            text,
        }
    }
}

/// A function call and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// Id of the call.
    pub call_id: String,
    /// Name of the function.
    pub name: String,
    /// The arguments, as text.
    pub arguments: String,
    /// What was submitted.
    pub output: String,
}

impl Output {
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
