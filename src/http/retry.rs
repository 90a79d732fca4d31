//! Retries failed attempts by the class of the failure, as far as the budget goes.

use std::time::Duration;

use tower::retry::Policy;

use crate::error::core::{Error, Result};
use crate::http::call::Call;
use crate::http::clock::Sleep;
use crate::http::request::Request;
use crate::http::request_body::RequestBody;

/// The retries of a call so far.
#[derive(Clone, Default)]
pub(super) struct Retries {
    count: u32,
}

impl<T> Policy<Call, T, Error> for Retries {
    type Future = Sleep;

    fn retry(&mut self, call: &mut Call, result: &mut Result<T>) -> Option<Sleep> {
        let config = &call.config;
        let Err(error) = result else {
            config.budget.as_deref().inspect(|budget| budget.deposit());
            return None;
        };
        let policy = call.retry_policy();
        let delay = match policy.allows(error.failure(), call.is_idempotent()) {
            true => delay(call, self.count, error),
            false => None,
        };
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

/// Returns the delay before a request is sent again, and pays for that from the budget. `count` is how
/// often it was sent again before.
pub(crate) fn delay(request: &Request, count: u32, error: &mut Error) -> Option<Duration> {
    let config = &request.config;
    let policy = request.retry_policy();
    let retry_after = error.retry_after();
    let Some(delay) = policy.delay(count, retry_after, (config.random)()) else {
        if let Some(reason) = policy.refusal(count, retry_after) {
            error.add_note(&format!("no retry: {reason}"));
        }
        return None;
    };
    if !request.can_be_sent() {
        error.add_note(&format!("no retry: {}", RequestBody::SENT_ONCE));
        return None;
    }
    let budget = config.budget.as_deref();
    if budget.is_none_or(|budget| budget.withdraw(error.is_timeout())) {
        return Some(delay);
    }
    error.add_note("no retry: the retry budget of the client is used up");
    None
}
