//! Simplifies unions: merges string branches and removes repeated branches.

use serde_json::{Value, json};

use super::schema::{self, Kind, Schemas, kind};

/// Simplifies the unions of all components.
pub(super) fn simplify_all(schemas: &mut Schemas) {
    let known = schemas.clone();
    for schema in schemas.values_mut() {
        simplify(schema, &known);
    }
}

/// Simplifies the unions within one schema.
pub(super) fn simplify(schema: &mut Value, known: &Schemas) {
    for subschema in schema::subschemas_mut(schema) {
        simplify(subschema, known);
    }
    if kind(schema) != Some(Kind::Union) {
        return;
    }
    let siblings = schema::take_siblings(schema);
    let branches = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let before = branches.len();
    let mut branches = merge_strings(distinct(branches), known);
    *schema = match branches.as_mut_slice() {
        // A union that had one member from the start is intentional.
        [one] if before > 1 => one.take(),
        _ => json!({ "oneOf": branches }),
    };
    schema::put_siblings(schema, siblings);
}

fn distinct(branches: Vec<Value>) -> Vec<Value> {
    let mut distinct: Vec<Value> = Vec::new();
    for branch in branches {
        if !distinct.contains(&branch) {
            distinct.push(branch);
        }
    }
    distinct
}

/// Merges all strings of a union into one.
///
/// Known values beside an arbitrary string are a hint that does not change the type.
fn merge_strings(branches: Vec<Value>, known: &Schemas) -> Vec<Value> {
    let is_string = |branch: &&Value| schema::target(branch, known).1["type"] == "string";
    let enumerated: Vec<Option<Vec<Value>>> = branches
        .iter()
        .filter(is_string)
        .map(|string| schema::target(string, known).1["enum"].as_array().cloned())
        .collect();
    if enumerated.len() < 2 {
        return branches;
    }

    let string = match enumerated.into_iter().collect::<Option<Vec<_>>>() {
        Some(values) => json!({ "type": "string", "enum": distinct(values.concat()) }),
        None => json!({ "type": "string" }),
    };
    let mut string = Some(string);
    branches
        .into_iter()
        .filter_map(|branch| {
            if is_string(&&branch) {
                string.take()
            } else {
                Some(branch)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn simplified(mut schema: Value) -> Value {
        let known = [
            (
                "Names".to_owned(),
                json!({"type": "string", "enum": ["a", "b"]}),
            ),
            (
                "Thing".to_owned(),
                json!({"type": "object", "properties": {}}),
            ),
        ];
        simplify(&mut schema, &known.into_iter().collect());
        schema
    }

    #[test]
    fn a_string_or_known_value_is_a_string() {
        let names = schema::reference_to("Names");
        for known in [names.clone(), json!({"type": "string", "enum": ["c"]})] {
            assert_eq!(
                simplified(json!({"oneOf": [{"type": "string"}, known], "nullable": true})),
                json!({"type": "string", "nullable": true})
            );
        }
        assert_eq!(
            simplified(json!({"oneOf": [names, {"type": "string", "enum": ["b", "c"]}]})),
            json!({"type": "string", "enum": ["a", "b", "c"]})
        );
    }

    #[test]
    fn other_branches_keep_their_order() {
        let array = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(
            simplified(
                json!({"oneOf": [array, {"type": "string"}, schema::reference_to("Names")]})
            ),
            json!({"oneOf": [array, {"type": "string"}]})
        );
    }

    #[test]
    fn repeated_branches_are_merged() {
        let thing = schema::reference_to("Thing");
        assert_eq!(
            simplified(json!({"type": "array", "items": {"oneOf": [thing, thing]}}))["items"],
            thing
        );
    }
}
