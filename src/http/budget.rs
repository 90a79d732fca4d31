//! The retry budget of a client, which keeps an outage from being multiplied.

use std::sync::atomic::{AtomicU32, Ordering};

/// How many tokens the budget holds.
const CAPACITY: u32 = 500;
const COST: u32 = 5;
/// A time-out costs the server more than a response.
const COST_AFTER_TIMEOUT: u32 = 10;

/// A token bucket: retries take tokens, and successes return them.
pub(crate) struct RetryBudget(AtomicU32);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicU32::new(CAPACITY))
    }
}

impl RetryBudget {
    /// Takes the tokens of a retry. Returns false if there are too few.
    pub(super) fn withdraw(&self, is_timeout: bool) -> bool {
        let cost = match is_timeout {
            true => COST_AFTER_TIMEOUT,
            false => COST,
        };
        self.update(|tokens| tokens.checked_sub(cost))
    }

    /// Returns the token of a call that succeeded.
    pub(super) fn deposit(&self) {
        self.update(|tokens| (tokens < CAPACITY).then_some(tokens + 1));
    }

    fn update(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        let updated = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        updated.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of retries that are left.
    fn left(budget: &RetryBudget, is_timeout: bool) -> usize {
        (0..).take_while(|_| budget.withdraw(is_timeout)).count()
    }

    #[test]
    fn a_full_budget_has_100_retries_or_50_after_timeouts() {
        assert_eq!(left(&RetryBudget::default(), false), 100);
        assert_eq!(left(&RetryBudget::default(), true), 50);
    }

    #[test]
    fn five_successes_pay_a_retry_up_to_the_capacity() {
        let budget = RetryBudget::default();
        budget.deposit();
        assert_eq!(left(&budget, false), 100);
        (0..14).for_each(|_| budget.deposit());
        assert_eq!(left(&budget, false), 2);
        budget.deposit();
        assert_eq!(left(&budget, false), 1);
    }
}
