//! Faults that the server injects into responses, and their text format.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// A fault that the server injects into a response.
///
/// Set faults in the builder, or with the header `x-fake-fault` of a request as a
/// comma-separated list. The text format:
///
/// | Fault | Effect |
/// | --- | --- |
/// | `latency=250` | delays the response by this many milliseconds |
/// | `status=500` | rejects the request with this status, without executing it |
/// | `status=502; executed` | responds with this status, after the request was executed |
/// | `status=429; retry-after-ms=50` | adds a retry header; also `retry-after=1.5` (seconds) and `retry-after-date=2` (a date in this many seconds) |
/// | `lost` | executes the request and resets the connection without a response |
/// | `truncated` | announces the whole length of an object, and closes the connection after half of it; in a stream like `cut` |
/// | `close-idle=50` | closes the connection this many milliseconds after the response, unannounced |
/// | `cut` | closes the connection in the middle of an event or object |
/// | `stall` | sends nothing more and keeps the connection open |
/// | `no-done` | ends the stream without `[DONE]` |
/// | `error-event` | ends the stream with an `error` event |
/// | `malformed-json` | truncates the JSON of an event or object |
/// | `unknown` | adds an unknown event, or an unknown status and property |
/// | `fail-indexing` | fails the indexing of the files that the request adds to a vector store |
///
/// In a stream a fault occurs after three events, or after N events with `; after=N`, but
/// not later than `[DONE]`. If several faults occur at the same event, those that change it
/// precede the one that ends the stream: `cut`, `truncated`, `stall` or `error-event`. The header
/// accepts only one of these and `lost`. Of those that the builder sets, the first applies.
///
/// `no-done` and `error-event` have no effect on responses that are not streams. All faults
/// except `latency` and `status` without `executed` occur after the request was executed, so a
/// retry executes it again. A request that fails has no faults but these.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use openai_assistants_fake::{Fault, RetryAfter};
///
/// let fault = Fault::status(429).retry_after(RetryAfter::Millis(50));
/// assert_eq!(fault.to_string(), "status=429; retry-after-ms=50");
/// assert_eq!("cut; after=2".parse(), Ok(Fault::cut().after(2)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub(crate) kind: Kind,
    /// Number of events before the fault.
    pub(crate) after: usize,
}

const DEFAULT_AFTER: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Latency(Duration),
    Status {
        status: u16,
        retry_after: Option<RetryAfter>,
        is_executed: bool,
    },
    Lost,
    Truncated,
    CloseIdle(Duration),
    Cut,
    Stall,
    NoDone,
    ErrorEvent,
    MalformedJson,
    Unknown,
    FailIndexing,
}

impl Kind {
    /// Whether the fault ends a response early.
    pub(crate) fn ends_response(&self) -> bool {
        matches!(
            self,
            Self::Lost | Self::Truncated | Self::Cut | Self::Stall | Self::ErrorEvent
        )
    }
}

/// The retry header of a `status` fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryAfter {
    /// `retry-after-ms`, in milliseconds.
    Millis(u64),
    /// `retry-after`, in seconds. Fractions are sent as such.
    Seconds(f64),
    /// `retry-after`, as a date in this many seconds by the server's clock.
    Date(u64),
}

impl RetryAfter {
    pub(crate) fn header(self, now: SystemTime) -> (&'static str, String) {
        match self {
            Self::Millis(millis) => ("retry-after-ms", millis.to_string()),
            Self::Seconds(seconds) => ("retry-after", seconds.to_string()),
            Self::Date(seconds) => {
                let date = now + Duration::from_secs(seconds.min(MAX_SECONDS));
                ("retry-after", httpdate::fmt_http_date(date))
            }
        }
    }
}

/// One year. HTTP dates cannot represent arbitrary times.
const MAX_SECONDS: u64 = 31_536_000;

impl Fault {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            after: DEFAULT_AFTER,
        }
    }

    /// Delays the response.
    #[must_use]
    pub fn latency(time: Duration) -> Self {
        Self::new(Kind::Latency(time))
    }

    /// Rejects the request with a status from 400 to 599, without executing it.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status {
            status: status.clamp(400, 599),
            retry_after: None,
            is_executed: false,
        })
    }

    /// Executes the request before a `status` fault.
    #[must_use]
    pub fn executed(mut self) -> Self {
        if let Kind::Status { is_executed, .. } = &mut self.kind {
            *is_executed = true;
        }
        self
    }

    /// Adds a retry header to the response of a `status` fault.
    #[must_use]
    pub fn retry_after(mut self, when: RetryAfter) -> Self {
        if let Kind::Status { retry_after, .. } = &mut self.kind {
            *retry_after = Some(when);
        }
        self
    }

    /// Executes the request and resets the connection without a response.
    #[must_use]
    pub fn lost() -> Self {
        Self::new(Kind::Lost)
    }

    /// Announces the whole length of an object, and closes the connection after half of it.
    #[must_use]
    pub fn truncated() -> Self {
        Self::new(Kind::Truncated)
    }

    /// Closes the connection some time after the response, unannounced.
    #[must_use]
    pub fn close_idle(time: Duration) -> Self {
        Self::new(Kind::CloseIdle(time))
    }

    /// Closes the connection in the middle of an event or object.
    #[must_use]
    pub fn cut() -> Self {
        Self::new(Kind::Cut)
    }

    /// Sends nothing more and keeps the connection open.
    #[must_use]
    pub fn stall() -> Self {
        Self::new(Kind::Stall)
    }

    /// Ends the stream without `[DONE]`.
    #[must_use]
    pub fn no_done() -> Self {
        Self::new(Kind::NoDone)
    }

    /// Ends the stream with an `error` event.
    #[must_use]
    pub fn error_event() -> Self {
        Self::new(Kind::ErrorEvent)
    }

    /// Truncates the JSON of an event or object.
    #[must_use]
    pub fn malformed_json() -> Self {
        Self::new(Kind::MalformedJson)
    }

    /// Adds an unknown event, or an unknown status and property.
    #[must_use]
    pub fn unknown() -> Self {
        Self::new(Kind::Unknown)
    }

    /// Fails the indexing of the files that the request adds to a vector store.
    #[must_use]
    pub fn fail_indexing() -> Self {
        Self::new(Kind::FailIndexing)
    }

    /// Sets the number of events before the fault; 3 by default.
    #[must_use]
    pub fn after(mut self, events: usize) -> Self {
        self.after = events;
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Latency(time) => write!(f, "latency={}", time.as_millis())?,
            Kind::Status {
                status,
                retry_after,
                is_executed,
            } => {
                write!(f, "status={status}")?;
                if *is_executed {
                    f.write_str("; executed")?;
                }
                match retry_after {
                    Some(RetryAfter::Millis(millis)) => write!(f, "; retry-after-ms={millis}")?,
                    Some(RetryAfter::Seconds(seconds)) => write!(f, "; retry-after={seconds}")?,
                    Some(RetryAfter::Date(seconds)) => write!(f, "; retry-after-date={seconds}")?,
                    None => {}
                }
            }
            Kind::Lost => f.write_str("lost")?,
            Kind::Truncated => f.write_str("truncated")?,
            Kind::CloseIdle(time) => write!(f, "close-idle={}", time.as_millis())?,
            Kind::Cut => f.write_str("cut")?,
            Kind::Stall => f.write_str("stall")?,
            Kind::NoDone => f.write_str("no-done")?,
            Kind::ErrorEvent => f.write_str("error-event")?,
            Kind::MalformedJson => f.write_str("malformed-json")?,
            Kind::Unknown => f.write_str("unknown")?,
            Kind::FailIndexing => f.write_str("fail-indexing")?,
        }
        if self.after == DEFAULT_AFTER {
            Ok(())
        } else {
            write!(f, "; after={}", self.after)
        }
    }
}

/// A text that is not a valid [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid fault '{}': expected latency=MS, status=CODE, lost, truncated, close-idle=MS, cut, stall, \
             no-done, error-event, malformed-json, unknown or fail-indexing, such as 'cut; after=3'",
            self.0
        )
    }
}

impl std::error::Error for FaultError {}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        parse(text).ok_or_else(|| FaultError(text.trim().to_owned()))
    }
}

/// Parses the values of the header `x-fake-fault`.
pub(crate) fn parse_header<'a>(
    values: impl Iterator<Item = &'a str>,
) -> Result<Vec<Fault>, String> {
    let faults = values.flat_map(|value| value.split(',')).map(str::parse);
    let faults = faults.collect::<Result<Vec<Fault>, FaultError>>();
    let faults = faults.map_err(|error| format!("{error}."))?;
    let ends: Vec<&Fault> = faults
        .iter()
        .filter(|fault| fault.kind.ends_response())
        .collect();
    match ends[..] {
        [first, second, ..] => Err(format!(
            "'{first}' and '{second}' both end the response. Use only one of them."
        )),
        _ => Ok(faults),
    }
}

fn parse(text: &str) -> Option<Fault> {
    let mut parts = text.split(';').map(|part| match part.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (part.trim(), None),
    });
    let millis = |text: &str| text.parse().ok().map(Duration::from_millis);
    let mut fault = match parts.next()? {
        ("latency", Some(time)) => Fault::latency(millis(time)?),
        ("lost", None) => Fault::lost(),
        ("truncated", None) => Fault::truncated(),
        ("close-idle", Some(time)) => Fault::close_idle(millis(time)?),
        ("status", Some(status)) => {
            let status = status
                .parse()
                .ok()
                .filter(|status| (400..600).contains(status));
            Fault::status(status?)
        }
        ("cut", None) => Fault::cut(),
        ("stall", None) => Fault::stall(),
        ("no-done", None) => Fault::no_done(),
        ("error-event", None) => Fault::error_event(),
        ("malformed-json", None) => Fault::malformed_json(),
        ("unknown", None) => Fault::unknown(),
        ("fail-indexing", None) => Fault::fail_indexing(),
        _ => return None,
    };
    for part in parts {
        fault = match part {
            ("after", Some(events)) => fault.after(events.parse().ok()?),
            ("executed", None) => fault.executed(),
            ("retry-after-ms", Some(millis)) => {
                fault.retry_after(RetryAfter::Millis(millis.parse().ok()?))
            }
            ("retry-after", Some(seconds)) => {
                fault.retry_after(RetryAfter::Seconds(seconds.parse().ok()?))
            }
            ("retry-after-date", Some(seconds)) => {
                fault.retry_after(RetryAfter::Date(seconds.parse().ok()?))
            }
            _ => return None,
        };
    }
    Some(fault)
}

/// Sets an unknown status and property of an object, or of the objects of a list.
pub(crate) fn add_unknown_values(value: &mut Value) {
    if let Some(Value::Array(data)) = value.get_mut("data") {
        data.iter_mut().for_each(add_unknown_values);
    }
    if let Some(object) = value.as_object_mut() {
        if let Some(status) = object.get_mut("status") {
            *status = "brand_new_status".into();
        }
        object.insert(
            "brand_new_property".to_owned(),
            json!({ "n": [1, 2.5, null] }),
        );
    }
}
