//! What an import makes equal, and a maintainer may have to know all the same: which
//! `OpenAI-Beta` the document speaks of, and how it was written.
//!
//! The canonical document keeps it as `x-source` in `info`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::closure::Closure;
use super::pointer::resolve;

/// Where it stands in `info`.
pub(super) const SOURCE: &str = "x-source";

/// The value of the header `OpenAI-Beta`, in the record.
pub(super) const BETA: &str = "beta";

/// What marks a property of one value, beside an `enum` of one.
const CONSTANT: &str = "x-stainless-const";

/// The record of a document, of which `closure` is the part that is used. A document
/// that was imported has it already.
pub(super) fn record(upstream: &Value, closure: &Closure) -> Value {
    if let Some(kept) = upstream.pointer(&format!("/info/{SOURCE}")) {
        return kept.clone();
    }
    let mut record = Map::new();
    if let Some(openapi) = upstream.get("openapi") {
        record.insert("openapi".into(), openapi.clone());
    }
    let mut betas = BTreeSet::new();
    let mut refusals = BTreeSet::new();
    for operation in &closure.operations {
        let Some(operation) = resolve(upstream, &operation.at.to_string()) else {
            continue;
        };
        // No document declares the header: it stands in the examples alone.
        visit(operation, &mut |_, value| betas.extend(beta(value)));
        let statuses = operation["responses"].as_object().into_iter().flatten();
        refusals.extend(
            statuses
                .map(|(status, _)| status.as_str())
                .filter(|status| !status.starts_with('2')),
        );
    }
    // The one of the newest version, should there be several.
    if let Some(beta) = betas.last() {
        record.insert(BETA.into(), (*beta).into());
    }
    if !refusals.is_empty() {
        let refusals: Vec<&str> = refusals.into_iter().collect();
        record.insert("refusals".into(), refusals.join(", ").into());
    }
    let mut marks = false;
    for schema in closure.schemas.values() {
        visit(schema, &mut |key, _| marks |= key == CONSTANT);
    }
    if marks {
        record.insert("constants".into(), CONSTANT.into());
    }
    Value::Object(record)
}

/// The value of the header in an example such as `-H "OpenAI-Beta: assistants=v2"`.
fn beta(value: &Value) -> Option<&str> {
    let (_, rest) = value.as_str()?.split_once("OpenAI-Beta: ")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '='));
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// Visits every value below this one, with its key or an empty one.
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
        record(&document, &closure::cut(&document).unwrap())
    }

    #[test]
    fn the_header_of_the_examples_is_kept() {
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
        assert_eq!(beta("curl /threads"), None);
    }

    #[test]
    fn what_the_import_makes_equal_is_kept() {
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
