//! Records facts about the upstream document that the import normalizes.
//!
//! Examples are the value of `OpenAI-Beta` and the version of OpenAPI. The canonical document
//! contains them as `x-source` in `info`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::canonical::{SOURCE, is_canonical};
use super::closure::Closure;
use super::pointer::lookup;

/// The key of the value of the header `OpenAI-Beta`.
pub(super) const BETA: &str = "beta";

/// The header in an example command line, in lower case.
const HEADER: &str = "openai-beta:";

/// Extension that marks constants.
const CONSTANT: &str = "x-stainless-const";

/// Records the provenance of an upstream document, or keeps that of a canonical one.
pub(super) fn record(upstream: &Value, closure: &Closure) -> Value {
    let kept = upstream.pointer(&format!("/info/{SOURCE}"));
    if let Some(Value::Object(kept)) = kept
        && is_canonical(upstream)
    {
        let texts = kept.iter().filter(|(_, value)| value.is_string());
        return texts
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
    }
    let mut record = Map::new();
    if let Some(openapi) = upstream.get("openapi") {
        record.insert("openapi".into(), openapi.clone());
    }
    let mut newest = None;
    let mut error_statuses = BTreeSet::new();
    for operation in &closure.operations {
        let Some(operation) = lookup(upstream, &operation.at.to_string()) else {
            continue;
        };
        // No document declares the header as a parameter; only examples contain it.
        visit(operation, &mut |_, value| {
            newest = newest.max(versions(value).max());
        });
        let statuses = operation["responses"].as_object().into_iter().flatten();
        error_statuses.extend(
            statuses
                .map(|(status, _)| status.as_str())
                .filter(|status| !status.starts_with('2')),
        );
    }
    if let Some(version) = newest {
        record.insert(BETA.into(), format!("assistants=v{version}").into());
    }
    if !error_statuses.is_empty() {
        let statuses: Vec<&str> = error_statuses.into_iter().collect();
        record.insert("refusals".into(), statuses.join(", ").into());
    }
    let mut has_marks = false;
    for schema in closure.schemas.values() {
        visit(schema, &mut |key, _| has_marks |= key == CONSTANT);
    }
    if has_marks {
        record.insert("constants".into(), CONSTANT.into());
    }
    Value::Object(record)
}

/// Parses the versions in an example such as `-H "OpenAI-Beta: assistants=v2"`.
fn versions(example: &Value) -> impl Iterator<Item = u32> {
    let text = example.as_str().unwrap_or_default();
    let lower = text.to_ascii_lowercase();
    let headers: Vec<usize> = lower.match_indices(HEADER).map(|(at, _)| at).collect();
    headers.into_iter().filter_map(move |at| {
        let value = text[at + HEADER.len()..].trim_start();
        let version = value.strip_prefix("assistants=v")?;
        // Ignores other values, such as `v2-preview` or `v2.1`.
        let is_part = |c: char| c.is_alphanumeric() || "_-.=".contains(c);
        let end = version.find(|c| !is_part(c)).unwrap_or(version.len());
        version[..end].parse().ok()
    })
}

/// Visits all nested values with their keys. Items of lists have an empty key.
fn visit<'a>(value: &'a Value, each: &mut impl FnMut(&'a str, &'a Value)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                each(key, value);
                visit(value, each);
            }
        }
        Value::Array(list) => {
            for value in list {
                each("", value);
                visit(value, each);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::closure;

    fn recorded(more: Value) -> Value {
        let mut operation = json!({
            "operationId": "getThing",
            "tags": ["Assistants"],
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
        });
        for (key, value) in more.as_object().unwrap() {
            operation[key] = value.clone();
        }
        let mark = more.get("marked").is_some();
        let document = json!({
            "openapi": "3.1.0",
            "paths": {"/threads": {"get": operation}},
            "components": {"schemas": {"Thing": {"type": "object", "properties": {
                "object": if mark { json!({"enum": ["thing"], CONSTANT: true}) } else { json!({"enum": ["thing"]}) },
            }}}},
        });
        record(&document, &closure::extract(&document).unwrap())
    }

    #[test]
    fn the_header_in_examples_is_recorded() {
        let example =
            |text: &str| json!({"x-oaiMeta": {"examples": [{"request": {"curl": text}}]}});
        let beta = |text| recorded(example(text)).get("beta").cloned();
        assert_eq!(
            beta("curl /threads \\\n  -H \"OpenAI-Beta: assistants=v1\" \\\n -d '{}'"),
            Some(json!("assistants=v1"))
        );
        assert_eq!(
            beta("-H 'OpenAI-Beta: assistants=v2'"),
            Some(json!("assistants=v2"))
        );
        assert_eq!(
            beta("-H 'openai-beta:assistants=v3'"),
            Some(json!("assistants=v3"))
        );
        assert_eq!(beta("curl /threads"), None);
    }

    #[test]
    fn the_highest_version_is_recorded() {
        let beta = |texts: Value| recorded(json!({"x-examples": texts})).get("beta").cloned();
        let (two, ten) = ("OpenAI-Beta: assistants=v2", "OpenAI-Beta: assistants=v10");
        assert_eq!(beta(json!([ten, two])), Some(json!("assistants=v10")));
        assert_eq!(
            beta(json!(format!("-H '{two}' or -H '{ten}'"))),
            Some(json!("assistants=v10"))
        );
    }

    #[test]
    fn other_values_of_the_header_are_ignored() {
        for value in [
            "responses_multi=v1",
            "responses=v9",
            "assistants=v",
            "assistants=v+2",
            "assistants=v2.1",
            "assistants=v2-preview",
            "assistants=v2ü",
            "assistants=v99999999999999999999",
            "ASSISTANTS=V2",
        ] {
            let example = json!({"x-examples": [format!("-H 'OpenAI-Beta: {value}'")]});
            assert_eq!(recorded(example), json!({"openapi": "3.1.0"}), "{value}");
        }
    }

    #[test]
    fn only_the_strings_of_a_canonical_record_are_kept() {
        let of = |title: &str| {
            let document = json!({
                "openapi": "3.0.3",
                "info": {"title": title, SOURCE: {"openapi": "3.1.0", "beta": "assistants=v1", "n": 1}},
                "paths": {"/threads": {"get": {
                    "operationId": "getThing",
                    "tags": ["Assistants"],
                    "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
                }}},
                "components": {"schemas": {}},
            });
            record(&document, &closure::extract(&document).unwrap())
        };
        assert_eq!(
            of("OpenAI Assistants API"),
            json!({"openapi": "3.1.0", "beta": "assistants=v1"})
        );
        assert_eq!(of("OpenAI API"), json!({"openapi": "3.0.3"}));
    }

    #[test]
    fn normalized_facts_are_recorded() {
        assert_eq!(recorded(json!({})), json!({"openapi": "3.1.0"}));
        let responses = json!({
            "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
            "429": {"description": "Slow down."},
        });
        assert_eq!(
            recorded(json!({"responses": responses, "marked": true})),
            json!({"openapi": "3.1.0", "refusals": "429", "constants": CONSTANT})
        );
    }
}
