//! Infers the discriminators of unions.
//!
//! Upstream documents do not declare them. The discriminator is a property that every
//! member requires and whose constant value, or whose enumerated values, differ between members.

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
