//! Asking again and again: how long to wait in between, and waiting for a thread.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use http::HeaderMap;

use crate::Client;
use crate::error::Result;
use crate::operation;
use crate::run::guard::{Cancelled, Guard};
use crate::run::is_terminal;
use crate::types::RunObject;

/// Where neither the caller nor the server says how long.
const INTERVAL: Duration = Duration::from_secs(1);
/// A server that asks for more than this is asked earlier.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
const POLL_AFTER: &str = "openai-poll-after-ms";
/// Runs expire long before, where servers do as OpenAI did: after ten minutes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// How long to wait before the next look: as the caller wants, else as the server says.
pub(crate) fn delay(interval: Option<Duration>, headers: &HeaderMap) -> Duration {
    interval.or_else(|| poll_after(headers)).unwrap_or(INTERVAL)
}

fn poll_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(POLL_AFTER)?.to_str().ok()?.trim();
    // 0 would make a loop without a pause.
    let milliseconds = value
        .parse()
        .ok()
        .filter(|milliseconds| *milliseconds > 0)?;
    Some(Duration::from_millis(milliseconds).min(LONGEST_INTERVAL))
}

impl Client {
    /// Waits until no run is active on a thread: until messages can be added to it and
    /// another run can be made.
    ///
    /// A run that waits for tool outputs is active, and so is one in a state that this
    /// crate does not know.
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
    pub fn until_idle(&self, thread_id: impl Into<String>) -> UntilIdle {
        UntilIdle {
            client: self.clone(),
            thread_id: thread_id.into(),
            interval: None,
            deadline: DEADLINE,
            cancelled: None,
        }
    }
}

/// Waits until no run is active on a thread; made by [`Client::until_idle`].
#[must_use = "nothing is sent until `wait` is called"]
pub struct UntilIdle {
    client: Client,
    thread_id: String,
    interval: Option<Duration>,
    deadline: Duration,
    cancelled: Option<Cancelled>,
}

impl UntilIdle {
    /// How long to wait between two looks at the thread. By default as long as the
    /// server says in `openai-poll-after-ms`, and one second where it says nothing.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// How long all of it may take. By default 15 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Gives up when this future completes.
    pub fn cancel_on<F>(mut self, cancelled: F) -> Self
    where
        F: Future + Send + 'static,
    {
        self.cancelled = Some(Box::pin(async { drop(cancelled.await) }));
        self
    }

    /// Looks at the newest runs of the thread until none of them is active.
    ///
    /// # Errors
    /// A call fails, the deadline has passed, or the caller has given up.
    /// [`Error::run_id`](crate::Error::run_id) tells which run was active.
    pub async fn wait(mut self) -> Result<()> {
        let clock = self.client.config().clock.clone();
        let mut guard = Guard::new(&clock, self.deadline, self.cancelled.take());
        let mut active: Option<RunObject> = None;
        let work = guard.watch(async {
            loop {
                let runs = self.client.list_runs().thread_id(&self.thread_id);
                let runs = operation::send_response(runs.query("order", "desc")).await?;
                let delay = delay(self.interval, runs.headers());
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
        let work = work.await;
        let result = work.unwrap_or_else(|stop| {
            Err(stop.error(&match &active {
                Some(run) => format!("the run {} is still `{}`", run.id, run.status),
                None => "there is no word of the thread".to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Server, TestClock, reply, until};

    fn runs(statuses: &[&str]) -> String {
        let runs: Vec<String> = statuses
            .iter()
            .enumerate()
            .map(|(number, status)| {
                format!(
                    r#"{{"id":"run_{number}","thread_id":"thread_1","assistant_id":"asst_1","created_at":0,"model":"m","status":"{status}"}}"#
                )
            })
            .collect();
        let body = format!(r#"{{"data":[{}],"has_more":true}}"#, runs.join(","));
        reply(200, "", &body)
    }

    #[tokio::test]
    async fn a_thread_is_idle_when_all_its_runs_have_ended() {
        let server = Server::start([
            runs(&["completed", "in_progress"]),
            runs(&["requires_action", "completed"]),
            runs(&["pondering"]),
            runs(&["completed", "failed", "expired", "cancelled", "incomplete"]),
        ])
        .await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        client.until_idle("thread_1").wait().await.unwrap();
        assert_eq!(
            server.lines(),
            ["GET /v1/threads/thread_1/runs?order=desc"; 4]
        );
        assert_eq!(clock.sleeps(), [INTERVAL; 3]);
    }

    #[tokio::test]
    async fn a_thread_without_runs_is_idle() {
        let server = Server::start([runs(&[])]).await;
        server.client().until_idle("thread_1").wait().await.unwrap();
        assert_eq!(server.lines().len(), 1);
    }

    #[tokio::test]
    async fn the_deadline_tells_which_run_is_active() {
        let server = Server::start([runs(&["completed", "requires_action"])]).await;
        let clock = TestClock::default();
        let client = server.builder(&clock).build().unwrap();
        let work = tokio::spawn(client.until_idle("thread_1").wait());
        until(|| server.requests().len() > 2).await;
        clock.pass();
        let error = work.await.unwrap().expect_err("the time is over");
        assert!(error.is_timeout());
        assert_eq!(
            (error.thread_id(), error.run_id()),
            (Some("thread_1"), Some("run_1"))
        );
    }

    #[tokio::test]
    async fn waiting_for_a_thread_can_be_given_up() {
        let server = Server::start([runs(&["queued"])]).await;
        let client = server.client();
        let (give_up, given_up) = tokio::sync::oneshot::channel::<()>();
        let wait = client
            .until_idle("thread_1")
            .cancel_on(async { drop(given_up.await) });
        let work = tokio::spawn(wait.wait());
        until(|| server.requests().len() > 2).await;
        give_up.send(()).unwrap();
        let error = work.await.unwrap().expect_err("it is given up");
        assert!(error.is_cancelled());
    }
}
