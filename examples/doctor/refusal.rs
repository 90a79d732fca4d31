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
/// Another failure ends the attempts, because the server may have created the object.
pub async fn attempt<T>(
    optional: &[String],
    mut send: impl AsyncFnMut(&[String]) -> Outcome<T>,
) -> Attempted<T> {
    let first = match send(&[]).await {
        Err(error) if is_refusal(&*error) => error,
        outcome => {
            return Attempted {
                outcome,
                refused: None,
            };
        }
    };
    let mut named = Vec::new();
    let mut next = named_in(&*first, optional, &named);
    let each = optional.iter().map(std::slice::from_ref);
    let all = (optional.len() > 1).then_some(optional);
    let mut unnamed = each.chain(all);
    loop {
        let omitted = match next.take() {
            Some(name) => {
                named.push(name);
                &named[..]
            }
            None => match unnamed.next() {
                Some(omitted) => omitted,
                None => break,
            },
        };
        match send(omitted).await {
            Ok(value) => {
                return Attempted {
                    outcome: Ok(value),
                    refused: Some(Refused {
                        properties: omitted.to_vec(),
                        reason: first.to_string(),
                    }),
                };
            }
            Err(error) if is_refusal(&*error) => next = named_in(&*error, optional, &named),
            Err(_) => break,
        }
    }
    Attempted {
        outcome: Err(first),
        refused: None,
    }
}

/// The optional property that an error names, unless it is omitted already.
fn named_in(
    error: &(dyn StdError + 'static),
    optional: &[String],
    omitted: &[String],
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

/// Whether the server refuses the content of a request. After its own failure (500 and above), what
/// was to be created may exist.
fn is_refusal(error: &(dyn StdError + 'static)) -> bool {
    let error: Option<&Error> = error.downcast_ref();
    error.is_some_and(Error::is_bad_request)
}
