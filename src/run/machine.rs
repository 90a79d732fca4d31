//! The state machine of a followed run, without I/O.
//!
//! Responses, events, failures and elapsed limits go in; what to do next comes out. Polling and
//! streaming share it, so both have the same guarantees: no tool call is handled twice, a stale
//! status changes nothing, and a transient failure does not end the follow before the deadline.

use std::collections::{HashMap, HashSet};
use std::mem;
use std::time::Duration;

use http::HeaderMap;

use crate::error::core::{Error, RunIds};
use crate::run::limits::StopReason;
use crate::run::polling::Pace;
use crate::run::required_action::{
    CallResult, CallResults, HandledKinds, PendingCall, pending_calls,
};
use crate::sse::status::{is_stale, is_terminal, is_terminal_or_blocked};
use crate::types::RunObject;

/// How long a new run may be missing. Some servers return 404 until all replicas have it.
const MISSING: Duration = Duration::from_secs(5);
/// The shortest delay after such a response.
const MISSING_DELAY: Duration = Duration::from_millis(500);

/// What to do next.
#[derive(Debug)]
pub(crate) enum Action {
    /// Fetch the run after a delay.
    Fetch { after: Duration },
    /// Handle these calls.
    Handle(Vec<PendingCall>),
    /// Submit the results after a delay.
    Submit {
        results: CallResults,
        after: Duration,
    },
    /// Return the run: it is terminal, or left to the caller.
    Return(Box<RunObject>),
    /// Return the error.
    Fail(Failure),
}

/// The end of a follow without the run.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// Whether to cancel the run before the error is returned.
    pub(crate) cancels: bool,
}

/// What the first request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// It creates the run.
    Create,
    /// It fetches the run.
    Fetch,
    /// It changes the run, usually by a submission.
    Submit,
}

#[derive(Debug)]
enum State {
    /// The run is being created.
    Created,
    /// The run is fetched at intervals.
    Polling,
    /// The events of the run are read. The run, if its latest event was terminal or blocked.
    Streaming(Option<Box<RunObject>>),
    /// The run is blocked and these calls are handled.
    Blocked(Vec<PendingCall>),
    /// The results are being submitted.
    Submitting,
    /// The submission failed, and the run is fetched to find out whether it was accepted.
    Unconfirmed(Error),
    /// The deadline has passed, and the run is fetched for the last time.
    LastPoll(Duration),
    /// The run or an error was returned.
    Ended,
}

/// What a state of the run means for the follow.
enum Progress {
    Active,
    /// Terminal, or blocked and left to the caller.
    Settled,
    /// Blocked on calls of which some are unhandled.
    Waiting(Vec<PendingCall>),
    /// Blocked on calls that are all handled.
    Handled(CallResults),
}

/// A followed run.
#[derive(Debug)]
pub(crate) struct RunMachine {
    state: State,
    ids: RunIds,
    /// The last known status.
    status: Option<String>,
    /// Why the last poll failed, if it did.
    poll_error: Option<String>,
    pace: Pace,
    /// The delays since the run was created, if the first request creates it.
    age: Option<Duration>,
    /// The results of all calls so far.
    handled: HashMap<PendingCall, CallResult>,
    /// Whether the last submission got no response, and a state that may be stale has followed.
    is_lost: bool,
    rounds: u32,
    kinds: HandledKinds,
    /// How many rounds of calls are handled.
    max_rounds: u32,
    /// Whether to cancel the run if following it fails.
    cancels_run: bool,
    /// Whether the server has created or changed the run, or may have.
    may_have_acted: bool,
}

/// Creation, and the inputs.
impl RunMachine {
    pub(crate) fn new(
        first: First,
        ids: RunIds,
        pace: Pace,
        kinds: HandledKinds,
        max_rounds: u32,
        cancels_run: bool,
    ) -> Self {
        Self {
            state: match first {
                First::Create => State::Created,
                First::Fetch => State::Polling,
                First::Submit => State::Submitting,
            },
            age: (first == First::Create).then_some(Duration::ZERO),
            ids,
            status: None,
            poll_error: None,
            pace,
            handled: HashMap::new(),
            is_lost: false,
            rounds: 0,
            kinds,
            max_rounds,
            cancels_run,
            may_have_acted: false,
        }
    }

    /// Receives the run: the response to the first request, a fetch, or a submission.
    pub(crate) fn response(&mut self, run: RunObject, headers: &HeaderMap) -> Action {
        self.acted();
        if let Some(known) = self.other_than(&run) {
            let error = Error::other_run(known, &run.id);
            return self.fail(error);
        }
        self.pace.update(headers);
        self.record(&run);
        self.advance(Box::new(run))
    }

    /// Receives the results of calls.
    pub(crate) fn results(&mut self, results: CallResults) -> Action {
        let State::Blocked(calls) = mem::replace(&mut self.state, State::Submitting) else {
            return self.fetch(Duration::ZERO);
        };
        let results: HashMap<_, _> = results.into_iter().collect();
        let mut ids = HashSet::new();
        let mut submission = Vec::new();
        for call in calls {
            // An ID that is repeated in the round has one result.
            let result = self.handled.get(&call).or_else(|| results.get(&call.id));
            let result = result.cloned();
            let result = result.unwrap_or_else(|| CallResult::Output(String::new()));
            if ids.insert(call.id.clone()) {
                submission.push((call.id.clone(), result.clone()));
            }
            self.handled.insert(call, result);
        }
        self.submit(submission, Duration::ZERO)
    }

    /// Receives the failure of an action or of a stream.
    pub(crate) fn failed(&mut self, error: Error) -> Action {
        match mem::replace(&mut self.state, State::Ended) {
            State::LastPoll(limit) => {
                self.poll_error = Some(error.message().to_owned());
                self.stopped(&StopReason::Deadline(limit))
            }
            State::Submitting if self.may_be_accepted(&error) => {
                self.may_have_acted |= error.may_have_been_processed();
                self.state = State::Unconfirmed(error);
                self.fetch(Duration::ZERO)
            }
            state @ (State::Polling | State::Unconfirmed(_)) => match self.tolerated(&error) {
                Some(after) => {
                    self.poll_error = Some(error.message().to_owned());
                    self.state = state;
                    self.fetch(after)
                }
                None => self.fail(match state {
                    State::Unconfirmed(original) => original,
                    _ => error,
                }),
            },
            _ => {
                // A response that is not a stream may be a run. A rejected creation may name
                // another run.
                if !error.is_bad_request() && !error.is_conflict() {
                    self.learn(error.thread_id(), error.run_id());
                }
                self.fail(error)
            }
        }
    }

    /// Receives the failure of a creation with `once`. If it names the run that was looked up, the run
    /// is fetched.
    pub(crate) fn lost(&mut self, error: Error) -> Action {
        if !error.may_have_been_processed() || error.run_id().is_none() {
            return self.failed(error);
        }
        self.learn(error.thread_id(), error.run_id());
        self.acted();
        self.state = State::Polling;
        self.fetch(Duration::ZERO)
    }

    /// Receives an elapsed limit. A deadline is followed by a last poll.
    pub(crate) fn stop(&mut self, reason: StopReason) -> Action {
        match (mem::replace(&mut self.state, State::Ended), reason) {
            (State::Streaming(Some(run)), _)
                if matches!(self.progress(&run), Progress::Settled) =>
            {
                Action::Return(run)
            }
            (State::LastPoll(limit), StopReason::Deadline(_)) => {
                self.stopped(&StopReason::Deadline(limit))
            }
            (_, StopReason::Deadline(limit)) if self.has_ids() => {
                self.state = State::LastPoll(limit);
                self.fetch(Duration::ZERO)
            }
            (_, reason) => self.stopped(&reason),
        }
    }

    /// Receives that the server has, or may have, what the current request is for.
    pub(crate) fn acted(&mut self) {
        self.may_have_acted |= matches!(self.state, State::Created | State::Submitting);
    }

    /// Receives the start of a stream.
    pub(crate) fn opened(&mut self) {
        self.acted();
        self.state = State::Streaming(None);
    }

    /// Receives the run of an event.
    pub(crate) fn event(&mut self, run: &RunObject) {
        let status = run.status.as_str();
        if self.other_than(run).is_none() && !is_stale(self.is_terminal(), status) {
            self.record(run);
            let is_settled = is_terminal_or_blocked(status);
            self.state = State::Streaming(is_settled.then(|| Box::new(run.clone())));
        }
    }

    /// Receives the end of a stream.
    pub(crate) fn stream_ended(&mut self) -> Action {
        match mem::replace(&mut self.state, State::Polling) {
            State::Streaming(Some(run)) => self.advance(run),
            _ => self.fail(Error::stream_ended()),
        }
    }

    /// Learns the IDs of the run, unless they are known.
    pub(crate) fn learn(&mut self, thread_id: Option<&str>, run_id: Option<&str>) {
        let mut ids = RunIds::default();
        ids.update(thread_id, run_id);
        let known = &mut self.ids;
        known.thread_id = known.thread_id.take().or(ids.thread_id);
        known.run_id = known.run_id.take().or(ids.run_id);
    }

    /// Records a state of the run.
    pub(crate) fn record(&mut self, run: &RunObject) {
        self.learn(Some(&run.thread_id), Some(&run.id));
        self.poll_error = None;
        if !is_stale(self.is_terminal(), run.status.as_str()) {
            self.status = Some(run.status.as_str().to_owned());
        }
    }
}

/// Queries.
impl RunMachine {
    pub(crate) fn ids(&self) -> &RunIds {
        &self.ids
    }

    /// Whether the run can only be cancelled once the first response returns its ID.
    pub(crate) fn lacks_id_to_cancel(&self) -> bool {
        self.cancels_run && self.ids.run_id.is_none()
    }

    /// Whether more follows after the end of this stream.
    pub(crate) fn continues(&self) -> bool {
        match &self.state {
            State::Streaming(Some(run)) => !matches!(self.progress(run), Progress::Settled),
            _ => false,
        }
    }

    /// Returns the delay after a failed call, if it is repeated.
    pub(crate) fn delay_after(&self, error: &Error) -> Option<Duration> {
        self.pace.delay_after(error)
    }

    /// Returns the ID of the followed run if this is another one.
    pub(crate) fn other_than(&self, run: &RunObject) -> Option<&str> {
        let known = self.ids.run_id.as_deref()?;
        (!run.id.is_empty() && run.id != known).then_some(known)
    }

    fn has_ids(&self) -> bool {
        self.ids.thread_id.is_some() && self.ids.run_id.is_some()
    }

    fn is_terminal(&self) -> bool {
        self.status.as_deref().is_some_and(is_terminal)
    }

    fn progress(&self, run: &RunObject) -> Progress {
        let status = run.status.as_str();
        if !is_terminal_or_blocked(status) {
            return Progress::Active;
        }
        let Some(calls) = pending_calls(run, self.kinds) else {
            return Progress::Settled;
        };
        let mut results = CallResults::new();
        for call in &calls {
            match self.handled.get(call) {
                Some(result) if results.iter().all(|(id, _)| *id != call.id) => {
                    results.push((call.id.clone(), result.clone()));
                }
                Some(_) => {}
                None => return Progress::Waiting(calls),
            }
        }
        Progress::Handled(results)
    }

    /// Whether the server may have accepted a submission that failed, or the run may be terminal.
    fn may_be_accepted(&self, error: &Error) -> bool {
        let is_own = !self.handled.is_empty();
        let may_be = is_own || error.attempts() > 1 || error.may_have_been_processed();
        self.has_ids() && !error.is_invalid_argument() && may_be
    }

    /// Returns the delay after a failed poll, if polling continues.
    fn tolerated(&self, error: &Error) -> Option<Duration> {
        let is_new = self.age.is_some_and(|age| age < MISSING);
        if is_new && error.is_not_found() {
            return Some(self.pace.delay().max(MISSING_DELAY));
        }
        self.pace.delay_after(error)
    }
}

/// Transitions.
impl RunMachine {
    /// Continues from a state of the run.
    fn advance(&mut self, run: Box<RunObject>) -> Action {
        let progress = self.progress(&run);
        match (mem::replace(&mut self.state, State::Polling), progress) {
            (State::Unconfirmed(error), _) if self.is_left_blocked(&run) => self.fail(error),
            (_, Progress::Settled) => {
                self.state = State::Ended;
                Action::Return(run)
            }
            (State::LastPoll(limit), _) => self.stopped(&StopReason::Deadline(limit)),
            (_, Progress::Waiting(calls)) => self.handle(calls),
            (State::Unconfirmed(error), Progress::Handled(results)) => {
                match self.pace.delay_after(&error) {
                    Some(after) => self.submit(results, after),
                    None => self.fail(error),
                }
            }
            (State::Polling, Progress::Handled(results)) if self.is_lost => {
                self.submit(results, self.pace.delay())
            }
            (State::Unconfirmed(error), Progress::Active) => {
                self.is_lost = self.pace.delay_after(&error).is_some();
                self.fetch(self.pace.delay())
            }
            // Without an error, calls that were handled are a stale state.
            (_, Progress::Active | Progress::Handled(_)) => self.fetch(self.pace.delay()),
        }
    }

    fn submit(&mut self, results: CallResults, after: Duration) -> Action {
        self.state = State::Submitting;
        self.is_lost = false;
        Action::Submit { results, after }
    }

    /// Whether the run is still blocked after a submission by the caller, whose calls are unknown.
    fn is_left_blocked(&self, run: &RunObject) -> bool {
        self.handled.is_empty() && run.status.as_str() == "requires_action"
    }

    /// Handles the unhandled calls of a round.
    fn handle(&mut self, calls: Vec<PendingCall>) -> Action {
        if self.rounds == self.max_rounds {
            return self.fail(Error::too_many_rounds(self.max_rounds));
        }
        self.rounds += 1;
        let unhandled = calls.iter().filter(|call| !self.handled.contains_key(call));
        let unhandled = unhandled.cloned().collect();
        self.state = State::Blocked(calls);
        Action::Handle(unhandled)
    }

    fn fetch(&mut self, after: Duration) -> Action {
        self.age = self.age.map(|age| age.saturating_add(after));
        Action::Fetch { after }
    }

    fn stopped(&mut self, reason: &StopReason) -> Action {
        self.state = State::Ended;
        Action::Fail(self.failure_at(reason))
    }

    fn fail(&mut self, error: Error) -> Action {
        self.state = State::Ended;
        Action::Fail(self.failure(error))
    }

    /// Returns the failure for a limit that elapsed at this point.
    pub(crate) fn failure_at(&self, reason: &StopReason) -> Failure {
        let state = match (&self.status, &self.poll_error) {
            (Some(status), Some(error)) => {
                format!("the run was `{status}`, and the last poll failed ({error})")
            }
            (Some(status), None) if is_terminal(status) => {
                format!("the run is `{status}`, but its messages and steps are incomplete")
            }
            (Some(status), None) => format!("the run is still `{status}`"),
            (None, Some(error)) => {
                format!("the state of the run is unknown, and the last poll failed ({error})")
            }
            (None, None) => "the run was not confirmed and may still be running".to_owned(),
        };
        self.failure(reason.error(&state))
    }

    /// Returns the failure for an error. An active run is cancelled on request.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let is_active = self.has_ids() && !self.is_terminal();
        let cancels = is_active && self.cancels_run;
        let error = error.run_left(is_active && !cancels);
        let RunIds { thread_id, run_id } = &self.ids;
        let error = error.in_run(thread_id.as_deref(), run_id.as_deref());
        // Never cancelled, because another caller may have created it.
        let active = active_run(error.message()).map(str::to_owned);
        let error = error.in_run(None, active.as_deref());
        let is_unsettled = self.may_have_acted || error.may_have_been_processed();
        let error = error.unsettled(is_unsettled);
        Failure { error, cancels }
    }
}

/// Returns the ID in `Thread thread_1 already has an active run run_1.`
fn active_run(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("already has an active run ")?;
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let id = rest.split(|c| !is_of_id(c)).next()?;
    (!id.is_empty()).then_some(id)
}
