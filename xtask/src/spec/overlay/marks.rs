//! Finds the overlay that has an invalid mark of a feature.

use openai_assistants_codegen::Error;
use openai_assistants_codegen::document::escape;
use openai_assistants_codegen::features::FEATURES_OF_PARTS;
use serde_json::Value;

use super::read::{Action, Change, Overlay};

/// Adds the file, line and target of a mark to the error about it, if an overlay has the mark.
///
/// Whether there is a value or tag of that name is known only after the import, which has other names of
/// schemas. So the mark is found by the name of the part.
pub(crate) fn locate(error: Error, overlays: &[Overlay]) -> Error {
    let marks = format!("/{FEATURES_OF_PARTS}/");
    let Some((schema, part)) = error.location().and_then(|at| at.split_once(&marks)) else {
        return error;
    };
    let schema = schema.rsplit('/').next().unwrap_or_default();
    let actions = overlays
        .iter()
        .flat_map(|overlay| overlay.actions.iter().map(move |action| (overlay, action)));
    let marking =
        actions.filter(|(_, action)| update(action).is_some_and(|update| has_mark(update, part)));
    // Several schemas may have a part of this name.
    let found = marking.max_by_key(|(_, action)| {
        let is_defined = update(action).is_some_and(|update| update.get(schema).is_some());
        is_defined || action.target.text.contains(schema)
    });
    match found {
        Some((overlay, action)) => {
            let place = format!("line {}", action.line);
            let reason = format!("the target {}: {error}", action.target.text);
            Error::at(place, reason).in_file(overlay.file.as_ref())
        }
        None => error,
    }
}

fn update(action: &Action) -> Option<&Value> {
    match &action.change {
        Change::Update(update) => Some(update),
        Change::Copy(_) | Change::Remove => None,
    }
}

/// Whether a value has a mark of this part, as a segment of a JSON pointer.
fn has_mark(value: &Value, part: &str) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| {
            let marked = value.as_object().filter(|_| key == FEATURES_OF_PARTS);
            let mut marked = marked.into_iter().flatten();
            marked.any(|(name, _)| escape(name) == part) || has_mark(value, part)
        }),
        Value::Array(items) => items.iter().any(|item| has_mark(item, part)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_found_in_its_overlay() {
        let overlay = |file: &str, schema: &str| {
            let text = format!(
                "overlay: 1.1.0\nactions:\n  - target: $.components.schemas.{schema}\n    update: {{x-features: {{a/b: files}}}}\n"
            );
            Overlay::parse(file, &text).expect("an overlay")
        };
        let overlays = [
            overlay("one.yaml", "Run"),
            overlay("two.yaml", "Step"),
            overlay("three.yaml", "Tool"),
        ];
        let located = |at: &str| {
            locate(Error::at(at, "there is no such value or tag"), &overlays).to_string()
        };
        assert_eq!(
            located("#/components/schemas/Step/x-features/a~1b"),
            "two.yaml: at line 3: the target $.components.schemas.Step: at \
             #/components/schemas/Step/x-features/a~1b: there is no such value or tag"
        );
        // The schema has another name in the overlay.
        assert!(
            located("#/components/schemas/Other/x-features/a~1b").contains(".yaml: at line 3: ")
        );
        let other = "#/components/schemas/Step/x-features/c";
        assert_eq!(
            located(other),
            format!("at {other}: there is no such value or tag")
        );
    }
}
