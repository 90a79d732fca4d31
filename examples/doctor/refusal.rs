//! Finds the properties of a request body that a server refuses.

use std::error::Error as StdError;

use openai_assistants::Error;

use crate::document::Outcome;

/// The result of a call, and what had to be omitted for it.
pub struct Attempted<T> {
    pub outcome: Outcome<T>,
    pub refused: Option<Refused>,
}

/// Properties without which the server accepts a body.
pub struct Refused {
    pub properties: Vec<String>,
    /// The error with all properties.
    pub reason: String,
}

/// Sends a body with fewer optional properties until the server accepts it.
///
/// Omits those that the errors name, then each one by itself, then all of them. A refused call
/// creates nothing, so only one object is created, by at most two calls per property and two more.
pub async fn attempt<T>(
    optional: &[String],
    mut send: impl AsyncFnMut(&[String]) -> Outcome<T>,
) -> Attempted<T> {
    let first = match send(&[]).await {
        Err(error) if is_refusal(&*error) && !optional.is_empty() => error,
        outcome => {
            return Attempted {
                outcome,
                refused: None,
            };
        }
    };
    let accepted = |value, properties: &[String]| Attempted {
        outcome: Ok(value),
        refused: Some(Refused {
            properties: properties.to_vec(),
            reason: first.to_string(),
        }),
    };
    let mut omitted: Vec<String> = Vec::new();
    let mut next = named(optional, &omitted, &*first);
    while let Some(name) = next {
        omitted.push(name);
        next = match send(&omitted).await {
            Ok(value) => return accepted(value, &omitted),
            Err(error) => named(optional, &omitted, &*error),
        };
    }
    let each = optional.iter().map(std::slice::from_ref);
    for omitted in each.chain([optional]) {
        if let Ok(value) = send(omitted).await {
            return accepted(value, omitted);
        }
    }
    Attempted {
        outcome: Err(first),
        refused: None,
    }
}

/// The optional property that an error names, unless it is omitted already.
fn named(
    optional: &[String],
    omitted: &[String],
    error: &(dyn StdError + 'static),
) -> Option<String> {
    let error: &Error = error.downcast_ref()?;
    let text = format!("{} {}", error.param().unwrap_or_default(), error.message());
    let mut words =
        text.split(|character: char| !(character.is_alphanumeric() || character == '_'));
    words.find_map(|word| {
        let name = optional.iter().find(|name| *name == word)?;
        (!omitted.contains(name)).then(|| name.clone())
    })
}

/// Whether the server refuses the content of a request. Some report that as a failure of their own.
fn is_refusal(error: &(dyn StdError + 'static)) -> bool {
    let error: Option<&Error> = error.downcast_ref();
    error.is_some_and(|error| error.is_bad_request() || error.is_server_error())
}
