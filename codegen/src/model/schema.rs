//! Component schemas and the kind of Rust type that each becomes.

use heck::ToUpperCamelCase;
use serde_json::{Map, Value};

use super::reference::{SCHEMAS, type_name};
use crate::error::Error;

/// The format of an integer that is a Unix time. The importer writes it.
pub const TIMESTAMP_FORMAT: &str = "unixtime";

/// A component schema.
pub struct Schema<'a> {
    /// The kind of Rust type.
    pub kind: Kind<'a>,
    /// The schema object.
    pub value: &'a Map<String, Value>,
}

/// The kind of Rust type that a schema becomes.
#[derive(Debug, PartialEq)]
pub enum Kind<'a> {
    /// A struct. Its constant is serialized by the type and is not a field.
    Object {
        /// The property with a single value.
        constant: Option<Constant<'a>>,
    },
    /// An enum of strings, with a variant for unknown values.
    Strings {
        /// The known values.
        values: Vec<&'a str>,
    },
    /// An enum whose variant is selected by the value of one property.
    Tagged {
        /// The property.
        tag: &'a str,
        /// The known variants.
        members: Vec<Member<'a>>,
    },
    /// An enum whose variant is selected by the JSON type of the value.
    Untagged,
    /// An enum of server-sent events: a tagged union over `event` whose variants have `data`.
    Events {
        /// The known events.
        members: Vec<Member<'a>>,
    },
    /// A newtype of raw JSON: a free-form object.
    FreeForm,
    /// A primitive, an array or a map, as a newtype.
    Other,
}

/// A property with a single possible value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant<'a> {
    /// The property.
    pub property: &'a str,
    /// Its value.
    pub value: &'a str,
}

/// A value of the tag of a union, and the variant that it selects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member<'a> {
    /// The value of the tag.
    pub tag: &'a str,
    /// The component that the variant holds.
    pub schema: &'a str,
    /// Whether other values select the same component.
    pub is_shared: bool,
}

impl Member<'_> {
    /// The name of the variant in Rust.
    pub fn variant(&self) -> String {
        match self.is_shared {
            true => type_name(self.schema),
            false => self.tag.to_upper_camel_case(),
        }
    }
}

impl<'a> Schema<'a> {
    pub(super) fn read(name: &str, value: &'a Value) -> Result<Self, Error> {
        let error = |reason: &str| Error::at(format!("{SCHEMAS}{name}"), reason);
        let map = value
            .as_object()
            .ok_or_else(|| error("the schema is not an object"))?;
        let kind = if map.contains_key("oneOf") {
            union(map).ok_or_else(|| error("the discriminator has no valid mapping"))?
        } else if let Some(values) = map.get("enum") {
            let values = values
                .as_array()
                .and_then(|all| all.iter().map(Value::as_str).collect());
            Kind::Strings {
                values: values.ok_or_else(|| error("the enum has values that are not strings"))?,
            }
        } else if map.contains_key("properties") {
            Kind::Object {
                constant: constant(map),
            }
        } else if map.get("type").is_none_or(|ty| ty == "object")
            && map
                .get("additionalProperties")
                .is_none_or(Value::is_boolean)
        {
            Kind::FreeForm
        } else {
            Kind::Other
        };
        Ok(Self { kind, value: map })
    }

    /// The value of the constant `object`.
    pub fn object(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Object {
                constant:
                    Some(Constant {
                        property: "object",
                        value,
                    }),
            } => Some(value),
            _ => None,
        }
    }
}

fn union(schema: &Map<String, Value>) -> Option<Kind<'_>> {
    let Some(discriminator) = schema.get("discriminator") else {
        return Some(Kind::Untagged);
    };
    let tag = discriminator["propertyName"].as_str()?;
    let mapping = discriminator["mapping"].as_object()?;
    let mut members = mapping
        .iter()
        .map(|(tag, target)| {
            let schema = target.as_str()?.strip_prefix(SCHEMAS)?;
            let same = mapping.values().filter(|other| *other == target);
            Some(Member {
                tag,
                schema,
                is_shared: same.count() > 1,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    members.sort_by_key(|member| member.tag);
    Some(match tag {
        "event" => Kind::Events { members },
        _ => Kind::Tagged { tag, members },
    })
}

/// The constant of an object. `type` takes precedence, since unions use it as their tag.
fn constant(schema: &Map<String, Value>) -> Option<Constant<'_>> {
    let properties = schema.get("properties")?.as_object()?;
    let named = |name: &str| properties.get_key_value(name);
    let tags = named("type").into_iter().chain(named("object"));
    tags.chain(properties).find_map(|(property, schema)| {
        match schema["enum"].as_array()?.as_slice() {
            [Value::String(value)] => Some(Constant { property, value }),
            _ => None,
        }
    })
}
