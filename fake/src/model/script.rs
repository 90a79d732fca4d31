//! A model that replays scripted turns.

use std::time::Duration;

use serde_json::Value;

use crate::model::conversation::{Conversation, Model};
use crate::model::turn::{FailureCode, IncompleteReason, Reply, Turn};

/// A model that replays a sequence of turns.
///
/// Each thread has a position of its own in the script, which later runs continue. A run
/// consumes turns until one of them ends it: [`say`](Self::say) does, [`call`](Self::call)
/// does not. When all turns are consumed, the next run fails, unless the script
/// [`repeat`](Self::repeat)s.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::{FailureCode, Script};
/// use serde_json::json;
///
/// let script = Script::new()
///     .say("Hello")                                   // the first run
///     .call("get_weather", json!({ "city": "Oslo" })) // the second run calls a function,
///     .say("12 °C")                                   // and continues with this
///     .fail(FailureCode::ServerError, "Gone.");       // the third run
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    turns: Vec<Turn>,
    /// The beginning of the next turn.
    pending: Turn,
    repeats: bool,
}

impl Script {
    /// Creates a script without turns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a turn with a message that completes the run.
    #[must_use]
    pub fn say(self, reply: impl Into<Reply>) -> Self {
        self.turn(Turn::new().say(reply))
    }

    /// Adds a turn with a refusal.
    #[must_use]
    pub fn refuse(self, text: impl AsRef<str>) -> Self {
        self.turn(Turn::new().say(Reply::refusal(text)))
    }

    /// Adds a turn with one function call. The next turn follows its output.
    #[must_use]
    pub fn call(self, name: impl Into<String>, arguments: Value) -> Self {
        self.calls([(name, arguments)])
    }

    /// Adds a turn with parallel function calls.
    #[must_use]
    pub fn calls<N: Into<String>>(self, calls: impl IntoIterator<Item = (N, Value)>) -> Self {
        self.turn(Turn::new().calls(calls))
    }

    /// Adds a turn that fails the run.
    #[must_use]
    pub fn fail(self, code: FailureCode, message: impl Into<String>) -> Self {
        self.turn(Turn::new().fail(code, message))
    }

    /// Adds a turn whose message and run become incomplete.
    #[must_use]
    pub fn incomplete(self, reply: impl Into<Reply>, reason: IncompleteReason) -> Self {
        self.turn(Turn::new().say(reply).incomplete(reason))
    }

    /// Waits at the beginning of the next turn.
    #[must_use]
    pub fn wait(mut self, time: Duration) -> Self {
        self.pending = self.pending.wait(time);
        self
    }

    /// Searches the vector stores of the run at the beginning of the next turn.
    ///
    /// [`Turn::file_search`] describes it.
    ///
    /// ```
    /// use openai_assistants_fake::{Reply, Script};
    ///
    /// let script = Script::new()
    ///     .file_search()
    ///     .say(Reply::text("It is 20 euros.").cite_found());
    /// ```
    #[must_use]
    pub fn file_search(mut self) -> Self {
        self.pending = self.pending.file_search();
        self
    }

    /// Sets the prompt and completion tokens of the last turn.
    #[must_use]
    pub fn tokens(mut self, prompt: u64, completion: u64) -> Self {
        if let Some(turn) = self.turns.last_mut() {
            turn.tokens = Some((prompt, completion));
        }
        self
    }

    /// Adds a turn.
    #[must_use]
    pub fn turn(mut self, mut turn: Turn) -> Self {
        let pending = std::mem::take(&mut self.pending);
        turn.steps.splice(0..0, pending.steps);
        self.turns.push(turn);
        self
    }

    /// Starts again at the first turn after the last.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.repeats = true;
        self
    }
}

impl Model for Script {
    fn turn(&self, conversation: &Conversation) -> Turn {
        let count = self.turns.len();
        let index = match conversation.turns {
            turns if self.repeats && count > 0 => turns % count,
            turns => turns,
        };
        self.turns.get(index).cloned().unwrap_or_else(|| {
            let message = format!(
                "The script has {count} turns, and turn {} was requested.",
                index + 1
            );
            Turn::new().fail(FailureCode::ServerError, message)
        })
    }
}
