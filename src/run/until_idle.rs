//! Waits until a thread has no active run.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::client::core::Client;
use crate::client::operation;
use crate::error::core::Result;
use crate::run::limits::{Cancellation, Limits};
use crate::run::polling;
use crate::run::settings::DEADLINE;
use crate::sse::status::is_terminal;
use crate::types::RunObject;

impl Client {
    /// Waits until a thread has no active run.
    ///
    /// Then messages can be added and another run can be created. A run that requires action is
    /// active, and so is one with an unknown status.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: openai_assistants::Client) -> openai_assistants::Result<()> {
    /// use std::time::Duration;
    ///
    /// client.until_idle("thread_1").deadline(Duration::from_secs(60)).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "poll")]
    #[doc(alias = "wait")]
    pub fn until_idle(&self, thread_id: impl Into<String>) -> UntilIdle {
        UntilIdle {
            client: self.clone(),
            thread_id: thread_id.into(),
            interval: None,
            deadline: DEADLINE,
            cancellation: None,
        }
    }
}

/// Polls until a thread has no active run.
///
/// Created by [`Client::until_idle`].
#[must_use = "nothing is sent until `wait` is called"]
pub struct UntilIdle {
    client: Client,
    thread_id: String,
    interval: Option<Duration>,
    deadline: Duration,
    cancellation: Option<Cancellation>,
}

impl UntilIdle {
    /// Sets the interval between two polls.
    ///
    /// The default is the value of the header `openai-poll-after-ms`, or one second without it.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Sets the deadline of the wait.
    ///
    /// The default is 15 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Cancels the wait when this future completes.
    pub fn cancel_on<F>(mut self, cancelled: F) -> Self
    where
        F: Future + Send + 'static,
    {
        self.cancellation = Some(Box::pin(async { drop(cancelled.await) }));
        self
    }

    /// Polls the newest runs of the thread until none is active.
    ///
    /// # Errors
    /// A call fails, the deadline passes, or the caller cancels.
    /// [`Error::run_id`](crate::Error::run_id) returns the ID of the active run.
    pub async fn wait(mut self) -> Result<()> {
        let clock = self.client.config().clock.clone();
        let mut limits = Limits::new(&clock, self.deadline, self.cancellation.take());
        let mut active: Option<RunObject> = None;
        let work = limits.run(async {
            loop {
                let runs = self.client.list_runs().thread_id(&self.thread_id);
                let runs = operation::send_response(runs.query("order", "desc")).await?;
                let delay = polling::delay(self.interval, runs.headers());
                active = runs
                    .into_inner()
                    .data
                    .into_iter()
                    .find(|run| !is_terminal(run.status.as_str()));
                if active.is_none() {
                    return Ok(());
                }
                clock.sleep(delay).await;
            }
        });
        let result = work.await.unwrap_or_else(|reason| {
            Err(reason.error(&match &active {
                Some(run) => format!("the run {} is still `{}`", run.id, run.status),
                None => "the runs of the thread were not returned".to_owned(),
            }))
        });
        result.map_err(|error| {
            error.in_run(
                Some(&self.thread_id),
                active.as_ref().map(|run| run.id.as_str()),
            )
        })
    }
}

impl fmt::Debug for UntilIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilIdle")
            .field("thread_id", &self.thread_id)
            .field("interval", &self.interval)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
