//! A point in time as servers send it: a number of seconds.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A point in time: seconds since 1970-01-01 00:00 UTC, on the wire a JSON number.
///
/// The document says integer. Servers written in Python send fractions as well, such as
/// `1699009709.25`; both are kept, and written back as they came, a whole number always as
/// an integer. A number beyond the range of `i64` becomes the nearest within.
///
/// Astra Assistants sends milliseconds in some places. Nothing on the wire tells: the number
/// is kept, and is then no number of seconds.
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
    /// What is left without the whole seconds, in the direction of the time: between -1 and
    /// 1, and never NaN or -0. So no two values mean the same, and the sum is exact.
    fraction: f64,
}

impl Timestamp {
    /// The whole seconds, without the fraction.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The seconds with the fraction, as near as an `f64` comes.
    #[must_use]
    #[allow(
        clippy::cast_precision_loss,
        reason = "a time with a fraction is small enough, and one without is rounded"
    )]
    pub fn as_secs_f64(self) -> f64 {
        self.seconds as f64 + self.fraction
    }

    /// The time as the standard library has it, to the nanosecond; nothing if it is out of
    /// the platform's range.
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
        reason = "a cast of a float ends at the range of the integer"
    )]
    fn from_secs_f64(seconds: f64) -> Self {
        Self {
            seconds: seconds as i64,
            // What is added makes 0 of -0.
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

/// The number.
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
                // JSON has no others.
                let is_time = seconds.is_finite();
                is_time
                    .then(|| Timestamp::from_secs_f64(seconds))
                    .ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
            }
        }

        deserializer.deserialize_f64(Seconds)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn read(text: &str) -> Timestamp {
        serde_json::from_str(text).expect("it is a number")
    }

    fn written(text: &str) -> String {
        serde_json::to_string(&read(text)).expect("a number can be written")
    }

    #[test]
    fn a_time_is_written_as_it_came() {
        for text in [
            "0",
            "-1",
            "1699009709",
            "1699009709000",
            "1699009709.25",
            // As Python writes them: the shortest text of the float.
            "1721984405.123456",
            "1721984405.1234567",
            "0.1",
            "-0.1",
            "-1699009709.5",
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert_eq!(written(text), text);
            assert_eq!(read(text).to_string(), text);
        }
    }

    #[test]
    fn a_whole_number_is_written_as_an_integer() {
        for (text, integer) in [
            ("1699009709.0", "1699009709"),
            ("1.699009709e9", "1699009709"),
            ("-0.0", "0"),
            ("-2.0", "-2"),
        ] {
            assert_eq!(written(text), integer);
            assert_eq!(read(text), read(integer), "{text}");
        }
    }

    #[test]
    fn a_time_is_shown_as_a_number() {
        let (whole, part) = (read("1700000000"), read("1700000000.5"));
        assert_eq!(
            format!("{whole:.3} {part:.3}"),
            "1700000000.000 1700000000.500"
        );
        assert_eq!(
            format!("{whole:>12} {whole:?} {part:?}"),
            "  1700000000 1700000000 1700000000.5"
        );
        assert_eq!(1_700_000_000, whole);
        assert_eq!(Timestamp::default(), 0);
    }

    #[test]
    fn a_number_beyond_the_range_is_the_nearest_within() {
        for (text, nearest) in [
            ("1e300", i64::MAX),
            ("9223372036854775808", i64::MAX),
            ("18446744073709551615", i64::MAX),
            ("-1e300", i64::MIN),
        ] {
            let time = read(text);
            assert_eq!(time, nearest, "{text}");
            let _ = (time.system_time(), time.as_secs_f64(), time.to_string());
        }
    }

    #[test]
    fn times_are_in_order() {
        let sorted = [
            "-2", "-1.5", "-1", "-0.5", "0", "0.25", "1", "1.5", "1.75", "2",
        ]
        .map(read);
        assert!(sorted.is_sorted_by(|earlier, later| earlier < later));
        assert!(read("1.5") > 1 && read("1.5") < 2 && read("1.0") == 1);
        let distinct: HashSet<Timestamp> = [read("1"), read("1.0"), read("1.5")].into();
        assert_eq!(distinct.len(), 2);
    }

    #[test]
    fn a_time_is_a_time_of_the_system() {
        let epoch = SystemTime::UNIX_EPOCH;
        for (text, time) in [
            ("1.5", epoch + Duration::from_millis(1500)),
            ("-1.5", epoch - Duration::from_millis(1500)),
            ("-0.25", epoch - Duration::from_millis(250)),
        ] {
            assert_eq!(read(text).system_time(), Some(time), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_no_time() {
        for text in [
            r#""1699009709""#,
            r#""2023-11-03T11:08:29Z""#,
            "true",
            "null",
        ] {
            let error = serde_json::from_str::<Timestamp>(text).expect_err("it is no number");
            assert!(error.to_string().contains("a number of seconds"), "{error}");
        }
    }
}
