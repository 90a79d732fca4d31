//! Accumulates events into the run, its messages, steps and tool calls.

use std::collections::{HashMap, HashSet};
use std::mem;

use serde::Deserialize as _;

use crate::error::core::{Error, Result};
use crate::json::merge::{Empty, Holes, Indexed, Merge, TooFar};
use crate::run::outcome::RunOutcome;
use crate::run::reported::reported_run;
use crate::run::required_action::pending_tool_calls;
use crate::run::tool_call::ToolCall;
use crate::sse::status::{is_stale, is_terminal, is_terminal_or_blocked};
use crate::types::{
    AssistantStreamEvent, MessageObject, RunObject, RunStepDetails,
    RunStepDetailsToolCallsFunctionObject, RunStepObject, RunStepToolCall, RunToolCall,
    ThreadObject,
};

/// The objects of a run according to the events so far.
pub(crate) struct Snapshots {
    pub(crate) thread: Option<ThreadObject>,
    pub(crate) run: Option<RunObject>,
    /// Why there are no steps, if they were requested and the server has none.
    pub(crate) steps_unavailable: Option<String>,
    messages: Accumulated<MessageObject>,
    steps: Accumulated<RunStepObject>,
    /// Complete tool calls that were not taken yet.
    calls: Vec<ToolCall>,
    holes: Holes,
    max_missing: usize,
    /// The calls of the current round.
    pending: HashSet<String>,
    /// The runs and IDs of pending calls that are complete again with their step.
    reported: HashSet<(String, String)>,
    /// The calls of all final steps, by step ID and identity.
    executed: HashSet<(String, String)>,
}

impl Snapshots {
    /// Creates snapshots of lists in which this many items may be missing.
    pub(crate) fn new(max_missing: usize) -> Self {
        Self {
            thread: None,
            run: None,
            steps_unavailable: None,
            messages: Accumulated::default(),
            steps: Accumulated::default(),
            calls: Vec::new(),
            holes: Holes::new(max_missing),
            max_missing,
            pending: HashSet::new(),
            reported: HashSet::new(),
            executed: HashSet::new(),
        }
    }

    /// Adds an event.
    pub(crate) fn add(&mut self, event: &AssistantStreamEvent) -> Result<()> {
        if let Some(delta) = event.message_delta() {
            let mut parts = delta.delta.content.iter().flatten();
            let starts_at = parts.next().and_then(Indexed::index);
            self.messages
                .merge(&delta.id, starts_at, delta, &mut self.holes)
                .map_err(|too_far| self.error(too_far))
        } else if let Some(delta) = event.run_step_delta() {
            self.steps
                .merge(&delta.id, None, delta, &mut self.holes)
                .map_err(|too_far| self.error(too_far))
        } else {
            let name = event.event();
            let is_final = is_final(name);
            if let Some(message) = event.message() {
                // open-assistant-api reports usage in an empty message without a thread, under an ID
                // of its own.
                let is_report = message.thread_id.is_empty()
                    && message.content.is_empty()
                    && !self.messages.items.is_empty()
                    && !self.messages.positions.contains_key(&message.id);
                if !is_report || name.ends_with(".created") {
                    self.messages.set(&message.id, message, name);
                }
            } else if let Some(step) = event.run_step() {
                self.steps.set(&step.id, step, name);
                if is_final {
                    self.add_executed_calls(step);
                }
            } else if let Some(run) = reported_run(event) {
                self.add_pending_calls(&run);
                let was_terminal = self
                    .run
                    .as_ref()
                    .is_some_and(|known| known.id == run.id && is_terminal(known.status.as_str()));
                if !is_stale(was_terminal, run.status.as_str()) {
                    self.run = Some(run.into_owned());
                }
            } else if let Some(thread) = event.thread() {
                self.thread = Some(thread.clone());
            }
            Ok(())
        }
    }

    pub(crate) fn messages(&self) -> &[MessageObject] {
        &self.messages.items
    }

    pub(crate) fn steps(&self) -> &[RunStepObject] {
        &self.steps.items
    }

    pub(crate) fn take_tool_calls(&mut self) -> Vec<ToolCall> {
        mem::take(&mut self.calls)
    }

    /// Returns the outcome. It is an error if the run is neither terminal nor blocked.
    pub(crate) fn into_outcome(self) -> Result<RunOutcome> {
        let Some(run) = self.run else {
            let thread_id = self.thread.as_ref().map(|thread| thread.id.as_str());
            return Err(Error::stream_ended().in_run(thread_id, None));
        };
        if !is_terminal_or_blocked(run.status.as_str()) {
            return Err(Error::stream_ended().in_run(Some(&run.thread_id), Some(&run.id)));
        }
        Ok(RunOutcome {
            run,
            messages: self.messages.into_items(),
            steps: self.steps.items,
            steps_unavailable: self.steps_unavailable,
            decode_errors: Vec::new(),
        })
    }

    /// Adds the calls that require outputs. A run that requires action contains them in full.
    fn add_pending_calls(&mut self, run: &RunObject) {
        let pending = pending_tool_calls(run);
        if pending.is_empty() {
            // Some servers reuse the IDs of calls in each round.
            self.pending.clear();
            return;
        }
        let mut new: Vec<_> = pending.iter().map(step_call).collect();
        new.retain(|call| self.pending.insert(identity(call)));
        if new.is_empty() {
            return;
        }
        let ids = new
            .iter()
            .filter(|call| !matches!(call, RunStepToolCall::Function(_)));
        let ids = ids.filter_map(RunStepToolCall::id);
        let ids = ids.map(|id| (run.id.clone(), id.to_owned()));
        self.reported.extend(ids);
        let steps = self.step_ids();
        let calls = new.into_iter().map(|call| ToolCall {
            run_id: run.id.clone(),
            thread_id: run.thread_id.clone(),
            step_id: call.id().and_then(|id| steps.get(id).cloned()),
            call,
        });
        self.calls.extend(calls);
    }

    /// Adds the calls that the server executed. They are complete with their step.
    fn add_executed_calls(&mut self, step: &RunStepObject) {
        for call in calls_of(step) {
            let id = call.id().map(str::to_owned);
            let key = id.map(|id| (step.run_id.clone(), id));
            if !matches!(call, RunStepToolCall::Function(_))
                && self.executed.insert((step.id.clone(), identity(call)))
                && !key.is_some_and(|key| self.reported.remove(&key))
            {
                self.calls.push(ToolCall {
                    run_id: step.run_id.clone(),
                    thread_id: step.thread_id.clone(),
                    step_id: Some(step.id.clone()),
                    call: call.clone(),
                });
            }
        }
    }

    /// Maps the ID of each call to the ID of its step.
    fn step_ids(&self) -> HashMap<String, String> {
        let steps = self.steps.items.iter();
        let calls = steps.flat_map(|step| calls_of(step).iter().map(move |call| (call, &step.id)));
        calls
            .filter_map(|(call, step)| Some((call.id()?.to_owned(), step.clone())))
            .collect()
    }

    fn error(&self, too_far: TooFar) -> Error {
        let run = self.run.as_ref();
        Error::index_out_of_range(too_far.index, too_far.length, self.max_missing).in_run(
            run.map(|run| run.thread_id.as_str()),
            run.map(|run| run.id.as_str()),
        )
    }
}

/// Converts a pending call to the type of the calls in steps.
fn step_call(pending: &RunToolCall) -> RunStepToolCall {
    match pending {
        RunToolCall::Function(pending) => {
            let mut call = RunStepDetailsToolCallsFunctionObject::empty();
            call.id.clone_from(&pending.id);
            call.function.name.clone_from(&pending.function.name);
            call.function
                .arguments
                .clone_from(&pending.function.arguments);
            RunStepToolCall::Function(call)
        }
        // Calls of other kinds have the same properties in steps.
        other => {
            let json = serde_json::to_value(other).unwrap_or_default();
            RunStepToolCall::deserialize(&json).unwrap_or(RunStepToolCall::Unknown(json))
        }
    }
}

/// Identifies a call by its content, as some servers assign no unique IDs.
fn identity(call: &RunStepToolCall) -> String {
    serde_json::to_string(call).unwrap_or_default()
}

fn calls_of(step: &RunStepObject) -> &[RunStepToolCall] {
    match &step.step_details {
        RunStepDetails::ToolCalls(details) => &details.tool_calls,
        _ => &[],
    }
}

/// Whether this is the last event of its object.
fn is_final(event: &str) -> bool {
    let status = event.rsplit('.').next();
    matches!(
        status,
        Some("completed" | "incomplete" | "failed" | "cancelled" | "expired")
    )
}

/// Objects by ID, in the order in which they appeared.
struct Accumulated<T> {
    items: Vec<T>,
    sources: Vec<Source>,
    /// Whether an object was created or completed by an event.
    is_known: Vec<bool>,
    positions: HashMap<String, usize>,
    /// The object of the last delta: its ID and position. Most deltas are of the same one.
    last: Option<(String, usize)>,
}

/// The source of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The last event.
    Event,
    /// Deltas. A later event with an unfinished object does not replace them, because it usually
    /// lacks their content: it is late, or the server sends the object as it was created.
    Deltas,
    /// The final event. Later events do not change it.
    Final,
}

impl<T> Default for Accumulated<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            sources: Vec::new(),
            is_known: Vec::new(),
            positions: HashMap::new(),
            last: None,
        }
    }
}

impl<T: Empty + Clone> Accumulated<T> {
    /// Adds the object of an event with this name.
    fn set(&mut self, id: &str, item: &T, event: &str) {
        let at = self.position(id);
        let (is_created, is_final) = (event.ends_with(".created"), is_final(event));
        let was_known = self.is_known[at];
        self.is_known[at] |= is_created || is_final;
        self.sources[at] = match self.sources[at] {
            _ if is_final => Source::Final,
            // A stream that is replayed starts anew. A first `created` may be late.
            Source::Deltas if is_created && was_known => Source::Event,
            source => source,
        };
        if is_final || self.sources[at] == Source::Event {
            self.items[at] = item.clone();
        }
    }

    /// Returns the objects. Some servers send each delta under an ID of its own:
    /// what was neither created nor completed gives way to what was completed.
    fn into_items(self) -> Vec<T> {
        let has_final = self.sources.contains(&Source::Final);
        let items = self.items.into_iter().zip(self.is_known);
        items
            .filter_map(|(item, is_known)| (is_known || !has_final).then_some(item))
            .collect()
    }

    /// Merges a delta, whose first part has this index.
    ///
    /// Some servers send each delta of a message under an ID of its own: one that is new and does
    /// not start at index 0 continues the object of the delta before, unless an event announced it.
    fn merge<D>(
        &mut self,
        id: &str,
        starts_at: Option<i128>,
        delta: &D,
        holes: &mut Holes,
    ) -> Result<(), TooFar>
    where
        T: Merge<D>,
    {
        let is_continued = |at: usize| {
            !self.is_known[at] && starts_at > Some(0) && !self.positions.contains_key(id)
        };
        let at = match &self.last {
            Some((last, at)) if last == id || is_continued(*at) => *at,
            _ => {
                let at = self.position(id);
                self.last = Some((id.to_owned(), at));
                at
            }
        };
        if self.sources[at] == Source::Final {
            return Ok(());
        }
        self.sources[at] = Source::Deltas;
        self.items[at].merge(delta, holes)
    }

    /// Returns the position of the object with this ID. Adds an empty object if it is unknown.
    fn position(&mut self, id: &str) -> usize {
        if let Some(at) = self.positions.get(id) {
            return *at;
        }
        let at = self.items.len();
        self.positions.insert(id.to_owned(), at);
        self.items.push(T::empty());
        self.sources.push(Source::Event);
        self.is_known.push(false);
        at
    }
}
