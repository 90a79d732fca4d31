//! Following a run from the call that begins it to where it rests: by asking for its
//! state again and again, or along its stream of events.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::Client;
use crate::clock::Deadline;
use crate::error::{Error, Result, RunPlace};
use crate::operation::{self, Operation, Request, RequestOptions, Response};
use crate::run::guard::{Cancelled, Guard, Stop};
use crate::run::outcome::RunOutcome;
use crate::run::polling;
use crate::run::{is_at_rest, is_late, is_terminal};
use crate::types::RunObject;

/// How long the cancelling of a run may take that nobody waits for any more.
const LAST_CALL: Duration = Duration::from_secs(10);

type OnState = Box<dyn FnMut(&RunObject) + Send>;

/// Follows a run until it rests: until it has ended, or waits for tool outputs that
/// nobody here has.
///
/// Made by the method `follow` of every operation that answers with a run: the ones
/// that begin a run, the one that submits tool outputs, and `get_run` for a run that is
/// there already. [`wait`](Self::wait) asks for the state of the run until it rests;
/// [`outcome`](Self::outcome) fetches its messages and steps as well; `stream` goes along
/// the events of the run, where its operation has some.
///
/// An unknown state is one to wait in. All of it ends at the [`deadline`](Self::deadline).
///
/// # Examples
///
/// ```no_run
/// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
/// use std::time::Duration;
///
/// let run = client
///     .get_run()
///     .thread_id("thread_1")
///     .run_id("run_1")
///     .follow()
///     .deadline(Duration::from_secs(120))
///     .on_state(|run| println!("{}", run.status))
///     .wait()
///     .await?;
/// println!("it ended {}", run.status);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until `wait`, `outcome` or `stream` is called"]
pub struct Follow<O> {
    pub(crate) operation: O,
    pub(crate) settings: Settings,
}

/// What the caller wants of it.
pub(crate) struct Settings {
    interval: Option<Duration>,
    deadline: Duration,
    cancelled: Option<Cancelled>,
    cancel_run: bool,
    on_state: Option<OnState>,
    #[cfg(feature = "tools")]
    pub(crate) rounds: crate::run::rounds::Rounds,
}

impl<O> Follow<O> {
    pub(crate) fn new(operation: O) -> Self {
        Self {
            operation,
            settings: Settings {
                interval: None,
                deadline: polling::DEADLINE,
                cancelled: None,
                cancel_run: false,
                on_state: None,
                #[cfg(feature = "tools")]
                rounds: crate::run::rounds::Rounds::default(),
            },
        }
    }

    /// How long to wait between two looks at the run. By default as long as the server
    /// says in `openai-poll-after-ms`, and one second where it says nothing. Streams
    /// have no use for it.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.settings.interval = Some(interval);
        self
    }

    /// How long all of it may take, from the first request to the last, tools included.
    /// By default 15 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// Stops waiting when this future completes: the cancelled token of your runtime, the
    /// receiving end of a channel, Ctrl-C. The error then is
    /// [`is_cancelled`](Error::is_cancelled). The run goes on at the server, unless
    /// [`cancel_run`](Self::cancel_run) says otherwise.
    pub fn cancel_on<F>(mut self, cancelled: F) -> Self
    where
        F: Future + Send + 'static,
    {
        self.settings.cancelled = Some(Box::pin(async { drop(cancelled.await) }));
        self
    }

    /// Whether to cancel the run at the server when this ends with an error and the
    /// run has not ended: at the deadline, on [`cancel_on`](Self::cancel_on), at the
    /// failure of a tool. By default the run goes on, and the error tells its id.
    ///
    /// The server has ten seconds for it, and ten more to tell of the run if it has not
    /// yet; [`Error::is_run_cancelled`] tells whether it went well. Nothing is cancelled
    /// when the future or the stream is dropped.
    pub fn cancel_run(mut self, yes: bool) -> Self {
        self.settings.cancel_run = yes;
        self
    }

    /// Is called with the state of the run: with each answer when polling, the first and
    /// the last included, and with each event about the run in a stream.
    pub fn on_state(mut self, see: impl FnMut(&RunObject) + Send + 'static) -> Self {
        self.settings.on_state = Some(Box::new(see));
        self
    }
}

impl<O: Operation<Output = RunObject>> Follow<O> {
    /// Sends the operation and asks for the state of the run until it rests.
    ///
    /// Whatever that state is, it is no error: look at `status`. Nor is a look that fails
    /// for a reason that may pass, such as a server that is busy: it is repeated until the
    /// deadline. The headers, the query and the time-out of the call go for all requests.
    ///
    /// # Errors
    /// A call fails, the deadline has passed, or the caller has given up.
    /// [`Error::run_id`] tells which run it was, once that is known.
    pub async fn wait(self) -> Result<RunObject> {
        let (mut course, mut guard, request) = Course::of(self.operation, self.settings)?;
        let run = course.rest(&mut guard, request).await;
        course.run.end(run).await
    }

    /// Like [`wait`](Self::wait), and fetches the messages and the steps of the run.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn outcome(self) -> Result<RunOutcome> {
        let (mut course, mut guard, request) = Course::of(self.operation, self.settings)?;
        let outcome = match course.rest(&mut guard, request).await {
            Ok(run) => {
                let fetched = guard.watch(RunOutcome::fetch(&course.run, run)).await;
                fetched.unwrap_or_else(|stop| Err(course.run.stopped(&stop)))
            }
            Err(error) => Err(error),
        };
        course.run.end(outcome).await
    }
}

/// A run on its way.
#[derive(Clone)]
pub(crate) struct Followed {
    pub(crate) client: Client,
    /// What the first call adds to the settings of the client goes for all of them.
    options: RequestOptions,
    place: RunPlace,
    /// As far as it is known.
    status: Option<String>,
    /// Why it is not known better.
    look_failed: Option<String>,
    cancel_run: bool,
}

/// How a run is brought to where it rests.
pub(crate) struct Course {
    pub(crate) run: Followed,
    interval: Option<Duration>,
    on_state: Option<OnState>,
    #[cfg(feature = "tools")]
    pub(crate) rounds: crate::run::rounds::Rounds,
}

impl Course {
    fn of(operation: impl Operation, settings: Settings) -> Result<(Self, Guard, Request)> {
        let request = operation::request(operation)?;
        let (course, guard) = Self::new(&request, settings);
        Ok((course, guard, request))
    }

    pub(crate) fn new(request: &Request, settings: Settings) -> (Self, Guard) {
        let client = request.client.clone();
        let guard = Guard::new(
            &client.config().clock,
            settings.deadline,
            settings.cancelled,
        );
        let course = Self {
            run: Followed {
                options: request.options.for_another_call(),
                place: request.place(),
                status: None,
                look_failed: None,
                client,
                cancel_run: settings.cancel_run,
            },
            interval: settings.interval,
            on_state: settings.on_state,
            #[cfg(feature = "tools")]
            rounds: settings.rounds,
        };
        (course, guard)
    }

    /// Sends the request and goes on, tools included, until the run rests.
    async fn rest(&mut self, guard: &mut Guard, request: Request) -> Result<RunObject> {
        let mut begun = pin!(operation::send_request(request));
        let first: Response<RunObject> = match guard.watch(begun.as_mut()).await {
            Ok(first) => first?,
            Err(stop) => {
                let error = self.run.stopped(&stop);
                let has_begun = guard.has_begun();
                let known = self.run.before_cancelling(has_begun, begun).await;
                if let Some(Ok(first)) = known {
                    self.see(&first);
                }
                return Err(error);
            }
        };
        let run = guard.watch(self.reach_rest(first)).await;
        run.unwrap_or_else(|stop| Err(self.run.stopped(&stop)))
    }

    async fn reach_rest(&mut self, first: Response<RunObject>) -> Result<RunObject> {
        let mut run = self.settled(first).await?;
        while let Some(submission) = self.answer(&run).await? {
            let submission = self.run.request(submission)?;
            let taken = match operation::send_request(submission).await {
                // An earlier attempt may have been taken, and its answer lost.
                Err(error)
                    if error.attempts() > 1 && (error.is_bad_request() || error.is_conflict()) =>
                {
                    operation::send_request(self.run.look()?).await?
                }
                taken => taken?,
            };
            run = self.settled(taken).await?;
        }
        Ok(run)
    }

    /// Asks for the state of the run until it rests. A look that fails for a reason that
    /// may pass is no news: it is repeated, like one that finds the run on its way.
    async fn settled(&mut self, first: Response<RunObject>) -> Result<RunObject> {
        let mut seen = first;
        self.see(&seen);
        while !is_at_rest(seen.status.as_str()) {
            let delay = polling::delay(self.interval, seen.headers());
            self.run.client.config().clock.sleep(delay).await;
            match operation::send_request(self.run.look()?).await {
                Ok(answer) => {
                    seen = answer;
                    self.see(&seen);
                }
                Err(error) if error.is_retryable() => {
                    self.run.look_failed = Some(error.message().to_owned());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(seen.into_inner())
    }

    /// Whether the run, as it was last seen, goes no further by itself.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.run.status.as_deref().is_some_and(is_at_rest)
    }

    /// Takes note of a state of the run.
    pub(crate) fn see(&mut self, run: &RunObject) {
        self.run.learn(Some(&run.thread_id), Some(&run.id));
        self.run.look_failed = None;
        if !is_late(self.run.is_over(), run.status.as_str()) {
            self.run.status = Some(run.status.as_str().to_owned());
        }
        if let Some(see) = &mut self.on_state {
            see(run);
        }
    }
}

impl Followed {
    /// The request of an operation on this run.
    fn request(&self, operation: impl Operation) -> Result<Request> {
        Ok(self.with_options(operation::request(operation)?))
    }

    pub(crate) fn with_options(&self, mut request: Request) -> Request {
        request.options = self.options();
        request
    }

    /// What the calls of this run add to the settings of the client.
    pub(crate) fn options(&self) -> RequestOptions {
        self.options.clone()
    }

    fn look(&self) -> Result<Request> {
        let RunPlace {
            thread_id, run_id, ..
        } = &self.place;
        let id = |id: &Option<String>| id.clone().unwrap_or_default();
        let look = self.client.get_run();
        self.request(look.thread_id(id(thread_id)).run_id(id(run_id)))
    }

    /// The thread of the run, as far as it is known.
    pub(crate) fn thread_id(&self) -> &str {
        self.place.thread_id.as_deref().unwrap_or_default()
    }

    /// Notes which run it is.
    pub(crate) fn learn(&mut self, thread_id: Option<&str>, run_id: Option<&str>) {
        for (known, id) in [
            (&mut self.place.thread_id, thread_id),
            (&mut self.place.run_id, run_id),
        ] {
            // A server may leave out what the path says.
            let id = id.filter(|id| !id.is_empty());
            if id.is_some() && known.as_deref() != id {
                *known = id.map(str::to_owned);
            }
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.status.as_deref().is_some_and(is_terminal)
    }

    /// The error of having to stop here.
    pub(crate) fn stopped(&self, stop: &Stop) -> Error {
        let state = match (&self.status, &self.look_failed) {
            (Some(status), Some(reason)) => {
                format!("the run was `{status}`, and the last look at it failed ({reason})")
            }
            (Some(status), None) if self.is_over() => {
                format!("the run is `{status}`, but not all of it is here")
            }
            (Some(status), None) => format!("the run is still `{status}`"),
            (None, _) => "there is no word of the run".to_owned(),
        };
        stop.error(&state)
    }

    /// A run that is to be cancelled has to be known: what tells of it is waited for a
    /// little longer.
    pub(crate) async fn before_cancelling<F: Future>(
        &self,
        has_begun: bool,
        work: F,
    ) -> Option<F::Output> {
        if self.cancel_run && self.place.run_id.is_none() && has_begun {
            self.last_call().before(work).await
        } else {
            None
        }
    }

    /// What the run came to; or the error, which says which run it was. The run is
    /// cancelled if the caller wants that.
    async fn end<T>(self, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.fail(error).await),
        }
    }

    /// The error, once the run is cancelled, if it is under way and the caller wants that.
    pub(crate) async fn fail(mut self, error: Error) -> Error {
        self.learn(error.thread_id(), error.run_id());
        let RunPlace {
            thread_id, run_id, ..
        } = &self.place;
        let error = error.in_run(thread_id.as_deref(), run_id.as_deref());
        match (thread_id, run_id) {
            (Some(thread_id), Some(run_id)) if self.cancel_run && !self.is_over() => {
                error.run_cancelled(self.cancel(thread_id, run_id).await)
            }
            _ => error,
        }
    }

    /// Cancels the run; tells whether the server has taken that, in time.
    async fn cancel(&self, thread_id: &str, run_id: &str) -> bool {
        let cancel = self.client.cancel_run().thread_id(thread_id).run_id(run_id);
        let call = async { operation::send_request::<RunObject>(self.request(cancel)?).await };
        matches!(self.last_call().before(call).await, Some(Ok(_)))
    }

    fn last_call(&self) -> Deadline {
        Deadline::new(&self.client.config().clock, LAST_CALL)
    }
}

/// Without tools there is nothing to go on with.
#[cfg(not(feature = "tools"))]
impl Course {
    pub(crate) fn waits_for_tools(&self, _: &RunObject) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "with tools it waits for them")]
    pub(crate) async fn answer(
        &mut self,
        _: &RunObject,
    ) -> Result<Option<crate::operations::SubmitToolOutputsToRun>> {
        Ok(None)
    }
}

impl<O: fmt::Debug> fmt::Debug for Follow<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("operation", &self.operation)
            .field("interval", &self.settings.interval)
            .field("deadline", &self.settings.deadline)
            .field("cancel_run", &self.settings.cancel_run)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::operations::CreateRun;
    use crate::testing::{PAUSE, STALL, Server, TestClock, answer, create_run, reply, run, until};

    fn state(status: &str) -> String {
        answer(&run(status))
    }

    fn follow(client: &Client) -> Follow<CreateRun> {
        create_run(client).follow()
    }

    fn milliseconds(milliseconds: &[u64]) -> Vec<Duration> {
        milliseconds
            .iter()
            .copied()
            .map(Duration::from_millis)
            .collect()
    }

    #[tokio::test]
    async fn every_state_of_rest_ends_the_wait() {
        for rest in [
            "requires_action",
            "completed",
            "incomplete",
            "failed",
            "cancelled",
            "expired",
        ] {
            let replies = ["queued", "in_progress", "cancelling", rest].map(state);
            let server = Server::start(replies).await;
            let seen = Arc::new(Mutex::new(Vec::new()));
            let log = seen.clone();
            let run = follow(&server.client())
                .on_state(move |run| log.lock().unwrap().push(run.status.to_string()))
                .wait()
                .await
                .unwrap();
            assert_eq!(run.status.as_str(), rest);
            assert_eq!(
                *seen.lock().unwrap(),
                ["queued", "in_progress", "cancelling", rest]
            );
            assert_eq!(
                server.lines(),
                [
                    "POST /v1/threads/thread_1/runs",
                    "GET /v1/threads/thread_1/runs/run_1",
                    "GET /v1/threads/thread_1/runs/run_1",
                    "GET /v1/threads/thread_1/runs/run_1"
                ]
            );
        }
    }

    #[tokio::test]
    async fn the_server_says_at_every_look_when_to_look_again() {
        let after = |value: &str| {
            reply(
                200,
                &format!("openai-poll-after-ms: {value}\r\n"),
                &run("in_progress").to_string(),
            )
        };
        let server = Server::start([
            after("250"),
            after("40"),
            state("queued"),
            after("0"),
            after("soon"),
            after("99999999"),
            state("completed"),
        ])
        .await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        follow(&client).wait().await.unwrap();
        assert_eq!(
            clock.sleeps(),
            milliseconds(&[250, 40, 1000, 1000, 1000, 60_000])
        );
    }

    #[tokio::test]
    async fn the_caller_says_it_better_than_the_server() {
        let header = "openai-poll-after-ms: 250\r\n";
        let server = Server::start([
            reply(200, header, &run("in_progress").to_string()),
            state("in_progress"),
            state("completed"),
        ])
        .await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let interval = Duration::from_millis(70);
        follow(&client).interval(interval).wait().await.unwrap();
        assert_eq!(clock.sleeps(), milliseconds(&[70, 70]));
    }

    #[tokio::test]
    async fn an_unknown_state_is_waited_in_until_the_deadline() {
        let server = Server::start([state("pondering")]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let work = tokio::spawn(follow(&client).deadline(Duration::from_secs(90)).wait());
        until(|| server.requests().len() > 20).await;
        assert!(clock.sleeps().iter().all(|sleep| sleep.as_secs() == 1));
        clock.pass();
        let error = work.await.unwrap().expect_err("the time is over");
        assert!(error.is_timeout() && !error.is_retryable());
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_1"))
        );
        assert!(clock.timeouts().contains(&Duration::from_secs(90)));
        assert!(error.to_string().contains("90s") && error.to_string().contains("run_1"));
        assert!(server.lines().iter().all(|line| !line.contains("cancel")));
    }

    #[tokio::test]
    async fn a_run_is_cancelled_if_that_is_asked_for() {
        for asked in [true, false] {
            let server = Server::start([state("in_progress")]).await;
            let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
            let client = server.client();
            let work = follow(&client)
                .cancel_run(asked)
                .cancel_on(async { drop(given_up.await) });
            let work = tokio::spawn(work.wait());
            until(|| server.requests().len() > 2).await;
            give_up.send(()).unwrap();
            let error = work.await.unwrap().expect_err("it is given up");
            assert!(error.is_cancelled() && !error.is_timeout());
            assert_eq!(error.run_id(), Some("run_1"));
            let last = server.lines().pop().unwrap();
            assert_eq!(
                last == "POST /v1/threads/thread_1/runs/run_1/cancel",
                asked,
                "{last}"
            );
        }
    }

    #[tokio::test]
    async fn what_is_given_up_at_once_sends_nothing() {
        let server = Server::start([state("in_progress")]).await;
        let error = follow(&server.client())
            .cancel_run(true)
            .cancel_on(ready(()))
            .wait()
            .await
            .expect_err("it is given up");
        assert!(error.is_cancelled());
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), None)
        );
        assert!(server.requests().is_empty());
    }

    #[tokio::test]
    async fn a_failing_look_tells_which_run_it_was() {
        let gone = reply(404, "", r#"{"error":{"message":"No run found"}}"#);
        let server = Server::start([state("queued"), gone]).await;
        let error = follow(&server.client())
            .cancel_on(pending::<()>())
            .wait()
            .await
            .expect_err("it is gone");
        assert!(error.is_not_found());
        assert_eq!(
            (error.operation(), error.run_id()),
            (Some("getRun"), Some("run_1"))
        );
    }

    #[tokio::test]
    async fn what_one_call_adds_goes_for_all() {
        let server = Server::start([state("queued"), state("completed")]).await;
        let client = server.client();
        let call = create_run(&client)
            .header("x-tenant", "a")
            .query("version", "1");
        call.follow().wait().await.unwrap();
        for request in server.requests() {
            assert!(request.contains("x-tenant: a"), "{request}");
            assert!(request.lines().next().unwrap().contains("?version=1"));
        }
    }

    #[tokio::test]
    async fn the_outcome_has_the_messages_and_steps_of_the_run() {
        let list = |items: &str| {
            reply(
                200,
                "",
                &format!(r#"{{"data":[{items}],"has_more":false}}"#),
            )
        };
        let message = |id: &str, run: &str| {
            format!(
                r#"{{"id":"{id}","thread_id":"thread_1","created_at":0,"role":"assistant","run_id":{run},"content":[]}}"#
            )
        };
        let messages = [
            message("msg_1", r#""run_0""#),
            message("msg_2", r#""run_1""#),
        ];
        let step = r#"{"id":"step_1","run_id":"run_1","thread_id":"thread_1","assistant_id":"asst_1","created_at":0,
            "type":"message_creation","status":"completed","step_details":{"type":"message_creation","message_creation":{"message_id":"msg_2"}}}"#;
        let server =
            Server::start([state("completed"), list(&messages.join(",")), list(step)]).await;
        let outcome = follow(&server.client()).outcome().await.unwrap();
        let ids = |messages: &[crate::types::MessageObject]| {
            messages
                .iter()
                .map(|message| message.id.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&outcome.messages), ["msg_2"]);
        assert_eq!(outcome.steps[0].id, "step_1");
        assert_eq!(outcome.run.id, "run_1");
        let lines = server.lines();
        assert!(
            lines[1].starts_with("GET /v1/threads/thread_1/messages?"),
            "{lines:?}"
        );
        assert!(lines[1].contains("run_id=run_1") && lines[1].contains("order=asc"));
        assert!(lines[2].starts_with("GET /v1/threads/thread_1/runs/run_1/steps?"));
    }

    fn cancelling() -> String {
        state("cancelling")
    }

    fn is_cancelled(server: &Server) -> bool {
        server
            .lines()
            .iter()
            .any(|line| line.ends_with("/run_1/cancel"))
    }

    #[tokio::test]
    async fn a_look_that_fails_for_a_while_is_repeated() {
        let down = || reply(503, "retry-after-ms: 1\r\n", "");
        let mut replies = vec![state("in_progress")];
        replies.extend((0..7).map(|_| down()));
        replies.push(state("completed"));
        let server = Server::start(replies).await;
        let run = follow(&server.client()).cancel_run(true).wait().await;
        assert_eq!(run.unwrap().status.as_str(), "completed");
        assert!(!is_cancelled(&server));
    }

    #[tokio::test]
    async fn the_deadline_tells_what_was_last_known_and_why_not_more() {
        let server = Server::start([state("in_progress"), reply(503, "", "busy")]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let limit = Duration::from_secs(90);
        let work = tokio::spawn(follow(&client).deadline(limit).wait());
        until(|| server.requests().len() > 9).await;
        clock.pass_only(limit);
        let text = work.await.unwrap().expect_err("it is over").to_string();
        assert!(text.contains("the run was `in_progress`"), "{text}");
        assert!(text.contains("(busy) after 90s"), "{text}");
        assert!(text.contains("cancel it, or allow more time"), "{text}");
    }

    #[tokio::test]
    async fn a_run_that_is_there_already_is_cancelled_as_well() {
        for first in [reply(400, "", ""), STALL.to_string()] {
            let server = Server::start([first.clone(), cancelling()]).await;
            let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
            let look = server.client().get_run();
            let work = look.thread_id("thread_1").run_id("run_1").follow();
            let work = work.cancel_run(true).cancel_on(given_up);
            let work = tokio::spawn(work.wait());
            until(|| server.requests().len() == 1).await;
            if first.starts_with(STALL) {
                give_up.send(()).unwrap();
            } else {
                std::mem::forget(give_up);
            }
            let error = work.await.unwrap().expect_err("it fails, or is given up");
            assert!(is_cancelled(&server), "{error}");
            assert!(error.is_run_cancelled());
            assert!(
                error.to_string().ends_with("; the run has been cancelled"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn a_run_that_is_about_to_begin_is_cancelled_when_it_has_begun() {
        let slow = format!("{PAUSE}{PAUSE}{PAUSE}{}", state("queued"));
        let server = Server::start([slow, cancelling()]).await;
        let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
        let work = follow(&server.client())
            .cancel_run(true)
            .cancel_on(given_up);
        let work = tokio::spawn(work.wait());
        until(|| server.requests().len() == 1).await;
        give_up.send(()).unwrap();
        let error = work.await.unwrap().expect_err("it is given up");
        assert!(error.is_cancelled() && error.is_run_cancelled(), "{error}");
        assert_eq!(error.run_id(), Some("run_1"));
    }

    #[tokio::test]
    async fn a_run_that_cannot_be_cancelled_is_told_of() {
        let server = Server::start([reply(400, "", "")]).await;
        let look = server.client().get_run();
        let work = look.thread_id("thread_1").run_id("run_1").follow();
        let error = work.cancel_run(true).wait().await.expect_err("it fails");
        assert!(is_cancelled(&server) && !error.is_run_cancelled());
        assert!(
            error.to_string().contains("could not be cancelled"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn what_identifies_one_call_is_not_sent_with_another() {
        let list = || reply(200, "", r#"{"data":[],"has_more":false}"#);
        let server = Server::start([state("queued"), state("completed"), list(), list()]).await;
        let call = create_run(&server.client());
        let call = call.header("idempotency-key", "1").header("x-tenant", "a");
        call.follow().outcome().await.unwrap();
        let requests = server.requests();
        assert_eq!(requests.len(), 4);
        assert!(
            requests
                .iter()
                .all(|request| request.contains("x-tenant: a"))
        );
        let keys = requests
            .iter()
            .filter(|request| request.contains("idempotency-key"));
        assert_eq!(keys.count(), 1);
    }
}
