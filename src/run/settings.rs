//! The settings of following a run, as plain data.

use std::time::Duration;

use crate::run::limits::Cancellation;
use crate::run::responders::Responders;
use crate::types::RunObject;

pub(crate) type OnState = Box<dyn FnMut(&RunObject) + Send>;

/// Longer than the lifetime of a run: OpenAI's service expired runs after ten minutes.
pub(crate) const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// The settings of following a run.
pub(crate) struct FollowSettings {
    pub(crate) interval: Option<Duration>,
    pub(crate) deadline: Duration,
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) cancels_run: bool,
    pub(crate) on_state: Option<OnState>,
    pub(crate) responders: Responders,
}

impl Default for FollowSettings {
    fn default() -> Self {
        Self {
            interval: None,
            deadline: DEADLINE,
            cancellation: None,
            cancels_run: false,
            on_state: None,
            responders: Responders::default(),
        }
    }
}
