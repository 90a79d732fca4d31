//! Converts a model's turn to the scheduled actions of a run.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::engine::approval;
use crate::ids::Ids;
use crate::model::conversation::Conversation;
use crate::model::passage::Passage;
use crate::model::turn::{End, IncompleteReason, McpCall, Reply, Step, Turn};
use crate::store::action::{Action, ContentDelta, ScheduledAction, Usage};

/// The token limits of a run, and its settings of MCP servers.
pub(crate) struct RunLimits {
    pub(crate) prompt: Option<u64>,
    pub(crate) completion: Option<u64>,
    /// Usage of the run's earlier turns.
    pub(crate) used: Usage,
    /// The settings of MCP servers, as in the request.
    pub(crate) mcp: Value,
}

/// Schedules the actions of a turn. The last step accounts for the usage of the whole turn.
pub(crate) fn plan(
    mut turn: Turn,
    conversation: &Conversation,
    limits: &RunLimits,
    pace: Duration,
    ids: &Ids,
) -> VecDeque<ScheduledAction> {
    let usage = apply_limits(&mut turn, conversation, limits);
    let mut planner = Planner {
        schedule: VecDeque::new(),
        delay: Duration::ZERO,
        pace,
        ids,
    };
    let is_cut_short = matches!(turn.end, End::Failed(..) | End::Incomplete(_));
    let last = turn
        .steps
        .iter()
        .rposition(|step| !matches!(step, Step::Wait(_)));
    let has_steps = last.is_some() || matches!(turn.end, End::Calls(_));
    planner.push(Action::Start {
        usage: if has_steps { Usage::default() } else { usage },
    });
    let mut functions = match &mut turn.end {
        End::Calls(calls) => Some(std::mem::take(calls)),
        _ => None,
    };
    for (index, step) in turn.steps.into_iter().enumerate() {
        let is_last = Some(index) == last;
        let step_usage = match functions {
            None if is_last => usage,
            _ => Usage::default(),
        };
        match step {
            Step::Wait(time) => planner.delay = planner.delay.saturating_add(time),
            Step::Say(reply) => planner.message(reply, step_usage, !(is_last && is_cut_short)),
            Step::Code { input, logs } => planner.code(&input, &logs, step_usage),
            Step::Search(results) => planner.search(&results, conversation, step_usage),
            Step::Mcp(call) => {
                planner.list_tools(&call);
                let is_required =
                    approval::is_required(&limits.mcp, &call.server_label, &call.name);
                match functions.take_if(|_| is_last && is_required) {
                    Some(functions) => planner.functions(Some(call), functions, usage),
                    None => planner.mcp(&call, is_required, step_usage),
                }
            }
            // Retrieval has replaced it by its results.
            Step::FileSearch(_) => {}
        }
    }
    match turn.end {
        End::Completed => planner.push(Action::Complete),
        End::Calls(_) => {
            if let Some(functions) = functions {
                planner.functions(None, functions, usage);
            }
        }
        End::Failed(code, message) => planner.push(Action::Fail {
            last_error: json!({ "code": code, "message": message }),
        }),
        End::Incomplete(reason) => planner.push(Action::MarkIncomplete {
            details: json!({ "reason": reason }),
        }),
    }
    planner.schedule
}

/// Shortens a turn to the token limits of its run, and returns its usage.
fn apply_limits(turn: &mut Turn, conversation: &Conversation, limits: &RunLimits) -> Usage {
    let (prompt, mut completion) = turn
        .tokens
        .unwrap_or_else(|| (prompt_tokens(conversation), completion_tokens(turn)));
    if let Some(limit) = limits.prompt
        && limits.used.prompt_tokens.saturating_add(prompt) > limit
    {
        *turn = Turn::new().incomplete(IncompleteReason::MaxPromptTokens);
        return Usage::default();
    }
    if let Some(limit) = limits.completion {
        let left = limit.saturating_sub(limits.used.completion_tokens);
        if completion > left {
            truncate(turn, left);
            completion = left;
        }
    }
    Usage::new(prompt, completion)
}

/// Counts words, in place of tokens.
fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn prompt_tokens(conversation: &Conversation) -> u64 {
    let messages = conversation
        .messages
        .iter()
        .map(|message| words(&message.text));
    let outputs = conversation
        .outputs
        .iter()
        .map(|output| words(&output.output));
    words(&conversation.instructions) + messages.chain(outputs).sum::<u64>()
}

fn completion_tokens(turn: &Turn) -> u64 {
    let steps = turn.steps.iter().map(|step| match step {
        Step::Wait(_) | Step::Search(_) | Step::FileSearch(_) | Step::Mcp(_) => 0,
        Step::Say(reply) => reply.pieces.len() as u64,
        Step::Code { input, .. } => words(input),
    });
    let calls = match &turn.end {
        End::Calls(calls) => calls.iter().map(|(_, arguments)| words(arguments)).sum(),
        _ => 0,
    };
    steps.sum::<u64>() + calls
}

/// Keeps this many pieces of text, and ends the turn as incomplete.
fn truncate(turn: &mut Turn, mut left: u64) {
    for step in &mut turn.steps {
        if let Step::Say(reply) = step {
            let count = (reply.pieces.len() as u64).min(left);
            left -= count;
            if count == reply.pieces.len() as u64 {
                continue;
            }
            reply
                .pieces
                .truncate(usize::try_from(count).unwrap_or(usize::MAX));
            let text = reply.pieces.concat();
            reply
                .annotations
                .retain(|annotation| text.contains(&annotation.text));
        }
    }
    turn.end = End::Incomplete(IncompleteReason::MaxCompletionTokens);
}

struct Planner<'a> {
    schedule: VecDeque<ScheduledAction>,
    /// Additional delay before the next action.
    delay: Duration,
    pace: Duration,
    ids: &'a Ids,
}

impl Planner<'_> {
    fn push(&mut self, action: Action) {
        let delay = std::mem::take(&mut self.delay).saturating_add(self.pace);
        self.schedule.push_back(ScheduledAction { delay, action });
    }

    fn message(&mut self, reply: Reply, usage: Usage, is_complete: bool) {
        let (step_id, message_id) = (self.ids.next("step"), self.ids.next("msg"));
        self.push(Action::StartMessage {
            step_id,
            message_id,
            usage,
        });
        let text = reply.pieces.concat();
        let mut pieces = reply.pieces;
        if pieces.is_empty() {
            pieces.push(String::new());
        }
        for piece in pieces {
            self.push(Action::AppendContent(if reply.is_refusal {
                ContentDelta::Refusal(piece)
            } else {
                ContentDelta::Text(piece)
            }));
        }
        if !reply.is_refusal {
            for (index, annotation) in reply.annotations.iter().enumerate() {
                let start = text.find(&annotation.text).unwrap_or(text.len());
                let start = text[..start].chars().count();
                let annotation = json!({
                    "type": annotation.kind,
                    "text": annotation.text,
                    "start_index": start,
                    "end_index": start + annotation.text.chars().count(),
                    annotation.kind: { "file_id": annotation.file_id },
                });
                let delta = ContentDelta::Annotation { index, annotation };
                self.push(Action::AppendContent(delta));
            }
        }
        if is_complete {
            self.push(Action::CompleteStep);
        }
    }

    fn tool_calls(&mut self, calls: Vec<Value>, deltas: Vec<Value>, usage: Usage) {
        let step_id = self.ids.next("step");
        self.push(Action::StartToolCalls { step_id, usage });
        self.push(Action::SetToolCalls { calls, deltas });
    }

    fn code(&mut self, input: &str, logs: &str, usage: Usage) {
        let id = self.ids.next("call");
        let outputs = match logs {
            "" => json!([]),
            logs => json!([{ "type": "logs", "logs": logs }]),
        };
        let call = json!({ "id": id, "type": "code_interpreter", "code_interpreter": { "input": input, "outputs": outputs } });
        let delta = |code: Value| json!({ "index": 0, "type": "code_interpreter", "code_interpreter": code });
        let mut first = delta(json!({ "input": "", "outputs": [] }));
        first["id"] = id.into();
        let mut deltas = vec![first];
        deltas.extend(pieces(input).map(|piece| delta(json!({ "input": piece }))));
        if !logs.is_empty() {
            deltas.push(delta(
                json!({ "outputs": [{ "index": 0, "type": "logs", "logs": logs }] }),
            ));
        }
        self.tool_calls(vec![call], deltas, usage);
        self.push(Action::CompleteStep);
    }

    fn search(&mut self, results: &[Passage], conversation: &Conversation, usage: Usage) {
        let id = self.ids.next("call");
        let results = results.iter().map(|result| {
            json!({
                "file_id": result.file_id,
                "file_name": result.file_name,
                "score": result.score,
                "attributes": result.attributes,
                "content": [{ "type": "text", "text": result.text }],
            })
        });
        let mut tools = conversation.tools.iter();
        let tool = tools.find(|tool| tool["type"] == "file_search");
        let threshold = tool.map(|tool| &tool["file_search"]["ranking_options"]["score_threshold"]);
        let threshold = threshold.and_then(Value::as_f64).unwrap_or_default();
        let search = json!({
            "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": threshold },
            "results": results.collect::<Vec<_>>(),
        });
        let call = json!({ "id": id, "type": "file_search", "file_search": search });
        let delta = json!({ "index": 0, "id": id, "type": "file_search", "file_search": {} });
        self.tool_calls(vec![call], vec![delta], usage);
        self.push(Action::CompleteStep);
    }

    /// Lists the tools of the server of a call.
    fn list_tools(&mut self, call: &McpCall) {
        let tool = json!({ "parameters": { "type": "object", "properties": {} } });
        let activity = json!({
            "type": "mcp_list_tools",
            "id": self.ids.next("mcpl"),
            "server_label": call.server_label,
            "tools": { (call.name.as_str()): tool },
        });
        let step_id = self.ids.next("step");
        self.push(Action::StartActivities {
            step_id,
            activities: json!([activity]),
        });
        self.push(Action::CompleteStep);
    }

    /// Calls a tool of an MCP server, after an approval if it is required.
    fn mcp(&mut self, call: &McpCall, is_required: bool, usage: Usage) {
        let (id, first) = self.mcp_call(call);
        let mut delta = first.clone();
        delta["index"] = 0.into();
        self.tool_calls(vec![first], vec![delta], usage);
        if is_required {
            self.push(Action::Block);
        }
        let output = call.output.clone();
        self.push(Action::SetOutput { id, output });
        self.push(Action::CompleteStep);
    }

    /// The ID of a call of an MCP server, and the call without output.
    fn mcp_call(&self, call: &McpCall) -> (String, Value) {
        let id = self.ids.next("call");
        let object = json!({
            "id": id,
            "type": "mcp",
            "server_label": call.server_label,
            "name": call.name,
            "arguments": call.arguments,
            "output": "",
        });
        (id, object)
    }

    /// Requires the outputs of functions, and the approval of a call of an MCP server.
    fn functions(&mut self, mcp: Option<McpCall>, functions: Vec<(String, String)>, usage: Usage) {
        let mut calls = Vec::new();
        let mut deltas = Vec::new();
        let mut approved = None;
        if let Some(mcp) = mcp {
            let (id, call) = self.mcp_call(&mcp);
            let mut delta = call.clone();
            delta["index"] = 0.into();
            calls.push(call);
            deltas.push(delta);
            let output = mcp.output;
            approved = Some(Action::SetOutput { id, output });
        }
        for (name, arguments) in functions {
            let (index, id) = (calls.len(), self.ids.next("call"));
            deltas.push(json!({
                "index": index,
                "id": id,
                "type": "function",
                "function": { "name": name, "arguments": "", "output": null },
            }));
            deltas.extend(pieces(&arguments).map(|piece| {
                json!({ "index": index, "type": "function", "function": { "arguments": piece } })
            }));
            calls.push(json!({
                "id": id,
                "type": "function",
                "function": { "name": name, "arguments": arguments, "output": null },
            }));
        }
        self.tool_calls(calls, deltas, usage);
        self.push(Action::Block);
        approved.into_iter().for_each(|action| self.push(action));
    }
}

/// Splits a text into pieces of a few characters, as a model streams it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const CHARACTERS: usize = 8;
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest
            .char_indices()
            .nth(CHARACTERS)
            .map_or(rest.len(), |(index, _)| index);
        let (piece, remainder) = rest.split_at(end);
        rest = remainder;
        (!piece.is_empty()).then_some(piece)
    })
}
