//! A turn of the assistant: messages, tool calls, and the resulting status of the run.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A turn of the assistant: a sequence of steps, and how it ends.
///
/// After a turn the run is completed, unless the turn ends with [`calls`](Self::calls),
/// [`fail`](Self::fail) or [`incomplete`](Self::incomplete).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants_fake::{FailureCode, Reply, Turn};
/// use serde_json::json;
///
/// // Searches files, waits for a second, and replies with a citation.
/// let reply = Turn::new()
///     .search([("file-1", "prices.pdf", "A ticket is 20 euros.")])
///     .wait(Duration::from_secs(1))
///     .say(Reply::text("It is 20 euros【1】.").cite("【1】", "file-1"))
///     .tokens(120, 9);
/// // Calls two functions in parallel.
/// let calls = Turn::new().calls([("get_weather", json!({ "city": "Oslo" })), ("get_time", json!({}))]);
/// // Fails in the middle of a message.
/// let failure = Turn::new().say("Well, ").fail(FailureCode::ServerError, "The model is gone.");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Turn {
    pub(crate) steps: Vec<Step>,
    pub(crate) end: End,
    /// Prompt and completion tokens.
    pub(crate) tokens: Option<(u64, u64)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Wait(Duration),
    Say(Reply),
    /// A call of the code interpreter.
    Code {
        input: String,
        logs: String,
    },
    /// A call of file search.
    Search(Vec<SearchResult>),
}

/// A passage that file search returns.
#[derive(Clone, Debug)]
pub(crate) struct SearchResult {
    pub(crate) file_id: String,
    pub(crate) file_name: String,
    pub(crate) text: String,
}

/// How a turn ends.
#[derive(Clone, Debug, Default)]
pub(crate) enum End {
    #[default]
    Completed,
    /// Function calls: names, and arguments as text.
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
    /// Creates a turn without steps.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits before the next step.
    ///
    /// The run expires if the turn takes longer than its lifetime, 10 minutes by default.
    #[must_use]
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push(Step::Wait(time));
        self
    }

    /// Adds a message.
    #[must_use]
    pub fn say(mut self, reply: impl Into<Reply>) -> Self {
        self.steps.push(Step::Say(reply.into()));
        self
    }

    /// Adds a call of the code interpreter: the code, and its output.
    #[must_use]
    pub fn run_code(mut self, code: impl Into<String>, logs: impl Into<String>) -> Self {
        let (input, logs) = (code.into(), logs.into());
        self.steps.push(Step::Code { input, logs });
        self
    }

    /// Adds a file search with its results: file ID, file name and text.
    #[must_use]
    pub fn search<I, F, N, T>(mut self, results: I) -> Self
    where
        I: IntoIterator<Item = (F, N, T)>,
        F: Into<String>,
        N: Into<String>,
        T: Into<String>,
    {
        let results = results
            .into_iter()
            .map(|(file_id, file_name, text)| SearchResult {
                file_id: file_id.into(),
                file_name: file_name.into(),
                text: text.into(),
            });
        self.steps.push(Step::Search(results.collect()));
        self
    }

    /// Ends the turn with parallel function calls; the run requires their outputs.
    ///
    /// Arguments that are a JSON string are sent verbatim, so they can be invalid JSON.
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

    /// Fails the run. A message in the last step becomes incomplete.
    #[must_use]
    pub fn fail(mut self, code: FailureCode, message: impl Into<String>) -> Self {
        self.end = End::Failed(code, message.into());
        self
    }

    /// Ends the run as incomplete, and a message in the last step too.
    #[must_use]
    pub fn incomplete(mut self, reason: IncompleteReason) -> Self {
        self.end = End::Incomplete(reason);
        self
    }

    /// Sets the prompt and completion tokens of the turn. By default, words are counted.
    #[must_use]
    pub fn tokens(mut self, prompt: u64, completion: u64) -> Self {
        self.tokens = Some((prompt, completion));
        self
    }
}

/// A message of the assistant: text with annotations, or a refusal.
///
/// It is streamed word by word, unless [`pieces`](Self::pieces) splits it.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::Reply;
///
/// let plain: Reply = "12 °C".into();
/// let cited = Reply::text("See 【1】.").cite("【1】", "file-1");
/// let split = Reply::pieces(["12", " °", "C"]);
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
    /// Creates a message of text.
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::pieces(text.as_ref().split_inclusive(' '))
    }

    /// Creates a message of text that is streamed in these pieces.
    pub fn pieces<P: Into<String>>(pieces: impl IntoIterator<Item = P>) -> Self {
        Self {
            is_refusal: false,
            pieces: pieces.into_iter().map(Into::into).collect(),
            annotations: Vec::new(),
        }
    }

    /// Creates a refusal with this text.
    pub fn refusal(text: impl AsRef<str>) -> Self {
        Self {
            is_refusal: true,
            ..Self::text(text)
        }
    }

    /// Annotates a part of the text as a citation of a file.
    ///
    /// The annotation covers the first occurrence. If there is none, it is at the end of the
    /// text.
    #[must_use]
    pub fn cite(self, text: impl Into<String>, file_id: impl Into<String>) -> Self {
        self.annotated("file_citation", text.into(), file_id.into())
    }

    /// Annotates a part of the text as the path of a generated file.
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
