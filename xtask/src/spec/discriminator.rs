//! Infers the discriminators of unions.
//!
//! Upstream documents do not declare them. The discriminator is a property that every
//! member requires and whose constant value, or whose enumerated values, differ between members.

use std::collections::BTreeMap;

use openai_assistants_codegen::Error;
use serde_json::{Map, Value, json};

use super::pointer::Pointer;
use super::schema::{self, Kind, PREFIX, Schemas, kind};

/// Conventional names of discriminators, by preference.
const CONVENTIONAL: [&str; 2] = ["type", "event"];

/// The discriminator of a union: the property, and its values in each leaf.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Discriminator {
    pub(super) property: String,
    pub(super) values: Vec<Vec<String>>,
}

/// The members of a union, with the names of components. Nested unions are flattened.
pub(super) fn leaves<'a>(
    branches: &'a [Value],
    schemas: &'a Schemas,
) -> Vec<(Option<&'a str>, &'a Value)> {
    leaves_within(branches, schemas, 0)
}

fn leaves_within<'a>(
    branches: &'a [Value],
    schemas: &'a Schemas,
    depth: usize,
) -> Vec<(Option<&'a str>, &'a Value)> {
    let mut leaves = Vec::new();
    for branch in branches {
        let (name, target) = schema::target(branch, schemas);
        match target.get("oneOf").and_then(Value::as_array) {
            // The limit ends the recursion of a union that contains itself.
            Some(inner) if depth < 8 => leaves.extend(leaves_within(inner, schemas, depth + 1)),
            _ => leaves.push((name, target)),
        }
    }
    leaves
}

/// Infers the discriminator of a union.
pub(super) fn infer(branches: &[Value], schemas: &Schemas) -> Option<Discriminator> {
    let leaves = leaves(branches, schemas);
    let (_, first) = leaves.first()?;
    let mut candidates: Vec<&str> = schema::properties(first)
        .map(|(name, _)| name.as_str())
        .collect();
    candidates.sort_by_key(|name| {
        CONVENTIONAL
            .iter()
            .position(|conventional| conventional == name)
            .unwrap_or(CONVENTIONAL.len())
    });
    candidates.into_iter().find_map(|property| {
        let mut values: Vec<Vec<String>> = Vec::new();
        for (_, leaf) in &leaves {
            let tags = tags(leaf, property, schemas)?;
            if values.iter().flatten().any(|known| tags.contains(known)) {
                return None;
            }
            values.push(tags);
        }
        Some(Discriminator {
            property: property.to_owned(),
            values,
        })
    })
}

/// Whether an object has a constant with the conventional name of a discriminator.
pub(super) fn has_conventional_tag(object: &Value) -> bool {
    CONVENTIONAL.iter().any(|property| {
        let tag = object["properties"].get(property);
        tag.and_then(kind) == Some(Kind::Constant) && schema::requires(object, property)
    })
}

/// The values of a required constant or enum.
fn tags(object: &Value, property: &str, schemas: &Schemas) -> Option<Vec<String>> {
    let schema = object.get("properties")?.get(property)?;
    let (_, schema) = schema::target(schema, schemas);
    let is_tag = matches!(kind(schema), Some(Kind::Constant | Kind::Enum));
    if !is_tag || !schema::requires(object, property) {
        return None;
    }
    let values = schema["enum"].as_array()?;
    values
        .iter()
        .map(|value| value.as_str().map(str::to_owned))
        .collect()
}

/// Gives the members of unions the values that the mapping of a `discriminator` says, unless they
/// have constants of their own.
pub(super) fn tag_members(schemas: &mut Schemas) {
    let mut tags: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    for schema in schemas.values() {
        mapped_tags(schema, &mut tags);
    }
    for ((member, property), values) in tags {
        if let Some(member) = schemas.get_mut(&member) {
            tag_member(member, &property, &values);
        }
    }
}

/// Finds the values of the mappings, by member and property.
fn mapped_tags(schema: &Value, tags: &mut BTreeMap<(String, String), Vec<Value>>) {
    let discriminator = &schema["discriminator"];
    let is_union = schema
        .get("oneOf")
        .or_else(|| schema.get("anyOf"))
        .is_some();
    let mapping = discriminator["mapping"].as_object().filter(|_| is_union);
    if let (Some(property), Some(mapping)) = (discriminator["propertyName"].as_str(), mapping) {
        for (value, member) in mapping {
            let member = member.as_str().unwrap_or_default();
            let member = member.strip_prefix(PREFIX).unwrap_or(member);
            let values = tags.entry((member.to_owned(), property.to_owned()));
            let values = values.or_default();
            if !values.contains(&value.as_str().into()) {
                values.push(value.as_str().into());
            }
        }
    }
    for (_, part) in schema::subschemas(schema) {
        mapped_tags(part, tags);
    }
}

fn tag_member(member: &mut Value, property: &str, values: &[Value]) {
    let Some(member) = member.as_object_mut() else {
        return;
    };
    // The members of a union differ in more than the tag of the whole.
    if member.contains_key("oneOf") || member.contains_key("anyOf") {
        return;
    }
    let tag = json!({ "type": "string", "enum": values });
    if let Some(Value::Array(branches)) = member.get_mut("allOf") {
        branches.push(
            json!({ "type": "object", "properties": { property: tag }, "required": [property] }),
        );
        return;
    }
    let properties = member.entry("properties").or_insert_with(|| json!({}));
    let Some(properties) = properties.as_object_mut() else {
        return;
    };
    let is_text = |schema: &Value| {
        schema["type"] == "string" && schema.get("enum").is_none() && schema.get("const").is_none()
    };
    if properties
        .get(property)
        .is_some_and(|schema| !is_text(schema))
    {
        return;
    }
    properties.insert(property.to_owned(), tag);
    let required = member.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut()
        && !required.contains(&property.into())
    {
        required.push(property.into());
    }
}

/// Adds a `discriminator` with a mapping to every union of objects.
pub(super) fn add_all(schemas: &mut Schemas) -> Result<(), Error> {
    let known = schemas.clone();
    for (name, schema) in schemas {
        let Some(branches) = schema.get("oneOf").and_then(Value::as_array) else {
            continue;
        };
        let leaves = leaves(branches, &known);
        if !leaves
            .iter()
            .all(|(_, leaf)| kind(leaf) == Some(Kind::Object))
        {
            continue;
        }
        let at = Pointer::component(name);
        let discriminator = infer(branches, &known).ok_or_else(|| {
            Error::at(
                &at,
                "a union of objects without a discriminator cannot be lowered",
            )
        })?;
        let mapping: Map<String, Value> = discriminator
            .values
            .into_iter()
            .zip(&leaves)
            .flat_map(|(values, (leaf, _))| {
                let member = leaf.map(|leaf| format!("{PREFIX}{leaf}"));
                values
                    .into_iter()
                    .filter_map(move |value| Some((value, member.clone()?.into())))
            })
            .collect();
        schema["discriminator"] =
            json!({ "propertyName": discriminator.property, "mapping": mapping });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(tag: &str, value: &str) -> Value {
        json!({"type": "object", "required": [tag, "object"], "properties": {
            tag: {"type": "string", "enum": [value]},
            "object": {"type": "string", "enum": [format!("o.{value}")]},
        }})
    }

    #[test]
    fn a_discriminator_is_required_and_different_in_each_member() {
        let none = Schemas::new();
        let tag = infer(&[member("type", "a"), member("type", "b")], &none).unwrap();
        assert_eq!(
            (tag.property.as_str(), tag.values),
            ("type", vec![vec!["a".to_owned()], vec!["b".to_owned()]])
        );

        let by_object = infer(&[member("kind", "a"), member("type", "b")], &none).unwrap();
        assert_eq!(by_object.property, "object");

        let mut optional = member("type", "b");
        optional["required"] = json!([]);
        assert_eq!(infer(&[member("type", "a"), optional], &none), None);
        assert_eq!(
            infer(&[member("type", "a"), member("type", "a")], &none),
            None
        );
    }

    #[test]
    fn a_mapping_tells_the_values_of_members() {
        let text = json!({"type": "object", "properties": {"type": {"type": "string"}}});
        let base = json!({"allOf": [schema::reference_to("A"), {"type": "object"}]});
        let members = ["A", "B", "C", "D"].map(schema::reference_to);
        let union = json!({
            "oneOf": members,
            "discriminator": {"propertyName": "type", "mapping": {
                "a": "#/components/schemas/A", "aa": "A", "b": "B", "c": "C", "d": "D",
            }},
        });
        let mut schemas: Schemas = [
            ("A", text),
            ("B", base),
            ("C", member("type", "other")),
            ("D", json!({"type": "object"})),
            ("U", json!({"type": "object", "properties": {"u": union}})),
        ]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
        tag_members(&mut schemas);
        let tag = |values: &[&str]| json!({"type": "string", "enum": values});
        assert_eq!(schemas["A"]["properties"]["type"], tag(&["a", "aa"]));
        assert_eq!(schemas["A"]["required"], json!(["type"]));
        assert_eq!(schemas["B"]["allOf"][2]["properties"]["type"], tag(&["b"]));
        assert_eq!(schemas["C"], member("type", "other"));
        assert_eq!(schemas["D"]["properties"]["type"], tag(&["d"]));
    }

    #[test]
    fn a_mapping_to_a_union_tags_nothing() {
        let inner = json!({"oneOf": [schema::reference_to("A"), schema::reference_to("B")]});
        let outer = json!({
            "anyOf": [schema::reference_to("Inner"), schema::reference_to("C")],
            "discriminator": {"propertyName": "type", "mapping": {"inner": "Inner", "c": "C"}},
        });
        let mut schemas: Schemas = [
            ("Inner", inner.clone()),
            ("C", json!({"type": "object"})),
            ("Outer", outer),
        ]
        .into_iter()
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
        tag_members(&mut schemas);
        assert_eq!(schemas["Inner"], inner);
        assert_eq!(schemas["C"]["required"], json!(["type"]));
    }

    #[test]
    fn a_member_may_have_several_values() {
        let mut several = member("type", "c");
        several["properties"]["type"] = schema::reference_to("Operator");
        let operator = json!({"type": "string", "enum": ["a", "b"]});
        let mut schemas: Schemas = [
            ("Operator".to_owned(), operator),
            ("One".to_owned(), member("type", "c")),
            ("Several".to_owned(), several),
            (
                "U".to_owned(),
                json!({"oneOf": [schema::reference_to("Several"), schema::reference_to("One")]}),
            ),
        ]
        .into_iter()
        .collect();
        add_all(&mut schemas).unwrap();
        assert_eq!(
            schemas["U"]["discriminator"]["mapping"],
            json!({"a": "#/components/schemas/Several", "b": "#/components/schemas/Several", "c": "#/components/schemas/One"})
        );
    }

    #[test]
    fn a_union_of_unions_maps_each_value_to_its_leaf() {
        let union = |names: &[&str]| json!({"oneOf": names.iter().map(|name| schema::reference_to(name)).collect::<Vec<_>>()});
        let mut schemas: Schemas = [
            ("A".to_owned(), member("event", "a")),
            ("B".to_owned(), member("event", "b")),
            ("C".to_owned(), member("event", "c")),
            ("Inner".to_owned(), union(&["A", "B"])),
            ("Outer".to_owned(), union(&["Inner", "C"])),
        ]
        .into_iter()
        .collect();
        add_all(&mut schemas).unwrap();
        assert_eq!(
            schemas["Outer"]["discriminator"],
            json!({"propertyName": "event", "mapping": {
                "a": "#/components/schemas/A", "b": "#/components/schemas/B", "c": "#/components/schemas/C",
            }})
        );
        assert_eq!(
            schemas["Outer"]["oneOf"],
            json!([schema::reference_to("Inner"), schema::reference_to("C")])
        );
    }

    #[test]
    fn objects_without_a_discriminator_are_an_error() {
        let plain = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let mut schemas: Schemas = [
            ("A".to_owned(), plain.clone()),
            ("B".to_owned(), plain),
            (
                "U".to_owned(),
                json!({"oneOf": [schema::reference_to("A"), schema::reference_to("B")]}),
            ),
        ]
        .into_iter()
        .collect();
        assert!(
            add_all(&mut schemas)
                .unwrap_err()
                .to_string()
                .starts_with("at #/components/schemas/U: a union of objects")
        );
    }
}
