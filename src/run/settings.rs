//! The settings of following a run, as plain data.

use crate::run::call_handlers::CallHandlers;
use crate::run::wait_settings::WaitSettings;
use crate::types::RunObject;

pub(crate) type OnState = Box<dyn FnMut(&RunObject) + Send>;

/// The settings of following a run.
#[derive(Default)]
pub(crate) struct FollowSettings {
    pub(crate) wait: WaitSettings,
    pub(crate) cancels_run: bool,
    pub(crate) on_state: Option<OnState>,
    pub(crate) handlers: CallHandlers,
}
