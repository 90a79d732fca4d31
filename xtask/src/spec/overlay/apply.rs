//! Applies overlays: merges, copies and removes values.

use openai_assistants_codegen::Error;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::merge::{Origin, Writes, append};
use super::names;
use super::read::{Action, Change, Overlay, Target};

/// Applies overlays in order to the document with this name.
///
/// # Errors
/// A target selects nothing, a value cannot be merged, or two actions contradict each other.
pub(crate) fn apply(document: &mut Value, name: &str, overlays: &[Overlay]) -> Result<(), Error> {
    let mut writes = Writes::default();
    for overlay in overlays {
        for action in &overlay.actions {
            let mut step = Step {
                document,
                name,
                action,
                origin: Origin {
                    file: overlay.file.clone(),
                    line: action.line,
                },
                writes: &mut writes,
            };
            step.run().map_err(|reason| {
                Error::at(format!("line {}", action.line), reason).in_file(overlay.file.as_ref())
            })?;
        }
    }
    Ok(())
}

/// The application of one action.
struct Step<'a> {
    document: &'a mut Value,
    name: &'a str,
    action: &'a Action,
    origin: Origin,
    writes: &'a mut Writes,
}

impl Step<'_> {
    fn run(&mut self) -> Result<(), String> {
        let selected = self.select(&self.action.target)?;
        match &self.action.change {
            Change::Remove => self.remove(selected),
            Change::Update(update) => self.update(&selected, update),
            Change::Copy(from) => {
                let from = match self.select(from)?.as_slice() {
                    [] => return Ok(()),
                    [one] => self.document.pointer(one).cloned().unwrap_or_default(),
                    several => {
                        let (text, count) = (&from.text, several.len());
                        return Err(format!(
                            "{text} selects {count} values, and one can be copied"
                        ));
                    }
                };
                self.update(&selected, &from)
            }
        }
    }

    /// Returns the JSON pointers to the selected values.
    fn select(&self, target: &Target) -> Result<Vec<String>, String> {
        let nodes = target.path.query_located(self.document);
        let selected: Vec<String> = nodes
            .locations()
            .map(|location| location.to_json_pointer())
            .collect();
        if self.action.is_optional {
            return Ok(selected);
        }
        let (text, document) = (&target.text, self.name);
        if selected.is_empty() {
            return Err(format!("the target {text} selects nothing in {document}"));
        }
        for (name, path) in names::alone(text) {
            let path = JsonPath::parse(&path).map_err(|error| error.to_string())?;
            if path.query(self.document).is_empty() {
                return Err(format!(
                    "{name} in the target {text} selects nothing in {document}"
                ));
            }
        }
        Ok(selected)
    }

    fn update(&mut self, selected: &[String], update: &Value) -> Result<(), String> {
        for at in selected {
            let target = self.document.pointer_mut(at).ok_or("")?;
            let merged = match target {
                // A list is extended by an entry, or by a list of entries.
                Value::Array(items) if !update.is_array() => {
                    append(items, update);
                    Ok(())
                }
                target => self.writes.merge(target, update, at, &self.origin),
            };
            merged.map_err(|reason| format!("the target {} {reason}", self.action.target.text))?;
        }
        Ok(())
    }

    fn remove(&mut self, mut selected: Vec<String>) -> Result<(), String> {
        // From the end, so that the indices of the others stay.
        selected.sort_by_key(|at| {
            let segments = at.split('/');
            segments
                .map(|segment| (segment.parse::<usize>().ok(), segment.to_owned()))
                .collect::<Vec<_>>()
        });
        for at in selected.iter().rev() {
            let (parent, key) = at
                .rsplit_once('/')
                .ok_or_else(|| "the document itself cannot be removed".to_owned())?;
            match self.document.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    map.remove(&key.replace("~1", "/").replace("~0", "~"));
                }
                Some(Value::Array(items)) => {
                    key.parse().ok().map(|index: usize| items.remove(index));
                }
                _ => {}
            }
            self.writes.forget(at);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "info": { "title": "T" },
            "components": { "schemas": {
                "Run": {
                    "type": "object",
                    "required": ["id"],
                    "properties": { "id": { "type": "string" }, "state": { "type": "string", "enum": ["a", "b"] } },
                },
                "Step": { "type": "object", "properties": { "id": { "type": "string" } } },
                "Tool": { "oneOf": [{ "x": 1 }, { "x": 2 }, { "x": 3 }] },
            } },
        })
    }

    fn overlay(file: &str, actions: &str) -> Overlay {
        let text = format!("overlay: 1.1.0\nactions:\n{actions}");
        Overlay::parse(file, &text).expect("an overlay")
    }

    fn applied(overlays: &[Overlay]) -> Result<Value, String> {
        let mut document = document();
        apply(&mut document, "openai.yaml", overlays).map_err(|error| error.to_string())?;
        Ok(document["components"]["schemas"].take())
    }

    fn schemas(actions: &str) -> Value {
        applied(&[overlay("mine.yaml", actions)]).expect("the overlay applies")
    }

    fn error(actions: &str) -> String {
        applied(&[overlay("mine.yaml", actions)]).expect_err("the overlay does not apply")
    }

    #[test]
    fn objects_merge_lists_append_and_scalars_replace() {
        let schemas = schemas(
            "
  - target: $.components.schemas['Run','Step']
    update:
      required: [id, name]
      properties:
        name: {type: string, description: The name.}
        id: {type: integer}
  - target: $.components.schemas.Run.properties.state.enum
    update: c
  - target: $.components.schemas.Tool.oneOf
    update: [{x: 3}, {x: 4}]
",
        );
        let name = json!({ "type": "string", "x-description": "The name." });
        for component in ["Run", "Step"] {
            let component = &schemas[component];
            assert_eq!(component["required"], json!(["id", "name"]));
            assert_eq!(component["properties"]["name"], name);
            assert_eq!(component["properties"]["id"]["type"], "integer");
        }
        assert_eq!(
            schemas["Run"]["properties"]["state"]["enum"],
            json!(["a", "b", "c"])
        );
        assert_eq!(
            schemas["Tool"]["oneOf"],
            json!([{ "x": 1 }, { "x": 2 }, { "x": 3 }, { "x": 4 }])
        );
    }

    #[test]
    fn several_selected_values_are_removed() {
        let schemas = schemas(
            "
  - target: $.components.schemas.Tool.oneOf[0,2]
    remove: true
  - target: $..properties
    remove: true
  - target: $.components.schemas['Run','Step']..*
    x-optional: true
    remove: true
",
        );
        assert_eq!(schemas["Tool"]["oneOf"], json!([{ "x": 2 }]));
        assert_eq!(schemas["Run"], json!({}));
        assert_eq!(schemas["Step"], json!({}));
    }

    #[test]
    fn values_are_selected_by_regular_expressions() {
        let schemas = schemas(
            r"
  - target: $.components.schemas.Run.properties.state.enum[?search(@, '^[bc]$')]
    remove: true
  - target: $.components.schemas[?match(@.type, 'obj.*')].properties.id
    update: {format: uuid}
",
        );
        assert_eq!(schemas["Run"]["properties"]["state"]["enum"], json!(["a"]));
        for component in ["Run", "Step"] {
            assert_eq!(schemas[component]["properties"]["id"]["format"], "uuid");
        }
    }

    #[test]
    fn a_value_is_copied_into_others() {
        let schemas = schemas(
            "
  - target: $.components.schemas
    update: {Copy: {}}
  - target: $.components.schemas['Copy','Step']
    copy: $.components.schemas.Run
",
        );
        assert_eq!(schemas["Copy"], schemas["Run"]);
        assert_eq!(schemas["Step"], schemas["Run"]);
    }

    #[test]
    fn an_optional_action_may_select_nothing() {
        let unchanged = schemas(
            "
  - target: $.components.schemas.Thread
    x-optional: true
    remove: true
  - target: $.components.schemas.Run
    x-optional: true
    copy: $.components.schemas.Thread
",
        );
        assert_eq!(unchanged, document()["components"]["schemas"]);
    }

    #[test]
    fn errors_have_the_file_the_line_and_the_target() {
        for (actions, expected) in [
            (
                "  - target: $.info\n    update: {a: 1}\n  - target: $.components.schemas.Runn\n    remove: true\n",
                "mine.yaml: at line 5: the target $.components.schemas.Runn selects nothing in openai.yaml",
            ),
            (
                "  - target: $.components.schemas['Run','Stepp','Step'].properties\n    update: {a: {type: string}}\n",
                "mine.yaml: at line 3: 'Stepp' in the target $.components.schemas['Run','Stepp','Step'].properties selects nothing in openai.yaml",
            ),
            (
                "  - target: $.components.schemas.Run\n    copy: $.components.schemas.*\n",
                "mine.yaml: at line 3: $.components.schemas.* selects 3 values, and one can be copied",
            ),
            (
                "  - target: $.components.schemas.Run\n    update: {type: {a: 1}}\n",
                "mine.yaml: at line 3: the target $.components.schemas.Run cannot merge {\"a\":1} into /components/schemas/Run/type, which is \"object\"",
            ),
            (
                "  - target: $.components.schemas\n    update: {Step: {type: object}}\n",
                "mine.yaml: at line 3: the target $.components.schemas defines /components/schemas/Step, which exists with other content: remove it first, or update it",
            ),
            (
                "  - target: $\n    remove: true\n",
                "mine.yaml: at line 3: the document itself cannot be removed",
            ),
        ] {
            assert_eq!(error(actions), expected);
        }
    }

    #[test]
    fn contradicting_actions_are_an_error() {
        let set = |value: &str| {
            format!(
                "  - target: $.components.schemas.Run.properties.id\n    update: {{type: {value}}}\n"
            )
        };
        assert_eq!(
            error(&(set("number") + &set("integer"))),
            "mine.yaml: at line 5: the target $.components.schemas.Run.properties.id and line 3 both set \
             /components/schemas/Run/properties/id/type, to \"integer\" and \"number\""
        );
        let other = [
            overlay("mine.yaml", &set("number")),
            overlay("other.yaml", &set("integer")),
        ];
        let error = applied(&other).expect_err("they contradict each other");
        assert!(error.starts_with("other.yaml: at line 3: "), "{error}");
        assert!(
            error.contains("and line 3 of mine.yaml both set"),
            "{error}"
        );

        let removed = set("number")
            + "  - target: $.components.schemas.Run.properties.id.type\n    remove: true\n"
            + &set("integer");
        assert_eq!(
            schemas(&removed)["Run"]["properties"]["id"]["type"],
            "integer"
        );
    }

    #[test]
    fn overlays_that_do_not_contradict_each_other_commute() {
        let one = || {
            overlay(
                "one.yaml",
                "  - target: $.components.schemas.Run\n    update: {properties: {a: {type: string}}}\n",
            )
        };
        let two = || {
            overlay(
                "two.yaml",
                "  - target: $.components.schemas.Run\n    update: {properties: {b: {type: string}}}\n",
            )
        };
        assert_eq!(applied(&[one(), two()]), applied(&[two(), one()]));
        assert_eq!(applied(&[one(), one()]), applied(&[one()]));
    }
}
