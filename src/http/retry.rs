//! Retries failed attempts by the class of the failure, as far as the budget goes.

use tower::retry::Policy;

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::clock::Sleep;

/// The retries of a call so far.
#[derive(Clone, Default)]
pub(super) struct Retries {
    count: u32,
}

impl<T> Policy<Call, T, Error> for Retries {
    type Future = Sleep;

    fn retry(&mut self, call: &mut Call, result: &mut Result<T>) -> Option<Sleep> {
        let config = &call.config;
        let budget = config.budget.as_deref();
        let Err(error) = result else {
            budget.inspect(|budget| budget.deposit());
            return None;
        };
        let policy = call.retry_policy();
        let mut delay = match policy.allows(error.failure(), call.is_idempotent()) {
            true => policy.delay(self.count, error.retry_after(), (config.random)()),
            false => None,
        };
        let is_paid = || budget.is_none_or(|budget| budget.withdraw(error.is_timeout()));
        if delay.is_some() && !is_paid() {
            error.add_note("no retry: the retry budget of the client is used up");
            delay = None;
        }
        tracing::debug!(
            error.kind = error.kind().as_str(),
            status = error.status().map(|status| status.as_u16()),
            request_id = error.request_id(),
            delay = delay.map(|delay| delay.as_secs_f64()),
            "attempt failed"
        );
        self.count += 1;
        call.progress().last_failure = Some(error.message().to_owned());
        delay.map(|delay| config.clock.sleep(delay))
    }

    fn clone_request(&mut self, call: &Call) -> Option<Call> {
        Some(call.clone())
    }
}
