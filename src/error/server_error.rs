//! Recognizes and parses the error bodies of servers.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// Whether JSON is an error, although nothing else says so: `{"error": …}`, or where no other
/// object has a message, the error object itself.
pub(crate) fn is_error(json: &str, may_be_bare: bool) -> bool {
    #[derive(Deserialize)]
    struct Body {
        error: Option<IgnoredAny>,
        message: Option<IgnoredAny>,
        id: Option<IgnoredAny>,
    }

    // An array would deserialize too.
    json.trim_start().starts_with('{')
        && serde_json::from_str(json).is_ok_and(|body: Body| {
            body.error.is_some() || may_be_bare && body.message.is_some() && body.id.is_none()
        })
}

/// `{"error": {message, type, code, param}}`, and the variations of it that servers send.
#[derive(Clone, Default)]
pub(super) struct ServerError {
    pub(super) message: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) code: Option<String>,
    pub(super) param: Option<String>,
}

impl ServerError {
    /// Parses a body. Fields that it does not have are `None`.
    pub(super) fn parse(body: &str) -> Self {
        serde_json::from_str(body)
            .map(|value| Self::from_value(&value))
            .unwrap_or_default()
    }

    /// Whether a body is empty, or JSON without a message.
    pub(super) fn lacks_message(body: &str) -> bool {
        let is_text = || serde_json::from_str::<IgnoredAny>(body).is_err();
        let has_message = || {
            Self::parse(body)
                .message
                .is_some_and(|text| !text.is_empty())
        };
        body.trim().is_empty() || !is_text() && !has_message()
    }

    fn from_value(value: &Value) -> Self {
        match value {
            Value::Object(object) => match object.get("error") {
                Some(Value::Object(error)) => Self::from_object(error),
                error => {
                    // Beside a message it is only the reason of the status.
                    let parsed = Self::from_object(object);
                    let message = parsed.message.or_else(|| error.and_then(message));
                    Self { message, ..parsed }
                }
            },
            Value::Array(items) => items.first().map(Self::from_value).unwrap_or_default(),
            Value::String(message) => Self {
                message: Some(message.clone()),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn from_object(object: &Map<String, Value>) -> Self {
        let field = |name: &str| object.get(name).and_then(scalar);
        Self {
            message: ["message", "detail", "error_description", "title"]
                .iter()
                .find_map(|name| object.get(*name).and_then(message)),
            kind: field("type"),
            code: field("code"),
            param: field("param"),
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A text, an object with a text, or FastAPI's list of `{loc, msg}`.
fn message(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) => ["message", "msg"].iter().find_map(|name| {
            let text = object.get(*name).and_then(scalar)?;
            match object.get("loc").and_then(Value::as_array) {
                Some(location) => {
                    let location: Vec<_> = location.iter().filter_map(scalar).collect();
                    Some(format!("{}: {text}", location.join(".")))
                }
                None => Some(text),
            }
        }),
        Value::Array(items) => {
            let texts: Vec<_> = items.iter().filter_map(message).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        other => scalar(other),
    }
}
