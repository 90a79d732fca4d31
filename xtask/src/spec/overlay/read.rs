//! Reads overlays: their actions, each with its line for errors.

use std::path::Path;

use openai_assistants_codegen::document::{self, Lines, escape};
use openai_assistants_codegen::{Error, features};
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::spec::canonical::DESCRIPTION;

/// An overlay document.
#[derive(Debug)]
pub(crate) struct Overlay {
    pub(super) file: String,
    pub(super) actions: Vec<Action>,
}

/// A change of the values that a target selects.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) line: usize,
    pub(super) target: Target,
    pub(super) change: Change,
    /// Whether it may select nothing.
    pub(super) is_optional: bool,
}

/// A JSONPath expression, and its text.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) text: String,
    pub(super) path: JsonPath,
}

#[derive(Debug)]
pub(super) enum Change {
    Update(Value),
    Copy(Target),
    Remove,
}

impl Overlay {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read or is not an overlay; the error has the line.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Error::new(format!("cannot be read: {error}")).in_file(path))?;
        Self::parse(&path.display().to_string(), &text)
    }

    /// Parses the text of a file.
    pub(crate) fn parse(file: &str, text: &str) -> Result<Self, Error> {
        let parse = || {
            let (value, lines) = document::parse_located(text)?;
            let actions = Reader { lines }.actions(&value)?;
            Ok(Self {
                file: file.to_owned(),
                actions,
            })
        };
        parse().map_err(|error: Error| error.in_file(file.as_ref()))
    }
}

#[cfg(test)]
impl Overlay {
    /// Returns an overlay for each action, which has to select something.
    pub(crate) fn steps(self) -> impl Iterator<Item = Self> {
        self.actions.into_iter().map(move |action| Self {
            file: self.file.clone(),
            actions: vec![Action {
                is_optional: false,
                ..action
            }],
        })
    }
}

struct Reader {
    lines: Lines,
}

impl Reader {
    fn actions(&self, overlay: &Value) -> Result<Vec<Action>, Error> {
        match overlay["overlay"].as_str() {
            Some(version) if version.starts_with("1.0.") || version.starts_with("1.1.") => {}
            Some(version) => {
                let reason =
                    format!("the overlay version {version} is not supported: 1.0 or 1.1 is");
                return Err(self.error("/overlay", reason));
            }
            None => {
                return Err(Error::new(
                    "is not an overlay: the property `overlay` is missing",
                ));
            }
        }
        let actions = overlay["actions"]
            .as_array()
            .ok_or_else(|| Error::new("is not an overlay: there is no list of `actions`"))?;
        (0..)
            .zip(actions)
            .map(|(index, action)| self.action(action, &format!("/actions/{index}")))
            .collect()
    }

    fn action(&self, action: &Value, at: &str) -> Result<Action, Error> {
        let target = self.target(&action["target"], &format!("{at}/target"))?;
        let change = match (
            action.get("update"),
            action.get("copy"),
            action["remove"] == true,
        ) {
            (Some(update), None, false) => {
                let mut update = update.clone();
                self.check_features(&update, &format!("{at}/update"), &target)?;
                mark_descriptions(&mut update);
                Change::Update(update)
            }
            (None, Some(from), false) => Change::Copy(self.target(from, &format!("{at}/copy"))?),
            (None, None, true) => Change::Remove,
            _ => {
                let reason = format!(
                    "the action for {} must have one of `update`, `copy` and `remove: true`",
                    target.text
                );
                return Err(self.error(at, reason));
            }
        };
        Ok(Action {
            line: self.line(at),
            target,
            change,
            is_optional: action["x-optional"] == true,
        })
    }

    fn target(&self, text: &Value, at: &str) -> Result<Target, Error> {
        let error = |reason| self.error(at, reason);
        let text = text
            .as_str()
            .ok_or_else(|| error("an action needs a JSONPath as `target`".to_owned()))?;
        let path = JsonPath::parse(text).map_err(|invalid| {
            let (column, reason) = (invalid.position(), invalid.message());
            error(format!(
                "{text} is not a valid JSONPath at its column {column}: {reason}"
            ))
        })?;
        Ok(Target {
            text: text.to_owned(),
            path,
        })
    }

    /// Rejects marks of features that do not exist.
    fn check_features(&self, value: &Value, at: &str, target: &Target) -> Result<(), Error> {
        let check = |feature: &Value, at: &str| match feature.as_str() {
            Some(name) if features::FEATURES.contains(&name) => Ok(()),
            _ => {
                let reason = format!("the target {}: {}", target.text, features::unknown(feature));
                Err(self.error(at, reason))
            }
        };
        match value {
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                let at = format!("{at}/{}", escape(key));
                match key.as_str() {
                    features::FEATURE => check(value, &at),
                    features::FEATURES_OF_PARTS => {
                        let mut features = value.as_object().into_iter().flatten();
                        features.try_for_each(|(_, feature)| check(feature, &at))
                    }
                    _ => self.check_features(value, &at, target),
                }
            }),
            Value::Array(items) => (0..).zip(items).try_for_each(|(index, item)| {
                self.check_features(item, &format!("{at}/{index}"), target)
            }),
            _ => Ok(()),
        }
    }

    fn line(&self, at: &str) -> usize {
        self.lines.get(at).copied().unwrap_or_default()
    }

    /// An error on the line of a value, or of its action if the value is missing.
    fn error(&self, at: &str, reason: String) -> Error {
        let mut at = at;
        while let (false, Some((parent, _))) = (self.lines.contains_key(at), at.rsplit_once('/')) {
            at = parent;
        }
        Error::at(format!("line {}", self.line(at)), reason)
    }
}

/// Marks descriptions, which lowering keeps of overlays and drops of upstream documents.
fn mark_descriptions(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if map.get("description").is_some_and(Value::is_string)
                && let Some(text) = map.remove("description")
            {
                map.insert(DESCRIPTION.to_owned(), text);
            }
            map.values_mut().for_each(mark_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(mark_descriptions),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(actions: &str) -> String {
        let text = format!("overlay: 1.1.0\ninfo: {{title: T, version: '1'}}\nactions:\n{actions}");
        let overlay = Overlay::parse("mine.yaml", &text);
        overlay.expect_err("the overlay is invalid").to_string()
    }

    #[test]
    fn invalid_actions_are_errors_with_file_and_line() {
        for (actions, expected) in [
            (
                "  - target: $.info\n    remove: true\n  - target: $.paths[\n    remove: true\n",
                "mine.yaml: at line 6: $.paths[ is not a valid JSONPath at its column ",
            ),
            (
                "  - update: {a: 1}\n",
                "mine.yaml: at line 4: an action needs a JSONPath as `target`",
            ),
            (
                "  - target: $.info\n    update: {a: 1}\n    remove: true\n",
                "mine.yaml: at line 4: the action for $.info must have one of `update`, `copy` and `remove: true`",
            ),
            (
                "  - target: $.info\n    remove: false\n",
                "mine.yaml: at line 4: the action for $.info must have one of",
            ),
            (
                "  - target: $.info\n    update:\n      a: [{x-feature: foundri}]\n",
                "mine.yaml: at line 6: the target $.info: unknown feature \"foundri\": the features are files and foundry",
            ),
            (
                "  - target: $.info\n    update:\n      x-features:\n        a: 1\n",
                "mine.yaml: at line 7: the target $.info: unknown feature 1: the features are",
            ),
        ] {
            assert!(error(actions).starts_with(expected), "{}", error(actions));
        }
    }

    #[test]
    fn other_documents_are_errors() {
        for (text, expected) in [
            (
                "openapi: 3.0.3",
                "mine.yaml: is not an overlay: the property `overlay` is missing",
            ),
            (
                "overlay: 1.1.0",
                "mine.yaml: is not an overlay: there is no list of `actions`",
            ),
            (
                "actions: []\noverlay: 2.0.0",
                "mine.yaml: at line 2: the overlay version 2.0.0 is not supported: 1.0 or 1.1 is",
            ),
            ("a: [", "mine.yaml: at line "),
        ] {
            let error = Overlay::parse("mine.yaml", text).expect_err("not an overlay");
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }

    #[test]
    fn json_is_read_too() {
        let text = r#"{"overlay": "1.0.0", "actions": [
            {"target": "$.info", "remove": true, "description": "Why."}]}"#;
        let overlay = Overlay::parse("mine.json", text).expect("an overlay");
        assert_eq!(overlay.actions[0].line, 2);
    }
}
