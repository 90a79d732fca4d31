//! Waits until a thread has no active run.

use std::fmt;
use std::time::Duration;

use crate::client::core::Client;
use crate::client::operation;
use crate::error::core::{Error, Result};
use crate::run::limits::StopReason;
use crate::run::wait_settings::{WaitSettings, wait_setters};
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
            wait: WaitSettings::default(),
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
    wait: WaitSettings,
}

impl UntilIdle {
    wait_setters!();

    /// Polls the newest runs of the thread until none is active.
    ///
    /// A poll with a transient failure is repeated, as in [`Follow::wait`](crate::Follow::wait).
    ///
    /// # Errors
    /// A call fails, the deadline passes, or the caller cancels.
    /// [`Error::run_id`](crate::Error::run_id) returns the ID of the active run.
    pub async fn wait(self) -> Result<()> {
        let clock = &self.client.config().clock;
        let (mut pace, mut limits) = self.wait.start(clock);
        let mut delay = Duration::ZERO;
        let mut active: Option<RunObject> = None;
        let mut poll_error = None;
        // The deadline, once it has passed. One poll follows.
        let mut elapsed = None;
        let error = loop {
            let poll = async {
                if !delay.is_zero() {
                    clock.sleep(delay).await;
                }
                let runs = self.client.list_runs().thread_id(&self.thread_id);
                operation::send_response(runs.query("order", "desc")).await
            };
            let reason = match limits.run(poll).await {
                Ok(Ok(runs)) => {
                    pace.update(runs.headers());
                    delay = pace.delay();
                    let mut runs = runs.into_inner().data.into_iter();
                    active = runs.find(|run| run.status.is_active());
                    poll_error = None;
                    if active.is_none() {
                        return Ok(());
                    }
                    elapsed.take()
                }
                Ok(Err(error)) => match pace.delay_after(&error) {
                    Some(after) => {
                        delay = after;
                        poll_error = Some(error);
                        elapsed.take()
                    }
                    None => break error,
                },
                Err(StopReason::Deadline(limit)) if elapsed.is_none() => {
                    elapsed = Some(StopReason::Deadline(limit));
                    delay = Duration::ZERO;
                    None
                }
                Err(reason) => Some(reason),
            };
            if let Some(reason) = reason {
                break reason.error(&state(active.as_ref(), poll_error.as_ref()));
            }
        };
        let run_id = active.as_ref().map(|run| run.id.as_str());
        Err(error.in_run(Some(&self.thread_id), run_id))
    }
}

/// Describes the progress of the wait.
fn state(active: Option<&RunObject>, poll_error: Option<&Error>) -> String {
    let state = match active {
        Some(run) => format!("the run {} is still `{}`", run.id, run.status),
        None => "the runs of the thread were not returned".to_owned(),
    };
    match poll_error {
        Some(error) => format!("{state}, and the last poll failed ({})", error.message()),
        None => state,
    }
}

impl fmt::Debug for UntilIdle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UntilIdle")
            .field("thread_id", &self.thread_id)
            .field("interval", &self.wait.interval)
            .field("deadline", &self.wait.deadline)
            .finish_non_exhaustive()
    }
}
