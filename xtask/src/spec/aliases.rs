//! Removes components that are another name of a component.

use std::collections::BTreeMap;

use serde_json::Value;

use super::canonical::{ERROR_RESPONSE, STREAM_EVENT};
use super::naming;
use super::schema::{self, PREFIX, Schemas};
use super::select::Operation;

/// Replaces references to other names of a component. The names that the import looks for stay, with
/// the content of the component.
pub(super) fn resolve(schemas: &mut Schemas, operations: &mut [Operation]) {
    let aliases: BTreeMap<String, String> = schemas
        .iter()
        .filter(|(_, schema)| schema::reference(schema).is_some())
        .filter_map(|(name, schema)| {
            let (target, _) = schema::target(schema, schemas);
            Some((name.clone(), target?.to_owned()))
        })
        .filter(|(_, target)| schema::reference(&schemas[target]).is_none())
        .collect();
    for (alias, target) in &aliases {
        match [ERROR_RESPONSE, STREAM_EVENT].contains(&alias.as_str()) {
            true => {
                let schema = schemas[target].clone();
                schemas.insert(alias.clone(), schema);
                continue;
            }
            false => schemas.remove(alias),
        };
        let (from, to) = (format!("{PREFIX}{alias}"), format!("{PREFIX}{target}"));
        let mut replace = |schema: &mut Value| naming::replace(schema, &from, &to);
        schemas.values_mut().for_each(&mut replace);
        for operation in &mut *operations {
            let parameters = operation.parameters.iter_mut();
            parameters.for_each(|(_, parameter)| replace(parameter));
            let body = operation.body.as_mut().map(|body| &mut body.content);
            let contents = body.into_iter().chain(&mut operation.success.content);
            contents.for_each(|content| replace(&mut content.schema));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_lead_to_the_component() {
        let mut schemas: Schemas = [
            ("Alias", json!({"allOf": [schema::reference_to("Other")]})),
            ("Other", schema::reference_to("Thing")),
            (
                "Thing",
                json!({"type": "object", "properties": {"next": schema::reference_to("Alias")}}),
            ),
            (ERROR_RESPONSE, schema::reference_to("Thing")),
            ("A", schema::reference_to("A")),
        ]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
        resolve(&mut schemas, &mut []);
        let thing =
            json!({"type": "object", "properties": {"next": schema::reference_to("Thing")}});
        assert_eq!(schemas["Thing"], thing);
        assert_eq!(
            schemas.keys().collect::<Vec<_>>(),
            ["A", ERROR_RESPONSE, "Thing"]
        );
    }
}
