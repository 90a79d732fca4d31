//! Simplifies unions: merges string branches and removes repeated branches.

use openai_assistants_codegen::features::FEATURES_OF_PARTS;
use serde_json::{Value, json};

use super::canonical::UNION_OF_ONE;
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
    if schema.get(UNION_OF_ONE).is_some()
        && let Some(Kind::Object | Kind::Primitive) = kind(schema::target(schema, known).1)
    {
        make_union(schema);
        return;
    }
    if kind(schema) != Some(Kind::Union) {
        return;
    }
    let extensions =
        [FEATURES_OF_PARTS, UNION_OF_ONE].map(|name| (name, schema.get(name).cloned()));
    let siblings = schema::take_siblings(schema);
    let branches = schema["oneOf"].as_array().cloned().unwrap_or_default();
    let before = branches.len();
    let mut branches = merge_strings(distinct(branches), known);
    *schema = match branches.as_mut_slice() {
        // A union that had one member from the start is intentional.
        [one] if before > 1 => one.take(),
        _ => json!({ "oneOf": branches }),
    };
    for (name, value) in extensions {
        if let Some(value) = value {
            schema[name] = value;
        }
    }
    schema::put_siblings(schema, siblings);
}

/// Makes a tagged object or a primitive the only member of a union, which may grow. The union
/// keeps the mark.
fn make_union(object: &mut Value) {
    remove_mark(object);
    let siblings = schema::take_siblings(object);
    require_tag(object);
    *object = json!({ "oneOf": [object.take()], UNION_OF_ONE: true });
    schema::put_siblings(object, siblings);
}

/// Removes the marks of unions of one.
pub(super) fn remove_marks(schema: &mut Value) {
    remove_mark(schema);
    for subschema in schema::subschemas_mut(schema) {
        remove_marks(subschema);
    }
}

fn remove_mark(schema: &mut Value) {
    if let Some(map) = schema.as_object_mut()
        && map.remove(UNION_OF_ONE).is_some()
    {
        // A reference was wrapped for the mark.
        let siblings = schema::take_siblings(schema);
        schema::put_siblings(schema, siblings);
    }
}

/// Requires the property `type`, which identifies the member of a union.
fn require_tag(object: &mut Value) {
    let Some(map) = object
        .as_object_mut()
        .filter(|map| map.contains_key("properties"))
    else {
        return;
    };
    let required = map.entry("required").or_insert_with(|| json!([]));
    if let Some(names) = required.as_array_mut()
        && !names.contains(&"type".into())
    {
        names.push("type".into());
    }
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
    fn a_marked_object_becomes_a_union_of_one() {
        let action = json!({"type": "object", "nullable": true, "required": ["id"], UNION_OF_ONE: true, "properties": {
            "type": {"type": "string", "enum": ["submit_tool_outputs"]},
        }});
        let mut run = json!({"type": "object", "properties": {"required_action": action}});
        simplify(&mut run, &Schemas::new());
        let once = run.clone();
        simplify(&mut run, &Schemas::new());
        assert_eq!(run, once);
        remove_marks(&mut run);

        let action = &run["properties"]["required_action"];
        assert_eq!(action["nullable"], true);
        assert_eq!(action.get(UNION_OF_ONE), None);
        let members = action["oneOf"].as_array().unwrap();
        assert_eq!(members.len(), 1);
        assert_eq!(members[0]["required"], json!(["id", "type"]));
    }

    #[test]
    fn a_marked_text_becomes_a_union_of_one() {
        let text = json!({"type": "string"});
        let mut marked = text.clone();
        marked[UNION_OF_ONE] = true.into();
        let mut once = simplified(marked);
        assert_eq!(simplified(once.clone()), once);
        remove_marks(&mut once);
        assert_eq!(once, json!({"oneOf": [text]}));
    }

    #[test]
    fn a_marked_union_stays_as_it_is() {
        let union = json!({"oneOf": [{"type": "string"}, {"type": "integer"}]});
        let mut marked = union.clone();
        marked[UNION_OF_ONE] = true.into();
        let mut unmarked = simplified(marked);
        remove_marks(&mut unmarked);
        assert_eq!(unmarked, union);

        let mut reference = schema::reference_to("Names");
        schema::set(&mut reference, UNION_OF_ONE, true.into());
        remove_marks(&mut reference);
        assert_eq!(reference, schema::reference_to("Names"));
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
