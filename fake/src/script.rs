//! A model that does what it was told beforehand.

use std::time::Duration;

use serde_json::Value;

use crate::model::{Conversation, Model};
use crate::turn::{FailureCode, IncompleteReason, Reply, Turn};

/// Turns, one after the other.
///
/// Every thread starts at the top and goes on where it stopped, from run to run, so that
/// conversations do not come into each other's way. A run takes turns until one of them
/// ends it: [`say`](Self::say) does, and [`call`](Self::call) does not. A run that finds
/// no turn left fails and says so, unless the script is to [`repeat`](Self::repeat).
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::{FailureCode, Script};
/// use serde_json::json;
///
/// let script = Script::new()
///     .say("Hello")                                   // the first run
///     .call("get_weather", json!({ "city": "Oslo" })) // the second run asks for a call,
///     .say("12 °C")                                   // and goes on with this
///     .fail(FailureCode::ServerError, "Gone.");       // the third run
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    turns: Vec<Turn>,
    /// What the next turn starts with.
    begun: Turn,
    repeats: bool,
}

impl Script {
    /// A script without turns.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A turn that writes a message and ends the run.
    #[must_use]
    pub fn say(self, reply: impl Into<Reply>) -> Self {
        self.turn(Turn::new().say(reply))
    }

    /// A turn that refuses to answer.
    #[must_use]
    pub fn refuse(self, text: impl AsRef<str>) -> Self {
        self.turn(Turn::new().say(Reply::refusal(text)))
    }

    /// A turn that asks for one function call. The next turn follows when its output is
    /// there.
    #[must_use]
    pub fn call(self, name: impl Into<String>, arguments: Value) -> Self {
        self.calls([(name, arguments)])
    }

    /// A turn that asks for function calls in parallel.
    #[must_use]
    pub fn calls<N: Into<String>>(self, calls: impl IntoIterator<Item = (N, Value)>) -> Self {
        self.turn(Turn::new().calls(calls))
    }

    /// A turn that ends with the run failed.
    #[must_use]
    pub fn fail(self, code: FailureCode, message: impl Into<String>) -> Self {
        self.turn(Turn::new().fail(code, message))
    }

    /// A turn that writes the beginning of a message and ends with the run incomplete.
    #[must_use]
    pub fn incomplete(self, reply: impl Into<Reply>, reason: IncompleteReason) -> Self {
        self.turn(Turn::new().say(reply).incomplete(reason))
    }

    /// The next turn starts by waiting.
    #[must_use]
    pub fn wait(mut self, time: Duration) -> Self {
        self.begun = self.begun.wait(time);
        self
    }

    /// How many tokens the last turn took: of the prompt, and of what was written.
    #[must_use]
    pub fn tokens(mut self, prompt: u64, completion: u64) -> Self {
        if let Some(turn) = self.turns.last_mut() {
            turn.tokens = Some((prompt, completion));
        }
        self
    }

    /// Any turn.
    #[must_use]
    pub fn turn(mut self, mut turn: Turn) -> Self {
        let begun = std::mem::take(&mut self.begun);
        turn.steps.splice(0..0, begun.steps);
        self.turns.push(turn);
        self
    }

    /// Behind the last turn comes the first one again.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.repeats = true;
        self
    }
}

impl Model for Script {
    fn turn(&self, conversation: &Conversation) -> Turn {
        let count = self.turns.len();
        let at = match conversation.turns {
            at if self.repeats && count > 0 => at % count,
            at => at,
        };
        self.turns.get(at).cloned().unwrap_or_else(|| {
            let message = format!("The script has {count} turns, and this is turn {}.", at + 1);
            Turn::new().fail(FailureCode::ServerError, message)
        })
    }
}
