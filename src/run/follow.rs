//! The builder that follows a run until it is terminal or blocked.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::client::operation::Operation;
use crate::error::core::Result;
use crate::run::driver::RunDriver;
use crate::run::outcome::RunOutcome;
use crate::run::settings::FollowSettings;
use crate::run::span::RunSpan;
use crate::types::RunObject;

/// Polls or streams a run until it completes or requires action.
///
/// Created by the method `follow` of every operation that returns a run: those that create a run,
/// the one that submits tool outputs, and `get_run` for an existing run. [`wait`](Self::wait) polls
/// and returns the run, [`outcome`](Self::outcome) also fetches its messages and steps, and
/// `stream` yields its events, where the operation can stream.
///
/// Unknown statuses count as still running. The [`deadline`](Self::deadline) limits all of it.
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
/// println!("final status: {}", run.status);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent until `wait`, `outcome` or `stream` is called"]
pub struct Follow<O> {
    pub(crate) operation: O,
    pub(crate) settings: FollowSettings,
}

impl<O> Follow<O> {
    pub(crate) fn new(operation: O) -> Self {
        Self {
            operation,
            settings: FollowSettings::default(),
        }
    }

    /// Sets the interval between two polls.
    ///
    /// The default is the value of the header `openai-poll-after-ms`, or one second without it.
    /// Streams do not use it.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.settings.wait.interval = Some(interval);
        self
    }

    /// Sets the deadline from the first request to the last, tools included.
    ///
    /// The default is 15 minutes. After the deadline the run is fetched once more, for up to ten
    /// seconds, and returned if it has ended.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.wait.deadline = deadline;
        self
    }

    /// Cancels the wait when this future completes.
    ///
    /// Pass a cancellation token of your runtime, or wrap the receiver of a channel or Ctrl-C. The
    /// error then is [`is_cancelled`](crate::Error::is_cancelled). The run continues on the server,
    /// unless [`cancel_run`](Self::cancel_run) is set. A run that has already ended is returned.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// let fetch = client.get_run().thread_id("thread_1").run_id("run_1");
    /// let ctrl_c = async { tokio::signal::ctrl_c().await.expect("the handler is installed") };
    /// let run = fetch.follow().cancel_on(ctrl_c).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A future with another output is not accepted, because it may complete for other reasons: that
    /// of a channel also completes when its sender is dropped.
    ///
    /// ```compile_fail,E0271
    /// # fn example(client: openai_assistants::Client, cancelled: tokio::sync::oneshot::Receiver<()>) {
    /// let fetch = client.get_run().thread_id("thread_1").run_id("run_1");
    /// let follow = fetch.follow().cancel_on(cancelled);
    /// # }
    /// ```
    pub fn cancel_on<F>(mut self, cancelled: F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.settings.wait.cancellation = Some(Box::pin(cancelled));
        self
    }

    /// Sets whether a failure also cancels the run on the server.
    ///
    /// Failures include the deadline, [`cancel_on`](Self::cancel_on) and an aborting tool. Only an
    /// active run is cancelled. By default the run continues, and the error has its ID.
    ///
    /// The server has ten seconds to cancel the run, and ten more to return its ID if that is not
    /// known. [`Error::is_run_cancelled`](crate::Error::is_run_cancelled) returns whether that
    /// succeeded. Nothing is cancelled when the future or the stream is dropped.
    pub fn cancel_run(mut self, yes: bool) -> Self {
        self.settings.cancels_run = yes;
        self
    }

    /// Sets how many rounds of tool calls are allowed.
    ///
    /// The default is 32. One more is an error with [`is_tool`](crate::Error::is_tool).
    #[cfg(any(feature = "tools", assistants_schema = "RunToolCallMcp"))]
    pub fn max_rounds(mut self, max: u32) -> Self {
        self.settings.handlers.max_rounds = max;
        self
    }

    /// Sets the time-out of tools that have no time-out of their own.
    ///
    /// The default is 60 s. It also applies to each call of the functions of `approve` and `computer`. A
    /// function that blocks its thread does not time out.
    #[cfg(any(feature = "tools", assistants_schema = "RunToolCallMcp"))]
    pub fn tool_timeout(mut self, limit: Duration) -> Self {
        self.settings.handlers.timeout = limit;
        self
    }

    /// Sets a function that is called with each state of the run.
    ///
    /// Polling calls it for each response, the first and the last included. A stream calls it for
    /// each event that contains the run. Some servers send stale states.
    pub fn on_state(mut self, observe: impl FnMut(&RunObject) + Send + 'static) -> Self {
        self.settings.on_state = Some(Box::new(observe));
        self
    }
}

impl<O: Operation<Output = RunObject>> Follow<O> {
    /// Sends the operation, then polls until the run completes or requires action.
    ///
    /// No status is an error: check `status`. A poll with a transient failure, such as an overloaded
    /// server or a token provider that fails, is repeated until the deadline, after the interval or
    /// the longer delay that the server requests. So is one that does not find a run that was just
    /// created, for five seconds. Headers, query and time-out of the call apply to all requests.
    ///
    /// # Errors
    /// A call fails, the deadline passes, or the caller cancels.
    /// [`Error::run_id`](crate::Error::run_id) returns the ID of the run, once that is known.
    #[doc(alias = "poll")]
    #[doc(alias = "create_and_poll")]
    pub async fn wait(self) -> Result<RunObject> {
        let (mut driver, request) = RunDriver::polling(self.operation, self.settings)?;
        let mut span = RunSpan::new(&request);
        let run = span.work(driver.poll(request)).await?;
        span.end(&run);
        Ok(run)
    }

    /// Like [`wait`](Self::wait), and fetches the messages and the steps of the run.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    #[doc(alias = "create_and_poll")]
    pub async fn outcome(self) -> Result<RunOutcome> {
        let (mut driver, request) = RunDriver::polling(self.operation, self.settings)?;
        let mut span = RunSpan::new(&request);
        let work = async {
            let run = driver.poll(request).await?;
            driver.outcome(run).await
        };
        let outcome = span.work(work).await?;
        span.outcome(&outcome);
        Ok(outcome)
    }
}

impl<O: fmt::Debug> fmt::Debug for Follow<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("operation", &self.operation)
            .field("interval", &self.settings.wait.interval)
            .field("deadline", &self.settings.wait.deadline)
            .field("cancel_run", &self.settings.cancels_run)
            .finish_non_exhaustive()
    }
}
