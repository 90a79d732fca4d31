//! A turn of the assistant: messages, tool calls, and the resulting status of the run.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::passage::Passage;

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
    /// A call of file search with its results.
    Search(Vec<Passage>),
    /// A search of the vector stores of the run, for a text or for the last message.
    FileSearch(Option<String>),
    /// A call of a tool of an MCP server.
    Mcp(McpCall),
}

/// A call of a tool of an MCP server, and its output.
#[derive(Clone, Debug)]
pub(crate) struct McpCall {
    pub(crate) server_label: String,
    pub(crate) name: String,
    pub(crate) arguments: String,
    pub(crate) output: String,
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
        let results = results.into_iter().map(|(file_id, file_name, text)| {
            Passage::scripted(file_id.into(), file_name.into(), text.into())
        });
        self.steps.push(Step::Search(results.collect()));
        self
    }

    /// Adds a search of the vector stores of the assistant and the thread for the last message.
    ///
    /// It has no results unless the run has the tool `file_search`. The run waits until the files
    /// are indexed, but not longer than a minute.
    ///
    /// ```
    /// use openai_assistants_fake::{Reply, Turn};
    ///
    /// let quoted = Turn::new().file_search().say(Reply::found());
    /// let cited = Turn::new()
    ///     .file_search_for("price of a ticket")
    ///     .say(Reply::text("It is 20 euros.").cite_found());
    /// ```
    #[must_use]
    pub fn file_search(mut self) -> Self {
        self.steps.push(Step::FileSearch(None));
        self
    }

    /// Adds a search of the vector stores of the assistant and the thread for a text.
    #[must_use]
    pub fn file_search_for(mut self, query: impl Into<String>) -> Self {
        self.steps.push(Step::FileSearch(Some(query.into())));
        self
    }

    /// Adds a call of a tool of an MCP server: server label, name, arguments and output.
    ///
    /// For servers that speak the dialect of [`foundry`](crate::FakeBuilder::foundry). The run
    /// requires an approval, unless its `tool_resources` have `require_approval: "never"` for the
    /// server or the tool. The turn continues after it. A call that is denied has no output.
    ///
    /// If [`calls`](Self::calls) follow immediately, one required action has the call that needs an
    /// approval and the function calls.
    #[must_use]
    pub fn mcp(
        mut self,
        server_label: impl Into<String>,
        name: impl Into<String>,
        arguments: &Value,
        output: impl Into<String>,
    ) -> Self {
        self.steps.push(Step::Mcp(McpCall {
            server_label: server_label.into(),
            name: name.into(),
            arguments: arguments.to_string(),
            output: output.into(),
        }));
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
    pub(crate) found: Found,
}

/// How a reply uses the passages of the preceding file search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Found {
    #[default]
    Ignored,
    /// Marks at the end cite the passages.
    Cited,
    /// The text quotes and cites the passages.
    Quoted,
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
            found: Found::Ignored,
        }
    }

    /// Creates a message that quotes and cites the best passages of the preceding file search.
    ///
    /// It quotes at most three, by the line that matches best.
    pub fn found() -> Self {
        Self {
            found: Found::Quoted,
            ..Self::text("")
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
    /// The annotation covers the first occurrence. Without one, it is at the end of the
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

    /// Cites the passages of the preceding file search at the end of the text.
    ///
    /// Each citation is a mark such as `【4:0†prices.md】`, with an annotation.
    #[must_use]
    pub fn cite_found(mut self) -> Self {
        self.found = Found::Cited;
        self
    }

    fn annotated(mut self, kind: &'static str, text: String, file_id: String) -> Self {
        self.annotate(kind, text, file_id);
        self
    }

    pub(crate) fn annotate(&mut self, kind: &'static str, text: String, file_id: String) {
        self.annotations.push(Annotation {
            kind,
            text,
            file_id,
        });
    }
}

impl<T: AsRef<str>> From<T> for Reply {
    fn from(text: T) -> Self {
        Self::text(text)
    }
}
