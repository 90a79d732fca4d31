//! `overlays/corrections.yaml`: places where servers are known to deviate from upstream documents.

use openai_assistants_codegen::Error;

use super::read::{Action, Change, Overlay};

/// The file of the corrections.
pub(crate) const CORRECTIONS: &str = "overlays/corrections.yaml";

const TEXT: &str = include_str!("../../../../overlays/corrections.yaml");

/// Returns the corrections, for documents that are not canonical.
pub(crate) fn corrections() -> Result<Overlay, Error> {
    Overlay::parse(CORRECTIONS, TEXT)
}

/// A correction of a schema that its target names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) line: usize,
    pub(crate) schema: String,
}

/// Returns the schemas that targets of corrections name.
pub(crate) fn corrected_schemas() -> Result<Vec<Correction>, Error> {
    let corrections = corrections()?;
    Ok(corrections.actions.iter().flat_map(schemas_of).collect())
}

fn schemas_of(action: &Action) -> Vec<Correction> {
    let copied = match &action.change {
        Change::Copy(from) => Some(&*from.text),
        Change::Update(_) | Change::Remove => None,
    };
    let texts = [Some(&*action.target.text), copied].into_iter().flatten();
    let mut schemas: Vec<&str> = texts.flat_map(named_schemas).collect();
    schemas.dedup();
    let corrections = schemas.into_iter().map(|schema| Correction {
        line: action.line,
        schema: schema.to_owned(),
    });
    corrections.collect()
}

/// The schemas that a JSONPath names: `$.components.schemas.A`, or `$.components.schemas['A','B']`.
fn named_schemas(path: &str) -> Vec<&str> {
    let is_name = |name: &&str| name.starts_with(char::is_alphabetic);
    let mut named = Vec::new();
    for rest in path.split("$.components.schemas").skip(1) {
        let end = |rest: &str, stop: fn(char) -> bool| rest.find(stop).unwrap_or(rest.len());
        if let Some(list) = rest.strip_prefix("['") {
            let list = &list[..end(list, |c| c == ']')];
            named.extend(list.split(['\'', ',']).filter(is_name));
        } else if let Some(name) = rest.strip_prefix('.') {
            let name = &name[..end(name, |c| !c.is_alphanumeric() && c != '_')];
            named.extend(Some(name).filter(is_name));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::spec::overlay::apply;

    fn corrected(schemas: Value) -> Value {
        let mut document = json!({"components": {"schemas": schemas}});
        let corrections = [corrections().unwrap()];
        apply(&mut document, "small.yaml", &corrections).unwrap();
        let once = document.clone();
        apply(&mut document, "small.yaml", &corrections).unwrap();
        assert_eq!(document, once, "corrections are idempotent");
        document["components"]["schemas"].take()
    }

    #[test]
    fn the_schemas_of_targets_are_found() {
        assert_eq!(
            named_schemas("$.components.schemas['A','B'].properties['a','b']"),
            ["A", "B"]
        );
        assert_eq!(
            named_schemas("$.components.schemas.*..items[?@.a && $.components.schemas.C]"),
            ["C"]
        );
        assert_eq!(named_schemas("$.components.schemas.D.properties"), ["D"]);
        assert_eq!(
            named_schemas("$.components.schemas[?@.a].required"),
            [""; 0]
        );
        assert!(corrected_schemas().unwrap().len() > 20);
    }

    #[test]
    fn the_action_of_a_run_becomes_a_union_of_one() {
        let action = json!({"type": "object", "properties": {"type": {"type": "string", "enum": ["submit_tool_outputs"]}}});
        let run = json!({"type": "object", "properties": {"required_action": action}});
        let schemas = corrected(json!({"RunObject": run}));
        let action = &schemas["RunObject"]["properties"]["required_action"];
        assert_eq!(action["x-union-of-one"], true);
        assert_eq!(action["nullable"], true);
    }

    #[test]
    fn a_delta_and_its_object_have_the_same_properties() {
        let search =
            |search: Value| json!({"type": "object", "properties": {"file_search": search}});
        let known = json!({"type": "object", "properties": {"results": {"type": "array"}}});
        let schemas = corrected(json!({
            "RunStepDetailsToolCallsFileSearchObject": search(known.clone()),
            "RunStepDeltaStepDetailsToolCallsFileSearchObject": search(json!({"type": "object"})),
        }));
        assert_eq!(
            schemas["RunStepDeltaStepDetailsToolCallsFileSearchObject"],
            search(known)
        );
    }

    #[test]
    fn the_object_type_of_a_list_is_constant() {
        let list = json!({"type": "object", "properties": {
            "object": {"type": "string"},
            "data": {"type": "array", "items": {"type": "string"}},
            "has_more": {"type": "boolean"},
        }});
        assert_eq!(
            corrected(json!({"ListThings": list}))["ListThings"]["properties"]["object"]["enum"],
            json!(["list"])
        );
    }

    #[test]
    fn defaults_of_runs_are_removed() {
        let temperature = json!({"type": "number", "default": 1, "maximum": 2});
        let request = json!({"type": "object", "properties": {"temperature": temperature}});
        let schemas = corrected(json!({"CreateRunRequest": request}));
        assert_eq!(
            schemas["CreateRunRequest"]["properties"]["temperature"],
            json!({"type": "number", "maximum": 2})
        );
    }

    #[test]
    fn properties_that_servers_omit_become_nullable() {
        let list = json!({"type": "object", "properties": {
            "data": {"type": "array", "items": {"type": "string"}},
            "first_id": {"type": "string"},
            "has_more": {"type": "boolean"},
        }, "required": ["first_id"]});
        let run = json!({"type": "object", "properties": {"instructions": {"type": "string"}, "model": {"type": "string"}}});
        let schemas = corrected(json!({"ListThings": list, "RunObject": run}));

        let page = &schemas["ListThings"];
        assert_eq!(page["properties"]["first_id"]["nullable"], true);
        assert_eq!(page["required"], json!(["first_id"]));
        assert_eq!(page["properties"].get("last_id"), None);
        let run = &schemas["RunObject"]["properties"];
        assert_eq!(run["instructions"]["nullable"], true);
        assert_eq!(run["model"].get("nullable"), None);
    }
}
