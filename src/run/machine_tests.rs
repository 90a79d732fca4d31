//! A property test of the state machine against a model of a server.
//!
//! The model has a run that moves on by itself, and responds late, twice, wrongly or not at all. In
//! every sequence no call is executed twice, no outcome is lost, and the follow terminates.

use std::collections::HashSet;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::error::core::{Error, RunIds};
use crate::error::response::ResponseHead;
use crate::run::limits::{GRACE, StopReason};
use crate::run::machine::{Action, Failure, First, RunMachine};
use crate::run::polling::Pace;
use crate::run::required_action::{CallKind, CallResult, CallResults, HandledKinds, PendingCall};
use crate::types::{RunObject, RunStatus};

const SEQUENCES: u64 = 20_000;
const MAX_ROUNDS: u32 = 4;
/// More than any sequence takes: the shortest action takes 10 ms, the longest deadline is 40 s.
const MAX_ACTIONS: u32 = 6_000;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.below(items.len() as u64)).unwrap();
        items[at]
    }
}

/// Why a follow may fail.
#[derive(Debug, Default)]
struct Causes {
    is_stopped: bool,
    is_cancelled: bool,
    is_rejected: bool,
    is_aborted: bool,
    is_broken: bool,
}

/// A server with one run.
struct Model {
    random: Random,
    now: Duration,
    /// When replicas have the run.
    visible_at: Duration,
    status: &'static str,
    round: u32,
    /// How many rounds of tool calls the run requires.
    rounds: u32,
    calls: Vec<PendingCall>,
    /// Whether the calls of each round have the same IDs, as on some servers.
    reuses_ids: bool,
    /// Whether there is a call of an unknown kind among them.
    is_unknown: bool,
    /// Former states, which stale responses have.
    history: Vec<RunObject>,
    executed: HashSet<PendingCall>,
    causes: Causes,
    /// Whether a response or event had a terminal status.
    has_served_end: bool,
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        Self {
            now: Duration::ZERO,
            visible_at: Duration::from_millis(random.below(3_000)),
            status: "queued",
            round: 0,
            rounds: u32::try_from(random.below(6)).unwrap(),
            calls: Vec::new(),
            reuses_ids: random.chance(20),
            is_unknown: false,
            history: Vec::new(),
            executed: HashSet::new(),
            causes: Causes::default(),
            has_served_end: false,
            random,
        }
    }

    fn is_terminal(&self) -> bool {
        crate::sse::status::is_terminal(self.status)
    }

    /// The current state of the run.
    fn run(&self) -> RunObject {
        let mut run = json!({ "id": "run_1", "thread_id": "thread_1", "status": self.status });
        if self.status == "requires_action" {
            let mut calls: Vec<_> = self.calls.iter().map(wire).collect();
            if self.is_unknown {
                calls.push(json!({ "id": "call_x", "type": "browser" }));
            }
            run["required_action"] = json!({
                "type": "submit_tool_outputs", "submit_tool_outputs": { "tool_calls": calls },
            });
        }
        serde_json::from_value(run).expect("a run")
    }

    /// Lets the run move on, perhaps.
    fn step(&mut self) {
        if self.is_terminal() || self.random.chance(40) {
            return;
        }
        self.history.push(self.run());
        self.status = match self.status {
            "requires_action" if self.random.chance(90) => return,
            "requires_action" => self.random.pick(&["expired", "cancelled", "failed"]),
            "queued" => "in_progress",
            _ if self.round < self.rounds => {
                self.round += 1;
                let round = self.round;
                let calls = 1 + self.random.below(3);
                let prefix = if self.reuses_ids { 0 } else { round };
                let id = |number| format!("call_{prefix}_{number}");
                self.calls = (0..calls)
                    .map(|number| {
                        let arguments = format!("[{round},{number}]");
                        pending_call(&mut self.random, id(number % 2), arguments)
                    })
                    .collect();
                self.is_unknown = self.random.chance(3);
                "requires_action"
            }
            _ => {
                let ends = ["completed", "completed", "incomplete", "failed"];
                self.random.pick(&ends)
            }
        };
    }

    /// The state of the run as the server sends it, which may be stale.
    fn served(&mut self) -> RunObject {
        self.step();
        let past = self.history.len() as u64;
        let run = if past > 0 && self.random.chance(25) {
            let at = usize::try_from(self.random.below(past)).unwrap();
            self.history[at].clone()
        } else {
            self.run()
        };
        self.has_served_end |= run.status.is_terminal();
        run
    }

    /// A response to a fetch.
    fn fetched(&mut self) -> Result<RunObject, Error> {
        if self.now < self.visible_at {
            return Err(failure(404, 1));
        }
        if self.random.chance(10) {
            return Err(self.transient());
        }
        if self.random.chance(1) {
            self.causes.is_broken = true;
            return Err(failure(403, 1));
        }
        if self.random.chance(1) {
            self.causes.is_broken = true;
            let mut other = self.run();
            other.id = "run_2".to_owned();
            return Ok(other);
        }
        Ok(self.served())
    }

    fn transient(&mut self) -> Error {
        match self.random.below(4) {
            0 => failure(429, 3),
            1 => failure(503, 3),
            2 => Error::timeout(Duration::from_secs(1)),
            _ => Error::credentials("no token".into()),
        }
    }

    /// Accepts results, or not. Returns whether the response arrives.
    fn submitted(&mut self, results: &CallResults) -> Result<(), Error> {
        self.step();
        let ids: HashSet<_> = self.calls.iter().map(|call| call.id.as_str()).collect();
        let sent: HashSet<_> = results.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(sent.len(), results.len(), "a result is submitted twice");
        if self.status != "requires_action" || ids != sent {
            self.causes.is_rejected = true;
            return Err(failure(400, 1));
        }
        let is_executed = |call| self.executed.contains(call);
        // With IDs that are used again, the outputs may be those of the round before.
        let has_executed = self.calls.iter().any(is_executed);
        assert!(has_executed || self.reuses_ids, "outputs without a call");
        if self.random.chance(10) {
            return Err(self.transient());
        }
        if self.random.chance(3) {
            // Attempts that were refused for other reasons, and then for good.
            self.causes.is_rejected = true;
            return Err(failure(400, 2));
        }
        self.history.push(self.run());
        self.status = "queued";
        match self.random.below(10) {
            // The response is lost, and the next attempt is refused.
            0 => {
                self.causes.is_rejected = true;
                Err(failure(400, 2))
            }
            1 => Err(self.transient()),
            _ => Ok(()),
        }
    }

    fn handle(&mut self, calls: &[PendingCall]) -> Result<CallResults, Error> {
        let mut ids = HashSet::new();
        let mut results = CallResults::new();
        for call in calls {
            // As the tools do: of calls with the same ID the first is executed.
            if ids.insert(&call.id) {
                let is_new = self.executed.insert(call.clone());
                assert!(is_new, "{call:?} is executed twice");
                results.push((call.id.clone(), result_of(call)));
            }
        }
        if self.random.chance(2) {
            self.causes.is_aborted = true;
            return Err(Error::too_many_rounds(0));
        }
        Ok(results)
    }
}

/// A call of a function or, where there are approvals, sometimes one that requires approval.
#[cfg_attr(
    not(assistants_schema = "RunToolCallMcp"),
    allow(unused_variables, reason = "all calls are of functions")
)]
fn pending_call(random: &mut Random, id: String, arguments: String) -> PendingCall {
    let name = "tool".to_owned();
    #[cfg(assistants_schema = "RunToolCallMcp")]
    if random.chance(30) {
        let call = json!({ "id": id, "type": "mcp", "name": name, "arguments": arguments });
        let call = serde_json::from_value(call).expect("a call");
        let kind = CallKind::Approval(call);
        return PendingCall { id, kind };
    }
    let kind = CallKind::Function { name, arguments };
    PendingCall { id, kind }
}

/// A call on the wire.
fn wire(call: &PendingCall) -> Value {
    let mut wire = match &call.kind {
        CallKind::Function { name, arguments } => {
            json!({ "type": "function", "function": { "name": name, "arguments": arguments } })
        }
        #[cfg(assistants_schema = "RunToolCallMcp")]
        CallKind::Approval(call) => json!(call),
        #[cfg(assistants_schema = "RunToolCallMcp")]
        CallKind::Computer(call) => json!(call),
    };
    wire["id"] = call.id.clone().into();
    wire
}

fn result_of(call: &PendingCall) -> CallResult {
    match &call.kind {
        #[cfg(assistants_schema = "RunToolCallMcp")]
        CallKind::Approval(_) => CallResult::Approval(true.try_into().expect("a decision")),
        kind => CallResult::Output(format!("output of {kind:?}")),
    }
}

fn failure(status: u16, attempts: u32) -> Error {
    let head = ResponseHead {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
    };
    let retry_after = (status == 429).then_some(Duration::from_secs(7));
    Error::status_error(head, b"", retry_after).in_operation("test", attempts)
}

/// A follow of the run of a model.
struct Follow {
    model: Model,
    machine: RunMachine,
    deadline: Duration,
    /// The end of the time that is left: first the deadline, then the grace period.
    limit: Duration,
    streams: bool,
    cancels_run: bool,
    /// Whether the run was fetched after the deadline.
    has_last_poll: bool,
}

impl Follow {
    fn new(seed: u64) -> Self {
        let mut model = Model::new(seed);
        let interval = model.random.chance(20).then_some(Duration::ZERO);
        let deadline = Duration::from_millis(model.random.below(40_000));
        let cancels_run = model.random.chance(50);
        let streams = model.random.chance(50);
        let ids = RunIds {
            thread_id: Some("thread_1".to_owned()),
            run_id: None,
        };
        let pace = Pace::new(interval);
        let handles = model.random.chance(90);
        let kinds = HandledKinds {
            functions: handles,
            #[cfg(assistants_schema = "RunToolCallMcp")]
            approvals: handles,
            #[cfg(assistants_schema = "RunToolCallMcp")]
            computer: false,
        };
        Self {
            machine: RunMachine::new(First::Create, ids, pace, kinds, MAX_ROUNDS, cancels_run),
            model,
            deadline,
            limit: deadline,
            streams,
            cancels_run,
            has_last_poll: false,
        }
    }

    /// Lets time pass. Returns the next action if a limit elapses.
    fn pass(&mut self, time: Duration) -> Option<Action> {
        self.model.now += time;
        if self.model.random.below(1000) < 5 {
            self.model.causes.is_cancelled = true;
            return Some(self.machine.stop(StopReason::Cancelled));
        }
        if self.model.now <= self.limit {
            return None;
        }
        self.model.causes.is_stopped = true;
        self.model.now = self.limit;
        self.limit += GRACE;
        Some(self.machine.stop(StopReason::Deadline(self.deadline)))
    }

    /// Reads the events of a stream to its end.
    fn read(&mut self) -> Action {
        self.machine.opened();
        loop {
            let pause = Duration::from_millis(10 + self.model.random.below(2_000));
            if let Some(action) = self.pass(pause) {
                return action;
            }
            if self.model.random.chance(2) {
                self.model.causes.is_broken = true;
                return self.machine.failed(Error::stream_cut());
            }
            let knows_id = self.machine.ids().run_id.is_some();
            if knows_id && self.model.random.chance(2) {
                let mut other = self.model.run();
                other.id = "run_2".to_owned();
                other.status = RunStatus::Failed;
                self.machine.event(&other);
            }
            let run = self.model.served();
            self.machine.event(&run);
            let is_blocked = run.status.as_str() == "requires_action";
            if run.status.is_terminal() || is_blocked {
                return match self.pass(Duration::from_millis(10)) {
                    Some(action) => action,
                    None => self.machine.stream_ended(),
                };
            }
        }
    }

    fn create(&mut self) -> Action {
        if let Some(action) = self.pass(Duration::from_millis(10)) {
            return action;
        }
        if self.streams {
            return self.read();
        }
        let run = self.model.run();
        self.machine.response(run, &HeaderMap::new())
    }

    fn perform(&mut self, action: Action) -> Action {
        match action {
            Action::Fetch { after } => {
                self.has_last_poll |= self.limit > self.deadline;
                if let Some(action) = self.pass(after + Duration::from_millis(10)) {
                    return action;
                }
                match self.model.fetched() {
                    Ok(run) => self.machine.response(run, &HeaderMap::new()),
                    Err(error) => self.machine.failed(error),
                }
            }
            Action::Handle(calls) => {
                let results = self.model.handle(&calls);
                let time = Duration::from_millis(self.model.random.below(3_000));
                if let Some(action) = self.pass(time) {
                    return action;
                }
                match results {
                    Ok(results) => self.machine.results(results),
                    Err(error) => self.machine.failed(error),
                }
            }
            Action::Submit { results, after } => {
                if let Some(action) = self.pass(after + Duration::from_millis(10)) {
                    return action;
                }
                match self.model.submitted(&results) {
                    Ok(()) if self.streams => self.read(),
                    Ok(()) => {
                        let run = self.model.served();
                        self.machine.response(run, &HeaderMap::new())
                    }
                    Err(error) => self.machine.failed(error),
                }
            }
            action @ (Action::Return(_) | Action::Fail(_)) => action,
        }
    }

    /// Follows the run to the end.
    fn finish(mut self) -> (Self, Action) {
        let mut action = self.create();
        for _ in 0..MAX_ACTIONS {
            if matches!(action, Action::Return(_) | Action::Fail(_)) {
                return (self, action);
            }
            action = self.perform(action);
        }
        panic!("the follow does not terminate");
    }
}

#[derive(Debug, Default)]
struct Statistics {
    returned: u64,
    executed: usize,
    failed: u64,
}

fn check(seed: u64, statistics: &mut Statistics) {
    let (follow, end) = Follow::new(seed).finish();
    let knows_id = follow.machine.ids().run_id.is_some();
    let Follow {
        model,
        cancels_run,
        has_last_poll,
        ..
    } = follow;
    let causes = &model.causes;
    statistics.executed += model.executed.len();
    match end {
        Action::Return(run) => {
            statistics.returned += 1;
            // The state is that of the run, or it is an earlier one that is left to the caller.
            assert!(
                run.status.as_str() == model.status || run.required_action.is_some(),
                "{run:?} is not {}",
                model.status
            );
        }
        Action::Fail(Failure { error, cancels }) => {
            statistics.failed += 1;
            assert!(!model.has_served_end, "the outcome is lost: {error}");
            assert!(cancels_run || !cancels);
            let has_id = error.run_id().is_some();
            assert!(!cancels || has_id, "{error}");
            let is_justified = match error.kind().as_str() {
                "deadline" => causes.is_stopped && (has_last_poll || !knows_id),
                "cancelled" => causes.is_cancelled,
                "tool" => causes.is_aborted || model.round > MAX_ROUNDS,
                "status" => causes.is_rejected || causes.is_broken,
                // After a submission that failed, the run could not be fetched.
                "timeout" | "credentials" | "decode" | "stream_cut" => causes.is_broken,
                _ => false,
            };
            assert!(is_justified, "{error} without a cause: {causes:?}");
        }
        other => panic!("{other:?} is not an end"),
    }
}

#[test]
fn no_call_is_executed_twice_no_outcome_is_lost_and_every_follow_terminates() {
    let mut statistics = Statistics::default();
    for seed in 0..SEQUENCES {
        let result = std::panic::catch_unwind(|| {
            let mut one = Statistics::default();
            check(seed, &mut one);
            one
        });
        match result {
            Ok(one) => {
                statistics.returned += one.returned;
                statistics.failed += one.failed;
                statistics.executed += one.executed;
            }
            Err(panic) => {
                eprintln!("seed {seed}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    println!("{SEQUENCES} sequences: {statistics:?}");
    // All kinds of ends occur.
    assert!(statistics.returned > SEQUENCES / 4 && statistics.failed > SEQUENCES / 10);
    assert!(statistics.executed as u64 > SEQUENCES / 4);
}
