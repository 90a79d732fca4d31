//! Merges updates into a document, and detects updates that contradict each other.

use std::collections::BTreeMap;

use openai_assistants_codegen::document::escape;
use serde_json::Value;

/// The location of components, which an update defines but does not merge.
const COMPONENTS: &str = "/components/schemas";

/// The place of an action.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) file: String,
    pub(super) line: usize,
}

impl Origin {
    /// The place as an error in the file of `other` refers to it.
    fn seen_from(&self, other: &Self) -> String {
        match self.file == other.file {
            true => format!("line {}", self.line),
            false => format!("line {} of {}", self.line, self.file),
        }
    }
}

/// The scalars that overlays have set, by JSON pointer.
///
/// The reason of an error continues a sentence that starts with the target.
#[derive(Default)]
pub(super) struct Writes(BTreeMap<String, (Origin, Value)>);

impl Writes {
    /// Merges an update into a value: objects merge, lists append, scalars replace.
    pub(super) fn merge(
        &mut self,
        target: &mut Value,
        update: &Value,
        at: &str,
        origin: &Origin,
    ) -> Result<(), String> {
        match (&mut *target, update) {
            (Value::Object(target), Value::Object(update)) => {
                for (key, value) in update {
                    let child = format!("{at}/{}", escape(key));
                    match target.get_mut(key) {
                        Some(defined) if at == COMPONENTS && defined != value => {
                            return Err(format!(
                                "defines {child}, which exists with other content: remove it first, or update it"
                            ));
                        }
                        Some(target) => self.merge(target, value, &child, origin)?,
                        None => {
                            self.record(value, &child, origin)?;
                            target.insert(key.clone(), value.clone());
                        }
                    }
                }
            }
            (Value::Array(items), Value::Array(more)) => {
                more.iter().for_each(|item| append(items, item));
            }
            (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => {
                return Err(format!(
                    "cannot merge {update} into {at}, which is {target}"
                ));
            }
            (target, update) => {
                self.set(at, update, origin)?;
                *target = update.clone();
            }
        }
        Ok(())
    }

    /// Forgets what a removed value contained.
    pub(super) fn forget(&mut self, at: &str) {
        let within = format!("{at}/");
        self.0
            .retain(|pointer, _| pointer != at && !pointer.starts_with(&within));
    }

    /// Records the scalars of an inserted value.
    fn record(&mut self, value: &Value, at: &str, origin: &Origin) -> Result<(), String> {
        match value {
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                self.record(value, &format!("{at}/{}", escape(key)), origin)
            }),
            Value::Array(_) => Ok(()),
            scalar => self.set(at, scalar, origin),
        }
    }

    /// Records a scalar, which another action may have set to another value.
    fn set(&mut self, at: &str, value: &Value, origin: &Origin) -> Result<(), String> {
        if let Some((other, before)) = self.0.get(at)
            && before != value
        {
            let other = other.seen_from(origin);
            return Err(format!(
                "and {other} both set {at}, to {value} and {before}"
            ));
        }
        self.0
            .insert(at.to_owned(), (origin.clone(), value.clone()));
        Ok(())
    }
}

/// Appends an entry, unless the list has it: no list of an OpenAPI document has an entry twice.
pub(super) fn append(items: &mut Vec<Value>, item: &Value) {
    if !items.contains(item) {
        items.push(item.clone());
    }
}
