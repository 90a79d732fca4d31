//! Finds the tag that tells the members of a union apart.
//!
//! Upstream declares no discriminators: a tag is a property that every member
//! requires, and that has one value, different in each.

use openai_assistants_codegen::Error;
use serde_json::{Map, Value, json};

use super::closure;
use super::schema::{self, Kind, PREFIX, Schemas, kind};

/// Names that are tags by custom, first choice first. Other names follow in order.
const CUSTOMARY: [&str; 2] = ["type", "event"];

/// The tag of a union: the property, and its value in each leaf.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    pub(super) property: String,
    pub(super) values: Vec<String>,
}

/// A member of a union, with its name if it is a component. A member that is a
/// union itself stands for its own members.
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
            // A union that contains itself has no leaves to add.
            Some(inner) if depth < 8 => leaves.extend(leaves_within(inner, schemas, depth + 1)),
            _ => leaves.push((name, target)),
        }
    }
    leaves
}

/// The tag of a union, if it has one.
pub(super) fn infer(branches: &[Value], schemas: &Schemas) -> Option<Tag> {
    let leaves = leaves(branches, schemas);
    let (_, first) = leaves.first()?;
    let mut candidates: Vec<&str> = schema::properties(first)
        .map(|(name, _)| name.as_str())
        .collect();
    candidates.sort_by_key(|name| {
        CUSTOMARY
            .iter()
            .position(|custom| custom == name)
            .unwrap_or(CUSTOMARY.len())
    });
    candidates.into_iter().find_map(|property| {
        let mut values: Vec<String> = Vec::new();
        for (_, leaf) in &leaves {
            let value = constant(leaf, property)?;
            if values.contains(&value) {
                return None;
            }
            values.push(value);
        }
        Some(Tag {
            property: property.to_owned(),
            values,
        })
    })
}

/// Whether an object alone has what is by custom a tag.
pub(super) fn by_custom(object: &Value) -> bool {
    CUSTOMARY
        .iter()
        .any(|property| constant(object, property).is_some())
}

fn constant(object: &Value, property: &str) -> Option<String> {
    let schema = object.get("properties")?.get(property)?;
    if kind(schema) != Some(Kind::Constant) || !schema::requires(object, property) {
        return None;
    }
    schema["enum"][0].as_str().map(str::to_owned)
}

/// Writes the tag of every union of objects as a discriminator that maps each
/// value to the member that has it.
pub(super) fn write(schemas: &mut Schemas) -> Result<(), Error> {
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
        let at = closure::at(name);
        let tag = infer(branches, &known).ok_or_else(|| {
            Error::at(
                &at,
                "a union of objects without a tag that tells them apart cannot be lowered",
            )
        })?;
        let mapping: Map<String, Value> = tag
            .values
            .into_iter()
            .zip(&leaves)
            .filter_map(|(value, (leaf, _))| Some((value, format!("{PREFIX}{}", (*leaf)?).into())))
            .collect();
        schema["discriminator"] = json!({ "propertyName": tag.property, "mapping": mapping });
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
    fn a_tag_is_required_and_different_in_each_member() {
        let none = Schemas::new();
        let tag = infer(&[member("type", "a"), member("type", "b")], &none).unwrap();
        assert_eq!(
            (tag.property.as_str(), tag.values),
            ("type", vec!["a".to_owned(), "b".to_owned()])
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
    fn a_union_of_unions_maps_each_value_to_its_leaf() {
        let union = |names: &[&str]| json!({"oneOf": names.iter().map(|name| schema::refer_to(name)).collect::<Vec<_>>()});
        let mut schemas: Schemas = [
            ("A".to_owned(), member("event", "a")),
            ("B".to_owned(), member("event", "b")),
            ("C".to_owned(), member("event", "c")),
            ("Inner".to_owned(), union(&["A", "B"])),
            ("Outer".to_owned(), union(&["Inner", "C"])),
        ]
        .into_iter()
        .collect();
        write(&mut schemas).unwrap();
        assert_eq!(
            schemas["Outer"]["discriminator"],
            json!({"propertyName": "event", "mapping": {
                "a": "#/components/schemas/A", "b": "#/components/schemas/B", "c": "#/components/schemas/C",
            }})
        );
        assert_eq!(
            schemas["Outer"]["oneOf"],
            json!([schema::refer_to("Inner"), schema::refer_to("C")])
        );
    }

    #[test]
    fn objects_without_a_tag_are_an_error() {
        let plain = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let mut schemas: Schemas = [
            ("A".to_owned(), plain.clone()),
            ("B".to_owned(), plain),
            (
                "U".to_owned(),
                json!({"oneOf": [schema::refer_to("A"), schema::refer_to("B")]}),
            ),
        ]
        .into_iter()
        .collect();
        assert!(
            write(&mut schemas)
                .unwrap_err()
                .to_string()
                .starts_with("at #/components/schemas/U: a union of objects")
        );
    }
}
