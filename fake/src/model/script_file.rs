//! Parses scripts from JSON.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::model::script::Script;
use crate::model::turn::{FailureCode, IncompleteReason, Reply, Turn};

/// An invalid JSON script. Reports the reason with line and column.
#[derive(Debug)]
pub struct ScriptError(serde_json::Error);

impl std::fmt::Display for ScriptError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "invalid script: {}", self.0)
    }
}

impl std::error::Error for ScriptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    turns: Vec<TurnEntry>,
    #[serde(default)]
    repeat: bool,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TurnEntry {
    wait_ms: u64,
    search: Option<Vec<SearchResultEntry>>,
    file_search: Option<FileSearchEntry>,
    code: Option<CodeEntry>,
    mcp: Vec<McpEntry>,
    say: Option<Text>,
    cite: Vec<AnnotationEntry>,
    path: Vec<AnnotationEntry>,
    refuse: Option<String>,
    calls: Option<Vec<CallEntry>>,
    fail: Option<FailureEntry>,
    incomplete: Option<IncompleteReason>,
    tokens: Option<TokensEntry>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`say` takes a string or a list of strings")]
enum Text {
    Whole(String),
    Pieces(Vec<String>),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`file_search` takes a string or `true`")]
enum FileSearchEntry {
    Query(String),
    /// Whether to search for the last message.
    Is(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchResultEntry {
    file_id: String,
    file_name: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeEntry {
    input: String,
    logs: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct McpEntry {
    server: String,
    name: String,
    arguments: Value,
    output: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnotationEntry {
    text: String,
    file_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallEntry {
    name: String,
    arguments: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureEntry {
    code: FailureCode,
    message: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokensEntry {
    prompt: u64,
    completion: u64,
}

impl From<TurnEntry> for Turn {
    fn from(entry: TurnEntry) -> Self {
        let mut turn = Turn::new();
        if entry.wait_ms > 0 {
            turn = turn.wait(Duration::from_millis(entry.wait_ms));
        }
        if let Some(results) = entry.search {
            turn = turn.search(
                results
                    .into_iter()
                    .map(|result| (result.file_id, result.file_name, result.text)),
            );
        }
        let searches = match entry.file_search {
            Some(FileSearchEntry::Query(query)) => {
                turn = turn.file_search_for(query);
                true
            }
            Some(FileSearchEntry::Is(true)) => {
                turn = turn.file_search();
                true
            }
            _ => false,
        };
        if let Some(code) = entry.code {
            turn = turn.run_code(code.input, code.logs);
        }
        for call in entry.mcp {
            turn = turn.mcp(call.server, call.name, &call.arguments, call.output);
        }
        if let Some(text) = entry.say {
            let mut reply = match text {
                Text::Whole(text) => Reply::text(text),
                Text::Pieces(pieces) => Reply::pieces(pieces),
            };
            for citation in entry.cite {
                reply = reply.cite(citation.text, citation.file_id);
            }
            for path in entry.path {
                reply = reply.path(path.text, path.file_id);
            }
            turn = turn.say(if searches { reply.cite_found() } else { reply });
        } else if searches && entry.refuse.is_none() && entry.calls.is_none() {
            turn = turn.say(Reply::found());
        }
        if let Some(text) = entry.refuse {
            turn = turn.say(Reply::refusal(text));
        }
        if let Some(calls) = entry.calls {
            turn = turn.calls(calls.into_iter().map(|call| (call.name, call.arguments)));
        }
        if let Some(failure) = entry.fail {
            turn = turn.fail(failure.code, failure.message);
        }
        if let Some(reason) = entry.incomplete {
            turn = turn.incomplete(reason);
        }
        if let Some(tokens) = entry.tokens {
            turn = turn.tokens(tokens.prompt, tokens.completion);
        }
        turn
    }
}

/// Parses a script from JSON. The README of this crate describes the format.
///
/// # Examples
///
/// ```
/// use openai_assistants_fake::Script;
///
/// let script: Script = r#"{
///     "turns": [
///         { "say": "Hello" },
///         { "calls": [{ "name": "get_weather", "arguments": { "city": "Oslo" } }] },
///         { "wait_ms": 500, "say": "12 °C", "tokens": { "prompt": 20, "completion": 3 } }
///     ]
/// }"#.parse()?;
/// # Ok::<(), openai_assistants_fake::ScriptError>(())
/// ```
impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let document: Document = serde_json::from_str(text).map_err(ScriptError)?;
        let turns = document.turns.into_iter().map(Turn::from);
        let script = turns.fold(Script::new(), Script::turn);
        Ok(if document.repeat {
            script.repeat()
        } else {
            script
        })
    }
}
