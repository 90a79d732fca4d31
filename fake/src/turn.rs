//! What an assistant does in one go: what it writes, what it calls, and how that ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One turn of an assistant: steps in the order in which they are taken, and how the run
/// goes on behind them.
///
/// A turn ends with the run completed, unless it says otherwise.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants_fake::{FailureCode, Reply, Turn};
/// use serde_json::json;
///
/// // Looks something up, thinks for a second, and answers from what it found.
/// let answer = Turn::new()
///     .search([("file-1", "prices.pdf", "A ticket is 20 euros.")])
///     .wait(Duration::from_secs(1))
///     .say(Reply::text("It is 20 euros【1】.").cite("【1】", "file-1"))
///     .tokens(120, 9);
/// // Asks for two function calls at once.
/// let calls = Turn::new().calls([("get_weather", json!({ "city": "Oslo" })), ("get_time", json!({}))]);
/// // Breaks off.
/// let failure = Turn::new().say("Well, ").fail(FailureCode::ServerError, "The model is gone.");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Turn {
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
    /// Of the prompt, and of what was written.
    pub(crate) tokens: Option<(u64, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Wait(Duration),
    Say(Reply),
    /// The code interpreter: the code, and what it printed.
    Code(String, String),
    /// File search: what was found.
    Search(Vec<Found>),
}

/// A file, and the passage in it.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) file_id: String,
    pub(crate) file_name: String,
    pub(crate) text: String,
}

/// How the run goes on behind a turn.
#[derive(Clone, Debug, Default)]
pub(crate) enum End {
    #[default]
    Completed,
    /// Function calls by name, with the text of their arguments.
    Calls(Vec<(String, String)>),
    Failed(FailureCode, String),
    Incomplete(IncompleteReason),
}

/// Why a run failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// `server_error`
    ServerError,
    /// `rate_limit_exceeded`
    RateLimitExceeded,
    /// `invalid_prompt`
    InvalidPrompt,
}

/// Why a run is incomplete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncompleteReason {
    /// `max_completion_tokens`
    MaxCompletionTokens,
    /// `max_prompt_tokens`
    MaxPromptTokens,
}

impl Turn {
    /// A turn in which nothing happens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Time passes before the next step. Add it up to more than the run may last (10
    /// minutes), and the run expires.
    #[must_use]
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push(Step::Wait(time));
        self
    }

    /// Writes a message.
    #[must_use]
    pub fn say(mut self, reply: impl Into<Reply>) -> Self {
        self.steps.push(Step::Say(reply.into()));
        self
    }

    /// Runs code in the code interpreter, with what it prints.
    #[must_use]
    pub fn run_code(mut self, code: impl Into<String>, logs: impl Into<String>) -> Self {
        self.steps.push(Step::Code(code.into(), logs.into()));
        self
    }

    /// Searches files and finds passages: the id of the file, its name, and the text.
    #[must_use]
    pub fn search<I, F, N, T>(mut self, found: I) -> Self
    where
        I: IntoIterator<Item = (F, N, T)>,
        F: Into<String>,
        N: Into<String>,
        T: Into<String>,
    {
        let found = found.into_iter().map(|(file_id, file_name, text)| Found {
            file_id: file_id.into(),
            file_name: file_name.into(),
            text: text.into(),
        });
        self.steps.push(Step::Search(found.collect()));
        self
    }

    /// Ends with function calls, all at once: the run waits for their outputs. Arguments
    /// that are a string are sent as they are, so that they need not be JSON.
    #[must_use]
    pub fn calls<N: Into<String>>(mut self, calls: impl IntoIterator<Item = (N, Value)>) -> Self {
        let calls = calls.into_iter().map(|(name, arguments)| {
            let arguments = match arguments {
                Value::String(text) => text,
                arguments => arguments.to_string(),
            };
            (name.into(), arguments)
        });
        self.end = End::Calls(calls.collect());
        self
    }

    /// Ends with the run failed. A message that came last is left incomplete.
    #[must_use]
    pub fn fail(mut self, code: FailureCode, message: impl Into<String>) -> Self {
        self.end = End::Failed(code, message.into());
        self
    }

    /// Ends with the run incomplete. A message that came last is so as well.
    #[must_use]
    pub fn incomplete(mut self, reason: IncompleteReason) -> Self {
        self.end = End::Incomplete(reason);
        self
    }

    /// How many tokens the prompt had, and how many were written. Left out, words are
    /// counted.
    #[must_use]
    pub fn tokens(mut self, prompt: u64, completion: u64) -> Self {
        self.tokens = Some((prompt, completion));
        self
    }
}

/// A message of an assistant: text with annotations, or a refusal.
///
/// A stream has it word by word, unless [`pieces`](Self::pieces) says otherwise.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::Reply;
///
/// let plain: Reply = "12 °C".into();
/// let cited = Reply::text("See 【1】.").cite("【1】", "file-1");
/// let cut_anywhere = Reply::pieces(["12", " °", "C"]);
/// let refusal = Reply::refusal("I would rather not.");
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    pub(crate) is_refusal: bool,
    pub(crate) pieces: Vec<String>,
    pub(crate) annotations: Vec<Annotation>,
}

#[derive(Clone, Debug)]
pub(crate) struct Annotation {
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    pub(crate) file_id: String,
}

impl Reply {
    /// Text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::pieces(text.as_ref().split_inclusive(' '))
    }

    /// Text that a stream has in these pieces.
    pub fn pieces<P: Into<String>>(pieces: impl IntoIterator<Item = P>) -> Self {
        Self {
            is_refusal: false,
            pieces: pieces.into_iter().map(Into::into).collect(),
            annotations: Vec::new(),
        }
    }

    /// The model does not want to answer, and says so in these words.
    pub fn refusal(text: impl AsRef<str>) -> Self {
        Self {
            is_refusal: true,
            ..Self::text(text)
        }
    }

    /// A part of the text is a citation of a file. It is marked where it stands for the
    /// first time; what is not in the text is marked at its end.
    #[must_use]
    pub fn cite(self, text: impl Into<String>, file_id: impl Into<String>) -> Self {
        self.annotated("file_citation", text.into(), file_id.into())
    }

    /// A part of the text is the path of a file that the code interpreter has made.
    #[must_use]
    pub fn path(self, text: impl Into<String>, file_id: impl Into<String>) -> Self {
        self.annotated("file_path", text.into(), file_id.into())
    }

    fn annotated(mut self, kind: &'static str, text: String, file_id: String) -> Self {
        self.annotations.push(Annotation {
            kind,
            text,
            file_id,
        });
        self
    }
}

impl<T: AsRef<str>> From<T> for Reply {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}
