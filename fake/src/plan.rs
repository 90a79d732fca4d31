//! From a turn to what happens one by one.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::ids::Ids;
use crate::model::Conversation;
use crate::run::Usage;
use crate::turn::{End, FailureCode, Found, IncompleteReason, Reply, Step, Turn};

/// Something that happens this long after what comes before it.
pub(crate) struct Planned {
    pub(crate) after: Duration,
    pub(crate) action: Action,
}

pub(crate) enum Action {
    /// The run is in progress. A turn without steps takes this much.
    Begin {
        cost: Usage,
    },
    /// A step begins that writes a message.
    OpenMessage {
        step: String,
        message: String,
        cost: Usage,
    },
    Write(Piece),
    /// A step begins that makes calls.
    OpenCalls {
        step: String,
        cost: Usage,
    },
    /// The calls are made: as they stand in the step, and as a stream tells of them.
    Call {
        calls: Vec<Value>,
        deltas: Vec<Value>,
    },
    /// The step is done, and its message as well.
    Close,
    AwaitOutputs,
    Complete,
    Fail(FailureCode, String),
    BreakOff(IncompleteReason),
    Cancel,
}

/// What is new in a message.
#[derive(Clone)]
pub(crate) enum Piece {
    Text(String),
    Refusal(String),
    /// With its index in the list.
    Annotation(usize, Value),
}

/// What limits a turn.
pub(crate) struct Limits {
    pub(crate) prompt: Option<u64>,
    pub(crate) completion: Option<u64>,
    /// What earlier turns of the run took.
    pub(crate) used: Usage,
}

/// What happens in a turn. What the turn takes is charged by its last step.
pub(crate) fn plan(
    mut turn: Turn,
    conversation: &Conversation,
    limits: &Limits,
    pace: Duration,
    ids: &Ids,
) -> VecDeque<Planned> {
    let usage = limited(&mut turn, conversation, limits);
    let mut planner = Planner {
        plan: VecDeque::new(),
        wait: Duration::ZERO,
        pace,
        ids,
    };
    let breaks_off = matches!(turn.end, End::Failed(..) | End::Incomplete(_));
    let last = turn
        .steps
        .iter()
        .rposition(|step| !matches!(step, Step::Wait(_)));
    let has_steps = last.is_some() || matches!(turn.end, End::Calls(_));
    planner.push(Action::Begin {
        cost: if has_steps { Usage::default() } else { usage },
    });
    for (at, step) in turn.steps.into_iter().enumerate() {
        let is_last = Some(at) == last;
        let cost = match turn.end {
            End::Calls(_) => Usage::default(),
            _ if is_last => usage,
            _ => Usage::default(),
        };
        match step {
            Step::Wait(time) => planner.wait = planner.wait.saturating_add(time),
            Step::Say(reply) => planner.message(reply, cost, !(is_last && breaks_off)),
            Step::Code(code, logs) => planner.code(&code, &logs, cost),
            Step::Search(found) => planner.search(&found, cost),
        }
    }
    match turn.end {
        End::Completed => planner.push(Action::Complete),
        End::Calls(calls) => planner.functions(calls, usage),
        End::Failed(code, message) => planner.push(Action::Fail(code, message)),
        End::Incomplete(reason) => planner.push(Action::BreakOff(reason)),
    }
    planner.plan
}

/// Keeps a turn within the limits of its run, and counts what it takes.
fn limited(turn: &mut Turn, conversation: &Conversation, limits: &Limits) -> Usage {
    let (prompt, mut completion) = turn
        .tokens
        .unwrap_or_else(|| (asked(conversation), written(turn)));
    if let Some(limit) = limits.prompt
        && limits.used.prompt_tokens.saturating_add(prompt) > limit
    {
        *turn = Turn::new().incomplete(IncompleteReason::MaxPromptTokens);
        return Usage::default();
    }
    if let Some(limit) = limits.completion {
        let left = limit.saturating_sub(limits.used.completion_tokens);
        if completion > left {
            cut(turn, left);
            completion = left;
        }
    }
    Usage::new(prompt, completion)
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn asked(conversation: &Conversation) -> u64 {
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

fn written(turn: &Turn) -> u64 {
    let steps = turn.steps.iter().map(|step| match step {
        Step::Wait(_) | Step::Search(_) => 0,
        Step::Say(reply) => reply.pieces.len() as u64,
        Step::Code(code, _) => words(code),
    });
    let calls = match &turn.end {
        End::Calls(calls) => calls.iter().map(|(_, arguments)| words(arguments)).sum(),
        _ => 0,
    };
    steps.sum::<u64>() + calls
}

/// Leaves this many pieces of what a turn writes. There is no next step for it.
fn cut(turn: &mut Turn, mut left: u64) {
    for step in &mut turn.steps {
        if let Step::Say(reply) = step {
            let count = (reply.pieces.len() as u64).min(left);
            reply
                .pieces
                .truncate(usize::try_from(count).unwrap_or(usize::MAX));
            left -= count;
        }
    }
    turn.end = End::Incomplete(IncompleteReason::MaxCompletionTokens);
}

struct Planner<'a> {
    plan: VecDeque<Planned>,
    /// What is to pass before the next action.
    wait: Duration,
    pace: Duration,
    ids: &'a Ids,
}

impl Planner<'_> {
    fn push(&mut self, action: Action) {
        let after = std::mem::take(&mut self.wait).saturating_add(self.pace);
        self.plan.push_back(Planned { after, action });
    }

    fn message(&mut self, reply: Reply, cost: Usage, is_whole: bool) {
        let (step, message) = (self.ids.next("step"), self.ids.next("msg"));
        self.push(Action::OpenMessage {
            step,
            message,
            cost,
        });
        let text = reply.pieces.concat();
        let mut pieces = reply.pieces;
        if pieces.is_empty() {
            pieces.push(String::new());
        }
        for piece in pieces {
            self.push(Action::Write(if reply.is_refusal {
                Piece::Refusal(piece)
            } else {
                Piece::Text(piece)
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
                self.push(Action::Write(Piece::Annotation(index, annotation)));
            }
        }
        if is_whole {
            self.push(Action::Close);
        }
    }

    fn calls(&mut self, calls: Vec<Value>, deltas: Vec<Value>, cost: Usage) {
        let step = self.ids.next("step");
        self.push(Action::OpenCalls { step, cost });
        self.push(Action::Call { calls, deltas });
    }

    fn code(&mut self, code: &str, logs: &str, cost: Usage) {
        let id = self.ids.next("call");
        let outputs = match logs {
            "" => json!([]),
            logs => json!([{ "type": "logs", "logs": logs }]),
        };
        let call = json!({ "id": id, "type": "code_interpreter", "code_interpreter": { "input": code, "outputs": outputs } });
        let delta = |what: Value| json!({ "index": 0, "type": "code_interpreter", "code_interpreter": what });
        let mut first = delta(json!({ "input": "", "outputs": [] }));
        first["id"] = id.into();
        let mut deltas = vec![first];
        deltas.extend(pieces(code).map(|piece| delta(json!({ "input": piece }))));
        if !logs.is_empty() {
            deltas.push(delta(
                json!({ "outputs": [{ "index": 0, "type": "logs", "logs": logs }] }),
            ));
        }
        self.calls(vec![call], deltas, cost);
        self.push(Action::Close);
    }

    fn search(&mut self, found: &[Found], cost: Usage) {
        let id = self.ids.next("call");
        let results = found.iter().map(|found| {
            json!({
                "file_id": found.file_id,
                "file_name": found.file_name,
                "score": 0.9,
                "content": [{ "type": "text", "text": found.text }],
            })
        });
        let search = json!({
            "ranking_options": { "ranker": "default_2024_08_21", "score_threshold": 0.0 },
            "results": results.collect::<Vec<_>>(),
        });
        let call = json!({ "id": id, "type": "file_search", "file_search": search });
        let delta = json!({ "index": 0, "id": id, "type": "file_search", "file_search": {} });
        self.calls(vec![call], vec![delta], cost);
        self.push(Action::Close);
    }

    fn functions(&mut self, functions: Vec<(String, String)>, cost: Usage) {
        let mut calls = Vec::new();
        let mut deltas = Vec::new();
        for (index, (name, arguments)) in functions.into_iter().enumerate() {
            let id = self.ids.next("call");
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
        self.calls(calls, deltas, cost);
        self.push(Action::AwaitOutputs);
    }
}

/// A text as a model writes it: a few characters at a time.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    const CHARACTERS: usize = 8;
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest
            .char_indices()
            .nth(CHARACTERS)
            .map_or(rest.len(), |(at, _)| at);
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}
