//! Carries descriptions over from the previous canonical document.
//!
//! Descriptions are written for this project and are not imported, except those of overlays.
//! They are matched by path:
//! `info`, `operations/createRun`, `operations/createRun/parameters/thread_id`,
//! `schemas/RunObject`, `schemas/RunObject/properties/status`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::canonical::DESCRIPTION;
use super::schema;

/// Copies descriptions from other documents, the first of which takes precedence. Returns the paths that
/// have none.
pub(super) fn carry_over<'a>(
    described: impl IntoIterator<Item = &'a Value>,
    document: &mut Value,
) -> Vec<String> {
    let mut descriptions: BTreeMap<String, String> = BTreeMap::new();
    for previous in described {
        visit(&mut previous.clone(), &mut |path, value| {
            let text = value
                .get("description")
                .and_then(Value::as_str)
                .map(str::trim);
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                descriptions.entry(path).or_insert_with(|| text.to_owned());
            }
        });
    }

    let mut missing = Vec::new();
    visit(document, &mut |path, value| {
        let own = value.get(DESCRIPTION).cloned();
        let kept = descriptions.get(&path).map(|text| text.as_str().into());
        match own.or(kept) {
            Some(text) => schema::set(value, "description", text),
            None => missing.push(path),
        }
    });
    remove_marks(document);
    missing
}

/// Removes the descriptions of overlays, also of what has none in a canonical document.
fn remove_marks(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove(DESCRIPTION);
            map.values_mut().for_each(remove_marks);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_marks),
        _ => {}
    }
}

/// Visits everything that has a description, with its path.
fn visit(document: &mut Value, each: &mut impl FnMut(String, &mut Value)) {
    if let Some(info) = document.get_mut("info") {
        each("info".into(), info);
    }
    let items = document
        .get_mut("paths")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten();
    for (_, operation) in items.filter_map(|(_, item)| item.as_object_mut()).flatten() {
        let Some(id) = operation.get("operationId").and_then(Value::as_str) else {
            continue;
        };
        let path = format!("operations/{id}");
        each(path.clone(), operation);
        for parameter in operation
            .get_mut("parameters")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let name = parameter["name"].as_str().unwrap_or_default();
            each(format!("{path}/parameters/{name}"), parameter);
        }
    }
    let schemas = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        let path = format!("schemas/{name}");
        for (property, schema) in schema
            .get_mut("properties")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            each(format!("{path}/properties/{property}"), schema);
        }
        each(path, schema);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "info": {"title": "T"},
            "paths": {"/threads/{id}": {"get": {
                "operationId": "getThread",
                "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}],
            }}},
            "components": {"schemas": {"Thread": {"type": "object", "properties": {
                "id": {"type": "string"},
                "owner": {"$ref": "#/components/schemas/Thread"},
            }}}},
        })
    }

    #[test]
    fn missing_descriptions_are_listed() {
        assert_eq!(
            carry_over(None, &mut document()),
            [
                "info",
                "operations/getThread",
                "operations/getThread/parameters/id",
                "schemas/Thread/properties/id",
                "schemas/Thread/properties/owner",
                "schemas/Thread",
            ]
        );
    }

    #[test]
    fn descriptions_of_overlays_come_first() {
        let mut previous = document();
        previous["components"]["schemas"]["Thread"]["description"] = "Before.".into();
        let mut next = document();
        next["components"]["schemas"]["Thread"][DESCRIPTION] = "After.".into();
        next["components"]["schemas"]["Thread"]["items"] = json!({DESCRIPTION: "Nowhere."});
        carry_over(Some(&previous), &mut next);
        let thread = &next["components"]["schemas"]["Thread"];
        assert_eq!(thread["description"], "After.");
        assert_eq!(thread.get(DESCRIPTION), None);
        assert_eq!(thread["items"], json!({}));
    }

    #[test]
    fn descriptions_are_matched_by_path() {
        let mut previous = document();
        previous["info"]["description"] = "About.".into();
        previous["components"]["schemas"]["Thread"]["properties"]["owner"] = json!({"allOf": [{"$ref": "#/components/schemas/Thread"}], "description": " The owner.\n"});
        previous["components"]["schemas"]["Thread"]["properties"]["gone"] =
            json!({"type": "string", "description": "Gone."});
        // The path moves; the operation is the same.
        let mut next = document();
        previous["paths"]["/threads/{id}"]["get"]["description"] = "Gets a thread.".into();
        next["paths"] = json!({"/v2/threads/{id}": next["paths"]["/threads/{id}"].take()});

        let missing = carry_over(Some(&previous), &mut next);
        assert_eq!(next["info"]["description"], "About.");
        assert_eq!(
            next["paths"]["/v2/threads/{id}"]["get"]["description"],
            "Gets a thread."
        );
        assert_eq!(
            next["components"]["schemas"]["Thread"]["properties"]["owner"],
            json!({"allOf": [{"$ref": "#/components/schemas/Thread"}], "description": "The owner."})
        );
        assert_eq!(missing.len(), 3);
    }
}
