//! The retry policy: which failures are retried, how often, and with what back-off.
//!
//! All functions are pure: the time and the random number are arguments.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::error::failure::Failure;

/// Which failures are retried, how often, and with what back-off.
///
/// Every call is retried if the request was not sent, or if the server refused it for now. After
/// other failures the server may have processed it: only idempotent calls are retried, such as GET.
/// [The guide](crate::guides::retries) lists the failures.
///
/// The delay is that of `retry-after-ms` or `retry-after`. Without such a header it is a back-off that
/// doubles with each retry, less a jitter of up to 25 %.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants::{Client, RetryPolicy};
///
/// let policy = RetryPolicy::default().max_retries(6).max_delay(Duration::from_secs(30));
/// let client = Client::builder().api_key("sk-test").retry(policy).build()?;
/// # Ok::<(), openai_assistants::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_retries: u32,
    initial_delay: Duration,
    max_delay: Duration,
    max_retry_after: Duration,
    retries_unknown: bool,
}

impl Default for RetryPolicy {
    /// Two retries, after 0.5 s and 1 s unless the server sets a delay.
    fn default() -> Self {
        Self {
            max_retries: 2,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(8),
            max_retry_after: Duration::from_secs(120),
            retries_unknown: false,
        }
    }
}

impl RetryPolicy {
    /// Creates a policy without retries.
    ///
    /// A rejected token is still refreshed and the request resent, see
    /// [`TokenProvider`](crate::TokenProvider).
    #[must_use]
    pub fn never() -> Self {
        Self::default().max_retries(0)
    }

    /// Sets the maximum number of retries. The default is 2.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the delay before the first retry. The default is 0.5 s.
    ///
    /// It doubles with each further retry.
    #[must_use]
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.initial_delay = delay;
        self
    }

    /// Sets the maximum delay of the back-off. The default is 8 s.
    #[must_use]
    pub fn max_delay(mut self, delay: Duration) -> Self {
        self.max_delay = delay;
        self
    }

    /// Sets the longest accepted server delay. The default is 120 s.
    ///
    /// If a server requests a longer one, the call fails immediately;
    /// [`Error::retry_after`](crate::Error::retry_after) returns the delay.
    #[must_use]
    pub fn max_retry_after(mut self, delay: Duration) -> Self {
        self.max_retry_after = delay;
        self
    }

    /// Sets whether every call is retried whose outcome is unknown. The default is no.
    ///
    /// A message or a run may then exist twice: a call without a response may have been
    /// processed.
    #[must_use]
    pub fn retry_unknown(mut self, retries: bool) -> Self {
        self.retries_unknown = retries;
        self
    }

    /// Whether a call may be sent again after a failure.
    pub(crate) fn allows(&self, failure: Failure, is_idempotent: bool) -> bool {
        match failure {
            Failure::NotSent | Failure::Refused => true,
            Failure::Unknown => is_idempotent || self.retries_unknown,
            Failure::Processed => is_idempotent,
            Failure::Final => false,
        }
    }

    /// Returns the delay before the next retry, or `None` after the last. `retries` is the
    /// number of retries so far, `random` a number from 0 to 1.
    pub(crate) fn delay(
        &self,
        retries: u32,
        retry_after: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if retries >= self.max_retries {
            return None;
        }
        match retry_after {
            Some(delay) if self.is_too_long(delay) => None,
            Some(delay) if !delay.is_zero() => Some(delay),
            _ => Some(with_jitter(self.back_off(retries), random)),
        }
    }

    /// Returns why a call is not sent again although retries are left.
    pub(crate) fn refusal(&self, retries: u32, retry_after: Option<Duration>) -> Option<String> {
        let delay = retry_after.filter(|delay| self.is_too_long(*delay))?;
        (retries < self.max_retries).then(|| {
            format!(
                "the server requests a delay of {} s, longer than `max_retry_after` ({} s)",
                delay.as_secs_f64().ceil(),
                self.max_retry_after.as_secs_f64()
            )
        })
    }

    fn is_too_long(&self, retry_after: Duration) -> bool {
        retry_after > self.max_retry_after
    }

    fn back_off(&self, retries: u32) -> Duration {
        let factor = 2_u32.checked_pow(retries).unwrap_or(u32::MAX);
        self.initial_delay
            .saturating_mul(factor)
            .min(self.max_delay)
    }
}

/// Shortens a delay by up to 25 %.
fn with_jitter(delay: Duration, random: f64) -> Duration {
    // NaN and numbers out of range would make the multiplication panic.
    let random = if (0.0..=1.0).contains(&random) {
        random
    } else {
        0.0
    };
    delay.saturating_sub(delay.mul_f64(random / 4.0))
}

/// Returns the delay that the server requests: in milliseconds, in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let milliseconds = || number(header(headers, "retry-after-ms")?, 0.001);
    let seconds_or_date = || {
        let value = header(headers, "retry-after")?;
        number(value, 1.0).or_else(|| {
            let date = httpdate::parse_http_date(value).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        })
    };
    milliseconds().or_else(seconds_or_date)
}

fn number(text: &str, unit: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    // Fails for negative numbers, NaN and numbers above the range of `Duration`.
    Duration::try_from_secs_f64(number * unit).ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: f64 = 0.0;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn requested(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let now = httpdate::parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        retry_after(&headers(pairs), now)
    }

    #[test]
    fn the_back_off_doubles_up_to_a_maximum() {
        let policy = RetryPolicy::default().max_retries(100);
        let delays: Vec<_> = (0..6)
            .map(|retries| policy.delay(retries, None, RANDOM).unwrap().as_millis())
            .collect();
        assert_eq!(delays, [500, 1000, 2000, 4000, 8000, 8000]);
        assert_eq!(policy.delay(99, None, RANDOM), Some(Duration::from_secs(8)));
    }

    #[test]
    fn jitter_shortens_the_delay_by_up_to_a_quarter() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay(0, None, 1.0), Some(Duration::from_millis(375)));
        assert_eq!(policy.delay(1, None, 0.5), Some(Duration::from_millis(875)));
        for outside in [7.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(
                policy.delay(0, None, outside),
                Some(Duration::from_millis(500))
            );
        }
    }

    #[test]
    fn the_number_of_retries_is_limited() {
        assert_eq!(RetryPolicy::default().delay(2, None, RANDOM), None);
        assert_eq!(
            RetryPolicy::default().delay(2, Some(Duration::from_secs(1)), RANDOM),
            None
        );
        assert_eq!(RetryPolicy::never().delay(0, None, RANDOM), None);
    }

    #[test]
    fn the_delay_of_the_server_has_no_jitter_and_a_maximum() {
        let policy = RetryPolicy::default();
        let delay = |seconds| policy.delay(0, Some(Duration::from_secs(seconds)), 0.9);
        assert_eq!(delay(1), Some(Duration::from_secs(1)));
        assert_eq!(delay(120), Some(Duration::from_secs(120)));
        assert_eq!(delay(121), None);
    }

    #[test]
    fn a_delay_of_zero_is_replaced_by_the_back_off() {
        assert_eq!(
            RetryPolicy::default().delay(0, Some(Duration::ZERO), RANDOM),
            Some(Duration::from_millis(500))
        );
    }

    #[test]
    fn extreme_settings_do_not_overflow() {
        let policy = RetryPolicy::default()
            .max_retries(u32::MAX)
            .initial_delay(Duration::MAX)
            .max_delay(Duration::MAX);
        assert!(policy.delay(u32::MAX - 1, None, RANDOM).is_some());
    }

    #[test]
    fn a_delay_has_three_spellings() {
        assert_eq!(
            requested(&[("retry-after-ms", "1500")]),
            Some(Duration::from_millis(1500))
        );
        assert_eq!(
            requested(&[("retry-after", "3")]),
            Some(Duration::from_secs(3))
        );
        assert_eq!(
            requested(&[("retry-after", " 0.25 ")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(
            requested(&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")]),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            requested(&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")]),
            Some(Duration::ZERO)
        );
        assert_eq!(
            requested(&[("retry-after", "9"), ("retry-after-ms", "20")]),
            Some(Duration::from_millis(20))
        );
        assert_eq!(
            requested(&[("retry-after", "9"), ("retry-after-ms", "soon")]),
            Some(Duration::from_secs(9))
        );
    }

    #[test]
    fn invalid_delays_are_ignored() {
        for value in ["", "soon", "-1", "NaN", "inf", "1e400", "Sun, 99 Nov"] {
            assert_eq!(requested(&[("retry-after", value)]), None, "{value}");
        }
        assert_eq!(requested(&[]), None);
    }
}
