//! A point in time as a JSON number of seconds.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A point in time in seconds since 1970-01-01 00:00 UTC.
///
/// The document specifies an integer, but servers written in Python also send fractions, such as
/// `1699009709.25`. Both are kept and serialized as received; a whole number is always serialized
/// as an integer. A number out of the range of `i64` becomes the nearest in range.
///
/// Astra Assistants sends milliseconds in some properties. The number is kept unchanged, because
/// its unit cannot be detected.
///
/// # Examples
///
/// ```
/// use openai_assistants::Timestamp;
///
/// let created_at: Timestamp = serde_json::from_str("1699009709.25")?;
/// assert_eq!(created_at.seconds(), 1_699_009_709);
/// assert!(created_at > 1_699_009_709);
/// assert_eq!(serde_json::to_string(&created_at)?, "1699009709.25");
/// assert_eq!(Timestamp::from(1_699_009_709), 1_699_009_709);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Default)]
pub struct Timestamp {
    seconds: i64,
    /// The fraction of a second, with the sign of the time: between -1 and 1, never NaN or -0.
    /// So equal times have equal fields, and the sum is exact.
    fraction: f64,
}

impl Timestamp {
    /// Returns the whole seconds, without the fraction.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Returns the seconds with the fraction, rounded to the precision of `f64`.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "a time with a fraction is small enough, and rounding is documented"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.seconds as f64 + self.fraction
    }

    /// Converts to [`SystemTime`], or `None` if that is out of range.
    ///
    /// The fraction is rounded to nanoseconds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use openai_assistants::Timestamp;
    ///
    /// let time = Timestamp::from(86_400).system_time();
    /// assert_eq!(time, Some(SystemTime::UNIX_EPOCH + Duration::from_secs(86_400)));
    /// ```
    #[must_use]
    pub fn system_time(self) -> Option<SystemTime> {
        let fraction = Duration::from_secs_f64(self.fraction.abs());
        let distance = Duration::from_secs(self.seconds.unsigned_abs()).checked_add(fraction)?;
        if self < Self::from(0) {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "a cast saturates at the range of the integer"
    )]
    fn from_secs_f64(seconds: f64) -> Self {
        Self {
            seconds: seconds as i64,
            // The sum turns -0 into 0.
            fraction: seconds.fract() + 0.0,
        }
    }
}

impl From<i64> for Timestamp {
    fn from(seconds: i64) -> Self {
        Self {
            seconds,
            fraction: 0.0,
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fraction == 0.0 && f.precision().is_none() {
            self.seconds.fmt(f)
        } else {
            self.as_secs_f64().fmt(f)
        }
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        let seconds = self.seconds.cmp(&other.seconds);
        seconds.then_with(|| self.fraction.total_cmp(&other.fraction))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timestamp {}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.seconds.hash(state);
        self.fraction.to_bits().hash(state);
    }
}

impl PartialEq<i64> for Timestamp {
    fn eq(&self, seconds: &i64) -> bool {
        *self == Self::from(*seconds)
    }
}

impl PartialEq<Timestamp> for i64 {
    fn eq(&self, time: &Timestamp) -> bool {
        time == self
    }
}

impl PartialOrd<i64> for Timestamp {
    fn partial_cmp(&self, seconds: &i64) -> Option<Ordering> {
        self.partial_cmp(&Self::from(*seconds))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.fraction == 0.0 {
            serializer.serialize_i64(self.seconds)
        } else {
            serializer.serialize_f64(self.as_secs_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;

        impl Visitor<'_> for Seconds {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_i64<E>(self, seconds: i64) -> Result<Timestamp, E> {
                Ok(seconds.into())
            }

            fn visit_u64<E>(self, seconds: u64) -> Result<Timestamp, E> {
                Ok(i64::try_from(seconds).unwrap_or(i64::MAX).into())
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
                // JSON has only finite numbers, other formats have more.
                let is_time = seconds.is_finite();
                is_time
                    .then(|| Timestamp::from_secs_f64(seconds))
                    .ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
            }
        }

        deserializer.deserialize_f64(Seconds)
    }
}
