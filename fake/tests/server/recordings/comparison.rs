//! Compares a response with the recorded one.

use std::collections::HashMap;
use std::fmt;

use serde_json::{Value, json};

use super::exchange::Exchange;
use crate::http;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The server does not send the property.
    Missing,
    /// The service does not send the property.
    Additional,
    /// The values are of different kinds.
    Different,
}

pub(crate) struct Difference {
    pub(crate) kind: Kind,
    /// The type of the innermost object and the path in it, with `*` for an index.
    pub(crate) place: String,
    values: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.kind, self.place, self.values)
    }
}

/// Compares a response, and learns which IDs of the recording are which of the server.
pub(crate) fn compare(
    exchange: &Exchange,
    response: &http::Response,
    ids: &mut HashMap<String, String>,
) -> Vec<Difference> {
    let mut comparison = Comparison {
        ids,
        differences: Vec::new(),
    };
    let mut headers = response.headers.iter();
    let content_type = headers.find(|(name, _)| name == "content-type");
    let content_type = content_type.map_or("", |(_, value)| value.as_str());
    let recorded = exchange.payloads().pop().unwrap_or_default();
    if u64::from(response.status) != exchange.status {
        let (recorded, found) = (json!(exchange.status), json!(response.status));
        comparison.add(Kind::Different, "status", &recorded, &found);
    } else if content_type != exchange.content_type {
        let (recorded, found) = (json!(exchange.content_type), json!(content_type));
        comparison.add(Kind::Different, "content-type", &recorded, &found);
    } else if exchange.status >= 400 {
        comparison.errors(&recorded["error"], &response.json()["error"]);
    } else if exchange.is_stream() {
        comparison.streams(&exchange.response, response);
    } else {
        comparison.values("", &recorded, &response.json());
    }
    comparison.differences
}

struct Comparison<'a> {
    ids: &'a mut HashMap<String, String>,
    differences: Vec<Difference>,
}

impl Comparison<'_> {
    fn add(&mut self, kind: Kind, place: &str, recorded: &Value, found: &Value) {
        self.differences.push(Difference {
            kind,
            place: place.to_owned(),
            values: format!("{recorded} was recorded, and {found} was found"),
        });
    }

    /// Compares everything but the message.
    fn errors(&mut self, recorded: &Value, found: &Value) {
        self.values("/error", recorded, found);
        for name in ["type", "code", "param"] {
            if recorded[name] != found[name] {
                let place = format!("/error/{name}");
                self.add(Kind::Different, &place, &recorded[name], &found[name]);
            }
        }
    }

    fn streams(&mut self, recorded: &str, found: &http::Response) {
        let recorded = http::events(recorded);
        let found = found.events();
        let names = |events: &[(&str, &str)]| {
            events
                .iter()
                .map(|(name, _)| json!(name))
                .collect::<Value>()
        };
        if names(&recorded) != names(&found) {
            self.add(Kind::Different, "events", &names(&recorded), &names(&found));
        }
        for ((name, recorded), (_, found)) in recorded.into_iter().zip(found) {
            if let (Ok(recorded), Ok(found)) =
                (serde_json::from_str(recorded), serde_json::from_str(found))
            {
                self.values(name, &recorded, &found);
            }
        }
    }

    /// Compares the names of properties and the types of values other than null.
    fn values(&mut self, place: &str, recorded: &Value, found: &Value) {
        match (recorded, found) {
            (Value::Object(recorded), Value::Object(found)) => {
                let object = recorded.get("object").and_then(Value::as_str);
                let place = object.unwrap_or(place);
                for (name, value) in recorded {
                    let place = format!("{place}/{name}");
                    match found.get(name) {
                        Some(found) => self.values(&place, value, found),
                        None => self.add(Kind::Missing, &place, value, &Value::Null),
                    }
                }
                for (name, value) in found {
                    if !recorded.contains_key(name) {
                        let place = format!("{place}/{name}");
                        self.add(Kind::Additional, &place, &Value::Null, value);
                    }
                }
            }
            (Value::Array(recorded), Value::Array(found)) => {
                let place = format!("{place}/*");
                if recorded.len() != found.len() {
                    let (recorded, found) = (json!(recorded.len()), json!(found.len()));
                    self.add(Kind::Different, &place, &recorded, &found);
                }
                for (recorded, found) in recorded.iter().zip(found) {
                    self.values(&place, recorded, found);
                }
            }
            (Value::String(recorded), Value::String(found)) => {
                let kind = |id: &str| id.split_once(['_', '-']).map(|(kind, _)| kind.to_owned());
                let known = [
                    "asst", "thread", "run", "msg", "step", "call", "file", "vs", "vsfb",
                ];
                if kind(recorded).is_some_and(|kind| known.contains(&kind.as_str()))
                    && kind(recorded) == kind(found)
                {
                    self.ids
                        .entry(recorded.clone())
                        .or_insert_with(|| found.clone());
                }
            }
            (Value::Null, _) | (_, Value::Null) => {}
            (recorded, found) => {
                if std::mem::discriminant(recorded) != std::mem::discriminant(found) {
                    self.add(Kind::Different, place, recorded, found);
                }
            }
        }
    }
}
