//! Faults on demand.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::document::DOCUMENT;
use crate::random::Random;

/// Something that goes wrong with an answer.
///
/// A fault is set in the builder, or by the header `x-fake-fault` of a request, where
/// several are separated by commas. This is how they are written there:
///
/// | | |
/// | --- | --- |
/// | `latency=250` | the answer takes this many milliseconds longer |
/// | `status=500` | the request is refused with this status, and nothing is done |
/// | `status=429; retry-after-ms=50` | also `retry-after=1.5` (seconds) and `retry-after-date=2` (a date, this many seconds ahead) |
/// | `cut` | the connection closes in the middle of an event, or of the object |
/// | `stall` | nothing more is sent, and the connection stays open |
/// | `no-done` | the stream ends without `[DONE]` |
/// | `error-event` | an `error` event ends the stream |
/// | `malformed-json` | an event, or the object, is half of its JSON |
/// | `unknown` | an event of an unknown name comes, and a status nobody knows |
///
/// In a stream these come behind the third event, or behind as many as `; after=N` says,
/// and before `[DONE]` at the latest. Of several at one place, those that change an event
/// come ahead of the one that ends the stream: `cut`, `stall` or `error-event`. A header
/// may ask for one of these only; of those that the builder adds, the first comes.
///
/// What is no stream knows nothing of `no-done` and `error-event`. All but `status` come
/// when the request has already been carried out, so that one that is repeated is carried
/// out twice.
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
    /// How many events come ahead of it.
    pub(crate) after: usize,
}

const AFTER: usize = 3;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Latency(Duration),
    Status(u16, Option<RetryAfter>),
    Cut,
    Stall,
    NoDone,
    ErrorEvent,
    MalformedJson,
    Unknown,
}

impl Kind {
    /// Whether a stream ends with it, early.
    pub(crate) fn ends(&self) -> bool {
        matches!(self, Self::Cut | Self::Stall | Self::ErrorEvent)
    }
}

/// How an answer says when to try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryAfter {
    /// `retry-after-ms`, in milliseconds.
    Millis(u64),
    /// `retry-after`, in seconds, with a fraction if there is one.
    Seconds(f64),
    /// `retry-after`, as the date that this many seconds are ahead of the server's clock.
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

/// A year. Later dates are of no use, and there is an end to those that can be written.
const MAX_SECONDS: u64 = 31_536_000;

impl Fault {
    fn new(kind: Kind) -> Self {
        Self { kind, after: AFTER }
    }

    /// The answer takes longer.
    #[must_use]
    pub fn latency(time: Duration) -> Self {
        Self::new(Kind::Latency(time))
    }

    /// The request is refused with this status, from 400 to 599, and nothing is done.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Kind::Status(status.clamp(400, 599), None))
    }

    /// The refusal says when to try again.
    #[must_use]
    pub fn retry_after(mut self, when: RetryAfter) -> Self {
        if let Kind::Status(_, retry_after) = &mut self.kind {
            *retry_after = Some(when);
        }
        self
    }

    /// The connection closes in mid-event.
    #[must_use]
    pub fn cut() -> Self {
        Self::new(Kind::Cut)
    }

    /// Nothing more is sent, and the connection stays open.
    #[must_use]
    pub fn stall() -> Self {
        Self::new(Kind::Stall)
    }

    /// The stream ends without `[DONE]`.
    #[must_use]
    pub fn no_done() -> Self {
        Self::new(Kind::NoDone)
    }

    /// An `error` event ends the stream.
    #[must_use]
    pub fn error_event() -> Self {
        Self::new(Kind::ErrorEvent)
    }

    /// An event, or the object, is half of its JSON.
    #[must_use]
    pub fn malformed_json() -> Self {
        Self::new(Kind::MalformedJson)
    }

    /// An event of an unknown name comes, and a status nobody knows.
    #[must_use]
    pub fn unknown() -> Self {
        Self::new(Kind::Unknown)
    }

    /// How many events of a stream come ahead of it. Left out, there are three.
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
            Kind::Status(status, retry_after) => {
                write!(f, "status={status}")?;
                match retry_after {
                    Some(RetryAfter::Millis(millis)) => write!(f, "; retry-after-ms={millis}")?,
                    Some(RetryAfter::Seconds(seconds)) => write!(f, "; retry-after={seconds}")?,
                    Some(RetryAfter::Date(seconds)) => write!(f, "; retry-after-date={seconds}")?,
                    None => {}
                }
            }
            Kind::Cut => f.write_str("cut")?,
            Kind::Stall => f.write_str("stall")?,
            Kind::NoDone => f.write_str("no-done")?,
            Kind::ErrorEvent => f.write_str("error-event")?,
            Kind::MalformedJson => f.write_str("malformed-json")?,
            Kind::Unknown => f.write_str("unknown")?,
        }
        if self.after == AFTER {
            Ok(())
        } else {
            write!(f, "; after={}", self.after)
        }
    }
}

/// Why a text is no [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError(String);

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no fault '{}'", self.0)
    }
}

impl std::error::Error for FaultError {}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        parsed(text).ok_or_else(|| FaultError(text.trim().to_owned()))
    }
}

/// The faults of a request, as its header has them.
pub(crate) fn listed<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<Fault>, String> {
    let faults = texts.flat_map(|text| text.split(',')).map(str::parse);
    let faults = faults.collect::<Result<Vec<Fault>, FaultError>>();
    let faults = faults.map_err(|error| format!("{error}."))?;
    let ends: Vec<&Fault> = faults.iter().filter(|fault| fault.kind.ends()).collect();
    match ends[..] {
        [first, second, ..] => Err(format!(
            "'{first}' and '{second}' both end the answer, and it has one end. Ask for one of them."
        )),
        _ => Ok(faults),
    }
}

fn parsed(text: &str) -> Option<Fault> {
    let mut parts = text.split(';').map(|part| match part.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim())),
        None => (part.trim(), None),
    });
    let mut fault = match parts.next()? {
        ("latency", Some(millis)) => Fault::latency(Duration::from_millis(millis.parse().ok()?)),
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
        _ => return None,
    };
    for part in parts {
        fault = match part {
            ("after", Some(events)) => fault.after(events.parse().ok()?),
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

/// An operation as one would spell it, and as the document does.
const SUBMIT: (&str, &str) = ("submitToolOutputsToRun", "submitToolOuputsToRun");

fn no_operation(name: &str) -> String {
    let mut known: Vec<&str> = DOCUMENT
        .operations
        .iter()
        .map(|operation| match operation.id.as_str() {
            id if id == SUBMIT.1 => SUBMIT.0,
            id => id,
        })
        .collect();
    known.sort_unstable();
    format!(
        "a fault is set for '{name}', and there is no such operation: the operations are {}",
        known.join(", ")
    )
}

/// Which requests get which faults.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Rule>>);

pub(crate) struct Rule {
    pub(crate) operation: Option<String>,
    pub(crate) when: When,
    /// One of these.
    pub(crate) faults: Vec<Fault>,
}

pub(crate) enum When {
    Always,
    /// This many times more.
    Times(u32),
    /// One request in so many.
    OneIn(u64, Random),
}

impl Faults {
    /// Rules of which each names an operation that is there, or none.
    pub(crate) fn new(mut rules: Vec<Rule>) -> Result<Self, String> {
        for name in rules.iter_mut().filter_map(|rule| rule.operation.as_mut()) {
            if name == SUBMIT.0 {
                SUBMIT.1.clone_into(name);
            }
            let mut known = DOCUMENT.operations.iter().map(|operation| &operation.id);
            if !known.any(|known| known == name) {
                return Err(no_operation(name));
            }
        }
        Ok(Self(Mutex::new(rules)))
    }

    /// The faults of a request to an operation.
    pub(crate) fn of(&self, operation: &str) -> Vec<Fault> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rules = rules.iter_mut().filter(|rule| {
            rule.operation
                .as_ref()
                .is_none_or(|wanted| wanted == operation)
        });
        rules.filter_map(Rule::fault).collect()
    }
}

impl Rule {
    fn fault(&mut self) -> Option<Fault> {
        match &mut self.when {
            When::Always => self.faults.first().cloned(),
            When::Times(0) => None,
            When::Times(left) => {
                *left -= 1;
                self.faults.first().cloned()
            }
            When::OneIn(count, random) => {
                if random.below(*count) != 0 {
                    return None;
                }
                let at = random.below(self.faults.len() as u64);
                self.faults.get(usize::try_from(at).ok()?).cloned()
            }
        }
    }
}

/// Gives an object, or those of a list, a status that nobody knows, and a property.
pub(crate) fn make_strange(value: &mut Value) {
    if let Some(Value::Array(data)) = value.get_mut("data") {
        data.iter_mut().for_each(make_strange);
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
