//! What a run has written and done, put together from the events of its stream.

use std::collections::{HashMap, HashSet};
use std::mem;

use crate::delta::{Empty, Holes, Merge, TooFar};
use crate::error::{Error, Result};
use crate::run::outcome::RunOutcome;
use crate::run::tool_call::ToolCall;
use crate::run::{is_at_rest, is_late, is_terminal, waiting_calls};
use crate::types::{
    AssistantStreamEvent, MessageObject, RunObject, RunStepDetails,
    RunStepDetailsToolCallsFunctionObject, RunStepObject, RunStepToolCall, RunToolCall,
    ThreadObject,
};

/// The objects of a run as its events have told of them so far.
#[derive(Default)]
pub(crate) struct Snapshots {
    pub(crate) thread: Option<ThreadObject>,
    pub(crate) run: Option<RunObject>,
    messages: Growing<MessageObject>,
    steps: Growing<RunStepObject>,
    /// Calls that are complete and were not taken yet.
    calls: Vec<ToolCall>,
    holes: Holes,
    /// The calls of this round.
    asked: HashSet<String>,
    /// The calls of all steps that have ended.
    answered: HashSet<(String, String)>,
}

impl Snapshots {
    /// Adds what the event tells.
    pub(crate) fn add(&mut self, event: &AssistantStreamEvent) -> Result<()> {
        let is_final = is_final(event.event());
        if let Some(delta) = event.message_delta() {
            self.messages
                .grow(&delta.id, delta, &mut self.holes)
                .map_err(|far| self.error(far))
        } else if let Some(delta) = event.run_step_delta() {
            self.steps
                .grow(&delta.id, delta, &mut self.holes)
                .map_err(|far| self.error(far))
        } else {
            if let Some(message) = event.message() {
                // open-assistant-api tells of usage by a message that says nothing and is in no thread.
                if !(message.thread_id.is_empty() && message.content.is_empty()) {
                    self.messages.set(&message.id, message, is_final);
                }
            } else if let Some(step) = event.run_step() {
                self.steps.set(&step.id, step, is_final);
                if is_final {
                    self.calls_of_step(step);
                }
            } else if let Some(run) = event.run() {
                self.calls_of_run(run);
                let is_over = self
                    .run
                    .as_ref()
                    .is_some_and(|known| known.id == run.id && is_terminal(known.status.as_str()));
                if !is_late(is_over, run.status.as_str()) {
                    self.run = Some(run.clone());
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

    /// What has come of the run; an error if that is not known.
    pub(crate) fn into_outcome(self) -> Result<RunOutcome> {
        let Some(run) = self.run else {
            let thread_id = self.thread.as_ref().map(|thread| thread.id.as_str());
            return Err(Error::ended_early().in_run(thread_id, None));
        };
        if !is_at_rest(run.status.as_str()) {
            return Err(Error::ended_early().in_run(Some(&run.thread_id), Some(&run.id)));
        }
        Ok(RunOutcome {
            run,
            messages: self.messages.items,
            steps: self.steps.items,
        })
    }

    /// The calls that wait for an output: a run that requires action has them whole.
    fn calls_of_run(&mut self, run: &RunObject) {
        let asked = waiting_calls(run);
        if asked.is_empty() {
            // Servers exist that number the calls of each round anew.
            self.asked.clear();
            return;
        }
        let mut new: Vec<_> = asked.iter().map(in_step).collect();
        new.retain(|call| self.asked.insert(identity(call)));
        if new.is_empty() {
            return;
        }
        let steps = self.steps_of_calls();
        let calls = new.into_iter().map(|call| ToolCall {
            run_id: run.id.clone(),
            thread_id: run.thread_id.clone(),
            step_id: call.id().and_then(|id| steps.get(id).cloned()),
            call,
        });
        self.calls.extend(calls);
    }

    /// The calls that the server answers are complete with their step.
    fn calls_of_step(&mut self, step: &RunStepObject) {
        for call in calls(step) {
            if !matches!(call, RunStepToolCall::Function(_))
                && self.answered.insert((step.id.clone(), identity(call)))
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

    /// The step of each call by its id.
    fn steps_of_calls(&self) -> HashMap<String, String> {
        let steps = self.steps.items.iter();
        let calls = steps.flat_map(|step| calls(step).iter().map(move |call| (call, &step.id)));
        calls
            .filter_map(|(call, step)| Some((call.id()?.to_owned(), step.clone())))
            .collect()
    }

    fn error(&self, far: TooFar) -> Error {
        let run = self.run.as_ref();
        Error::from(far).in_run(
            run.map(|run| run.thread_id.as_str()),
            run.map(|run| run.id.as_str()),
        )
    }
}

/// A call that waits for its output, as its step shows it.
fn in_step(asked: &RunToolCall) -> RunStepToolCall {
    match asked {
        RunToolCall::Function(asked) => {
            let mut call = RunStepDetailsToolCallsFunctionObject::empty();
            call.id.clone_from(&asked.id);
            call.function.name.clone_from(&asked.function.name);
            call.function
                .arguments
                .clone_from(&asked.function.arguments);
            RunStepToolCall::Function(call)
        }
        RunToolCall::Unknown(value) => RunStepToolCall::Unknown(value.clone()),
    }
}

/// What tells a call from others: not every server gives each an id of its own.
fn identity(call: &RunStepToolCall) -> String {
    serde_json::to_string(call).unwrap_or_default()
}

fn calls(step: &RunStepObject) -> &[RunStepToolCall] {
    match &step.step_details {
        RunStepDetails::ToolCalls(details) => &details.tool_calls,
        _ => &[],
    }
}

/// Whether nothing more comes about the object that the event is about.
fn is_final(event: &str) -> bool {
    let state = event.rsplit('.').next();
    matches!(
        state,
        Some("completed" | "incomplete" | "failed" | "cancelled" | "expired")
    )
}

/// Objects by id, in the order in which they appeared.
struct Growing<T> {
    items: Vec<T>,
    states: Vec<State>,
    places: HashMap<String, usize>,
}

/// How the snapshot of an object came about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// As the last event told of it.
    Told,
    /// With deltas. An event that still calls the object unfinished most often has none of
    /// what they brought (it is late, or servers send it as it was at first), so the
    /// snapshot stays.
    Grown,
    /// As the object is in the end. What comes late does not change it.
    Final,
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            states: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Empty + Clone> Growing<T> {
    fn set(&mut self, id: &str, item: &T, is_final: bool) {
        let at = self.place(id);
        if is_final {
            self.states[at] = State::Final;
        }
        if is_final || self.states[at] == State::Told {
            self.items[at] = item.clone();
        }
    }

    fn grow<D>(&mut self, id: &str, delta: &D, holes: &mut Holes) -> Result<(), TooFar>
    where
        T: Merge<D>,
    {
        let at = self.place(id);
        if self.states[at] == State::Final {
            return Ok(());
        }
        self.states[at] = State::Grown;
        self.items[at].merge(delta, holes)
    }

    /// Where the object of this id is; an empty one if it is new.
    fn place(&mut self, id: &str) -> usize {
        if let Some(at) = self.places.get(id) {
            return *at;
        }
        let at = self.items.len();
        self.places.insert(id.to_owned(), at);
        self.items.push(T::empty());
        self.states.push(State::Told);
        at
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mock;
    use crate::stream::StreamEvent;
    use crate::types::MessageContent;

    /// The event as a stream brings it.
    fn event(name: &str, data: &Value) -> AssistantStreamEvent {
        let event = AssistantStreamEvent::decode(name, &data.to_string());
        event.expect("the event is as documented")
    }

    impl Snapshots {
        fn tell(&mut self, name: &str, data: &Value) {
            self.add(&event(name, data)).expect("it can be added");
        }

        /// Adds to the message `msg_1`.
        fn write(&mut self, content: Value) {
            self.tell("thread.message.delta", &message_delta(content));
        }

        /// Adds to the calls of the step `step_1`.
        fn call(&mut self, tool_calls: Value) {
            let details = json!({ "type": "tool_calls", "tool_calls": tool_calls });
            let delta = json!({ "id": "step_1", "delta": { "step_details": details } });
            self.tell("thread.run.step.delta", &delta);
        }

        fn content(&self) -> Value {
            json!(self.messages()[0].content)
        }

        fn calls(&self) -> Value {
            json!(self.steps()[0].step_details)["tool_calls"].clone()
        }

        fn taken(&mut self) -> Vec<(Option<String>, Option<String>)> {
            let calls = self.take_tool_calls().into_iter();
            calls
                .map(|call| {
                    assert_eq!(
                        (call.run_id.as_str(), call.thread_id.as_str()),
                        ("run_1", "thread_1")
                    );
                    (call.step_id, call.call.id().map(str::to_owned))
                })
                .collect()
        }
    }

    fn message_delta(content: Value) -> Value {
        json!({ "id": "msg_1", "object": "thread.message.delta", "delta": { "content": content } })
    }

    fn text(index: i64, value: &str) -> Value {
        json!({ "index": index, "type": "text", "text": { "value": value } })
    }

    fn of_text(value: &str) -> Value {
        json!({ "type": "text", "text": { "value": value, "annotations": [] } })
    }

    /// The message `msg_1` with this content and status.
    fn message(status: &str, content: Value) -> Value {
        let mut message = json!(mock::message());
        message["status"] = status.into();
        message["content"] = content;
        message
    }

    /// The step `step_1` with these calls.
    fn step(status: &str, tool_calls: Value) -> Value {
        let mut step = json!(mock::run_step());
        step["status"] = status.into();
        step["type"] = "tool_calls".into();
        step["step_details"] = json!({ "type": "tool_calls", "tool_calls": tool_calls });
        step
    }

    fn run(status: &str) -> Value {
        let mut run = json!(mock::run());
        run["status"] = status.into();
        run
    }

    fn asking(calls: Value) -> Value {
        let mut run = run("requires_action");
        run["required_action"] = json!({ "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls } });
        run
    }

    fn code(id: &str) -> Value {
        json!({ "id": id, "type": "code_interpreter", "code_interpreter": { "input": "1", "outputs": [] } })
    }

    fn function(id: &str) -> Value {
        json!({ "id": id, "type": "function", "function": { "name": "add", "arguments": "{}" } })
    }

    #[test]
    fn a_message_grows_by_its_deltas() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.message.created", &message("in_progress", json!([])));
        snapshots.write(json!([text(0, "2 + 2 ")]));
        snapshots.write(json!([text(0, "= 4")]));
        assert_eq!(snapshots.content(), json!([of_text("2 + 2 = 4")]));
        assert_eq!(snapshots.messages()[0].text(), "2 + 2 = 4");
        assert_eq!(snapshots.messages()[0].thread_id, "thread_1");
    }

    #[test]
    fn parts_may_come_in_any_order_and_leave_holes() {
        let mut snapshots = Snapshots::default();
        snapshots.write(json!([text(2, "c")]));
        assert_eq!(snapshots.content(), json!([null, null, of_text("c")]));
        assert_eq!(snapshots.messages()[0].text(), "c");
        snapshots.write(json!([text(1, "b"), text(0, "a"), text(2, "c")]));
        assert_eq!(
            snapshots.content(),
            json!([of_text("a"), of_text("b"), of_text("cc")])
        );
    }

    #[test]
    fn a_delta_may_come_before_its_message() {
        let mut snapshots = Snapshots::default();
        snapshots.write(json!([text(0, "a")]));
        snapshots.tell("thread.message.created", &message("in_progress", json!([])));
        snapshots.write(json!([text(0, "b")]));
        assert_eq!(snapshots.messages().len(), 1);
        assert_eq!(snapshots.messages()[0].id, "msg_1");
        assert_eq!(snapshots.content(), json!([of_text("ab")]));
    }

    #[test]
    fn the_last_event_replaces_what_deltas_brought() {
        for state in ["completed", "incomplete"] {
            let mut snapshots = Snapshots::default();
            snapshots.write(json!([text(0, "a"), text(1, "b")]));
            let last = message(state, json!([of_text("whole")]));
            snapshots.tell(&format!("thread.message.{state}"), &last);
            assert_eq!(json!(snapshots.messages()[0]), last);
            snapshots.write(json!([text(0, "late")]));
            snapshots.tell(
                "thread.message.in_progress",
                &message("in_progress", json!([])),
            );
            assert_eq!(json!(snapshots.messages()[0]), last);
        }
    }

    #[test]
    fn an_event_before_the_first_delta_replaces_the_one_before() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.message.created", &message("in_progress", json!([])));
        snapshots.tell(
            "thread.message.in_progress",
            &message("x", json!([of_text("a")])),
        );
        assert_eq!(snapshots.content(), json!([of_text("a")]));
    }

    #[test]
    fn a_message_in_no_thread_is_none_of_the_run() {
        let mut snapshots = Snapshots::default();
        snapshots.write(json!([text(0, "a")]));
        let mut usage = message("in_progress", json!([]));
        usage["id"] = "chatcmpl-1".into();
        usage["thread_id"] = "".into();
        snapshots.tell("thread.message.in_progress", &usage);
        assert_eq!(snapshots.messages().len(), 1);
        assert_eq!(snapshots.content(), json!([of_text("a")]));
    }

    #[test]
    fn a_message_that_does_not_name_its_thread_counts() {
        let mut snapshots = Snapshots::default();
        let mut said = message("completed", json!([of_text("hello")]));
        said["thread_id"] = "".into();
        snapshots.tell("thread.message.completed", &said);
        assert_eq!(snapshots.content(), json!([of_text("hello")]));
    }

    #[test]
    fn null_and_missing_values_set_nothing() {
        let mut snapshots = Snapshots::default();
        snapshots.tell(
            "thread.message.created",
            &message("in_progress", json!([of_text("a")])),
        );
        snapshots.write(
            json!([{ "index": 0, "type": "text", "text": { "value": null, "annotations": null } }]),
        );
        snapshots.write(json!([{ "index": 0, "type": "text", "text": null }]));
        snapshots.write(json!([{ "index": 0, "type": "text" }]));
        snapshots.write(Value::Null);
        snapshots.tell(
            "thread.message.delta",
            &json!({ "id": "msg_1", "delta": {} }),
        );
        assert_eq!(snapshots.content(), json!([of_text("a")]));
        assert_eq!(snapshots.messages()[0].role.as_str(), "assistant");
    }

    #[test]
    fn annotations_grow_by_their_own_index() {
        let mut snapshots = Snapshots::default();
        let annotated = |annotation: Value| json!([{ "index": 0, "type": "text", "text": { "annotations": [annotation] } }]);
        snapshots.write(annotated(json!({ "index": 1, "type": "file_path", "text": "[1]", "file_path": { "file_id": "file_2" } })));
        snapshots.write(annotated(json!({ "index": 0, "type": "file_citation", "text": "[0]", "start_index": 1, "end_index": 4 })));
        snapshots.write(annotated(json!({ "index": 0, "type": "file_citation", "end_index": 5, "file_citation": { "file_id": "file_1" } })));
        snapshots.write(annotated(json!({ "index": 0, "type": "file_citation", "file_citation": { "file_id": "file_1" } })));
        let annotations = &snapshots.content()[0]["text"]["annotations"];
        assert_eq!(annotations[0]["text"], "[0]");
        assert_eq!(annotations[0]["start_index"], 1);
        assert_eq!(annotations[0]["end_index"], 5);
        assert_eq!(annotations[0]["file_citation"]["file_id"], "file_1");
        assert_eq!(annotations[1]["file_path"]["file_id"], "file_2");
    }

    #[test]
    fn images_are_named_once_however_often_they_are_told_of() {
        let mut snapshots = Snapshots::default();
        for _ in 0..2 {
            snapshots.write(json!([{ "index": 0, "type": "image_file", "image_file": { "file_id": "file_1" } }]));
        }
        assert_eq!(snapshots.content()[0]["image_file"]["file_id"], "file_1");
    }

    #[test]
    fn parts_of_an_unknown_kind_grow_as_json() {
        let mut snapshots = Snapshots::default();
        let sound = |text: &str| json!([{ "index": 1, "type": "sound", "sound": { "id": "s_1", "text": text, "bits": [{ "index": 0, "b": text }] } }]);
        snapshots.write(sound("a"));
        snapshots.write(sound("b"));
        assert_eq!(
            snapshots.content()[1],
            json!({ "index": 1, "type": "sound", "sound": { "id": "s_1", "text": "ab", "bits": [{ "index": 0, "b": "ab" }] } })
        );
    }

    #[test]
    fn a_part_of_another_kind_takes_the_place() {
        let mut snapshots = Snapshots::default();
        snapshots.write(json!([text(0, "a")]));
        snapshots.write(json!([{ "index": 0, "type": "sound", "sound": 1 }]));
        assert_eq!(
            snapshots.content(),
            json!([{ "index": 0, "type": "sound", "sound": 1 }])
        );
        snapshots.write(json!([text(0, "b")]));
        assert_eq!(snapshots.content(), json!([of_text("b")]));
    }

    #[test]
    fn an_index_that_is_too_far_is_an_error_about_the_run() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.run.created", &run("queued"));
        snapshots.write(json!([text(0, "a")]));
        for index in [4_294_967_295, 1002, -1, i64::MIN, i64::MAX] {
            let delta = message_delta(json!([text(index, "b")]));
            let error = snapshots
                .add(&event("thread.message.delta", &delta))
                .unwrap_err();
            assert!(error.is_decode(), "{error}");
            assert!(
                error
                    .to_string()
                    .contains(&format!("item {index} of a list of 1")),
                "{error}"
            );
            assert_eq!(
                (error.run_id(), error.thread_id()),
                (Some("run_1"), Some("thread_1"))
            );
        }
        assert_eq!(snapshots.content(), json!([of_text("a")]));
    }

    #[test]
    fn calls_of_functions_grow_by_their_index() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.run.step.created", &step("in_progress", json!([])));
        let call = |index: i64, function: Value| json!([{ "index": index, "id": format!("call_{index}"), "type": "function", "function": function }]);
        snapshots.call(call(
            0,
            json!({ "name": "add", "arguments": "", "output": null }),
        ));
        snapshots.call(call(1, json!({ "name": "sub", "arguments": "{" })));
        snapshots.call(call(0, json!({ "name": "add", "arguments": "{\"a\"" })));
        snapshots
            .call(json!([{ "index": 0, "type": "function", "function": { "arguments": ":1}" } }]));
        snapshots.call(call(1, json!({ "arguments": "}", "output": "5" })));
        assert_eq!(
            snapshots.calls(),
            json!([
                { "id": "call_0", "type": "function", "function": { "name": "add", "arguments": "{\"a\":1}", "output": null } },
                { "id": "call_1", "type": "function", "function": { "name": "sub", "arguments": "{}", "output": "5" } },
            ])
        );
        assert_eq!(snapshots.steps()[0].run_id, "run_1");
    }

    #[test]
    fn calls_of_the_code_interpreter_grow_with_their_outputs() {
        let mut snapshots = Snapshots::default();
        let call = |code: Value| json!([{ "index": 0, "id": "call_1", "type": "code_interpreter", "code_interpreter": code }]);
        snapshots.call(call(json!({ "input": "print(", "outputs": [] })));
        snapshots.call(call(json!({ "input": "1)" })));
        snapshots.call(call(json!({ "outputs": [{ "index": 1, "type": "image", "image": { "file_id": "file_1" } }] })));
        snapshots.call(call(
            json!({ "outputs": [{ "index": 0, "type": "logs", "logs": "1" }] }),
        ));
        snapshots.call(call(
            json!({ "outputs": [{ "index": 0, "type": "logs", "logs": "\n" }] }),
        ));
        assert_eq!(
            snapshots.calls(),
            json!([{ "id": "call_1", "type": "code_interpreter", "code_interpreter": {
                "input": "print(1)",
                "outputs": [
                    { "type": "logs", "logs": "1\n" },
                    { "type": "image", "image": { "file_id": "file_1" } },
                ],
            } }])
        );
    }

    #[test]
    fn a_step_that_writes_a_message_names_it() {
        let mut snapshots = Snapshots::default();
        let details =
            json!({ "type": "message_creation", "message_creation": { "message_id": "msg_1" } });
        let delta = json!({ "id": "step_1", "delta": { "step_details": details } });
        snapshots.tell("thread.run.step.delta", &delta);
        snapshots.tell("thread.run.step.delta", &delta);
        assert_eq!(json!(snapshots.steps()[0].step_details), details);
    }

    #[test]
    fn a_step_ends_as_its_last_event_says() {
        for state in ["completed", "failed", "cancelled", "expired"] {
            let mut snapshots = Snapshots::default();
            snapshots.tell("thread.run.step.created", &step("in_progress", json!([])));
            snapshots.call(
                json!([{ "index": 0, "type": "function", "function": { "arguments": "{" } }]),
            );
            let last = step(state, json!([code("call_1")]));
            snapshots.tell(&format!("thread.run.step.{state}"), &last);
            assert_eq!(snapshots.steps().len(), 1);
            assert_eq!(snapshots.steps()[0].status.as_str(), state);
            assert_eq!(snapshots.calls(), json!([code("call_1")]));
        }
    }

    #[test]
    fn thread_and_run_are_as_their_last_event_says() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.created", &json!(mock::thread()));
        for status in ["queued", "in_progress", "completed"] {
            snapshots.tell(&format!("thread.run.{status}"), &run(status));
            assert_eq!(snapshots.run.as_ref().unwrap().status.as_str(), status);
        }
        assert_eq!(snapshots.thread, Some(mock::thread()));
    }

    #[test]
    fn objects_stand_in_the_order_in_which_they_appeared() {
        let mut snapshots = Snapshots::default();
        let mut other = mock::message();
        other.id = "msg_0".into();
        snapshots.write(json!([text(0, "a")]));
        snapshots.tell("thread.message.completed", &json!(other));
        snapshots.tell("thread.message.completed", &json!(mock::message()));
        let ids: Vec<_> = snapshots
            .messages()
            .iter()
            .map(|message| &message.id)
            .collect();
        assert_eq!(ids, ["msg_1", "msg_0"]);
    }

    #[test]
    fn calls_of_functions_are_complete_when_the_run_requires_action() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.run.step.created", &step("in_progress", json!([])));
        snapshots.call(json!([{ "index": 0, "id": "call_1", "type": "function", "function": { "name": "add" } }]));
        assert_eq!(snapshots.taken(), []);
        snapshots.tell(
            "thread.run.requires_action",
            &asking(json!([function("call_1"), function("call_2")])),
        );
        let mut calls = snapshots.take_tool_calls();
        assert_eq!(calls[0].step_id.as_deref(), Some("step_1"));
        assert_eq!(calls[1].step_id, None);
        let call = json!(calls.remove(0).call);
        assert_eq!(call["function"]["arguments"], "{}");
        assert_eq!(call["function"]["name"], "add");
    }

    #[test]
    fn every_call_is_given_out_once() {
        let mut snapshots = Snapshots::default();
        for _ in 0..2 {
            snapshots.tell(
                "thread.run.requires_action",
                &asking(json!([function("call_1")])),
            );
        }
        assert_eq!(snapshots.taken(), [(None, Some("call_1".into()))]);
        snapshots.tell(
            "thread.run.requires_action",
            &asking(json!([function("call_1"), function("call_2")])),
        );
        snapshots.tell(
            "thread.run.step.completed",
            &step("completed", json!([function("call_1"), code("call_3")])),
        );
        let step_id = Some("step_1".to_owned());
        assert_eq!(
            snapshots.taken(),
            [
                (None, Some("call_2".into())),
                (step_id, Some("call_3".into()))
            ]
        );
        assert_eq!(snapshots.taken(), []);
    }

    #[test]
    fn calls_that_the_server_answers_are_complete_with_their_step() {
        let mut snapshots = Snapshots::default();
        let unknown = json!({ "type": "mcp", "id": "call_2" });
        let without_id = json!({ "type": "mcp" });
        let calls = json!([code("call_1"), unknown, without_id]);
        snapshots.tell(
            "thread.run.step.in_progress",
            &step("in_progress", calls.clone()),
        );
        assert_eq!(snapshots.taken(), []);
        for _ in 0..2 {
            snapshots.tell("thread.run.step.failed", &step("failed", calls.clone()));
        }
        let step_id = Some("step_1".to_owned());
        assert_eq!(
            snapshots.taken(),
            [
                (step_id.clone(), Some("call_1".into())),
                (step_id.clone(), Some("call_2".into())),
                (step_id, None),
            ]
        );
    }

    #[test]
    fn unknown_events_and_other_required_actions_change_nothing() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.shared", &json!({ "id": "thread_1" }));
        let mut run = asking(json!([]));
        run["required_action"] = json!({ "type": "approve", "approve": {} });
        snapshots.tell("thread.run.requires_action", &run);
        assert_eq!(snapshots.taken(), []);
        assert!(snapshots.messages().is_empty());
    }

    #[test]
    fn the_outcome_is_the_run_with_what_it_wrote_and_did() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.created", &json!(mock::thread()));
        snapshots.write(json!([text(0, "a")]));
        snapshots.tell("thread.run.step.completed", &json!(mock::run_step()));
        snapshots.tell("thread.run.completed", &run("completed"));
        let outcome = snapshots.into_outcome().unwrap();
        assert_eq!(outcome.run.status.as_str(), "completed");
        assert_eq!(outcome.text(), "a");
        assert_eq!(outcome.steps, [mock::run_step()]);
    }

    #[test]
    fn without_a_run_there_is_no_outcome() {
        let mut snapshots = Snapshots::default();
        snapshots.tell("thread.created", &json!(mock::thread()));
        let error = snapshots.into_outcome().unwrap_err();
        assert!(error.is_ended_early());
        assert_eq!(error.thread_id(), Some("thread_1"));
    }

    #[test]
    fn a_placeholder_is_no_text() {
        let mut snapshots = Snapshots::default();
        snapshots.write(json!([text(1, "b")]));
        assert_eq!(
            snapshots.messages()[0].content[0],
            MessageContent::Unknown(Value::Null)
        );
    }
}
