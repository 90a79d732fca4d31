//! Component schemas and the kind of Rust type that each becomes.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::name::{self, pascal, snake};
use super::reference::SCHEMAS;
use crate::error::Error;

/// The format of an integer that is a Unix time. The importer writes it.
pub const TIMESTAMP_FORMAT: &str = "unixtime";

/// Methods and fields that a type or its builder has in addition to the properties.
const RESERVED_FIELDS: [&str; 5] = ["build", "clone", "default", "first_error", "malformed"];

/// The variant of events for unknown ones.
const UNKNOWN: &str = "Unknown";

/// The format of a string that is a secret.
pub const SECRET_FORMAT: &str = "password";

/// The mark of a member of a union of deltas: the tag of the member that it continues. The importer
/// writes it.
pub const MERGES_INTO: &str = "x-merges-into";

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
    /// A struct. Its constants are serialized by the type and are not fields.
    Object {
        /// The properties with a single value. The first one may be the tag of a union.
        constants: Vec<Constant<'a>>,
        /// The names of the fields, by property.
        fields: BTreeMap<&'a str, String>,
    },
    /// An enum of strings, with a variant for unknown values.
    Strings {
        /// The known values, each with its variant.
        values: Vec<(&'a str, String)>,
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
#[derive(Debug, Clone, PartialEq)]
pub struct Member<'a> {
    /// The value of the tag.
    pub tag: &'a str,
    /// The component that the variant holds.
    pub schema: &'a str,
    /// The variant. Values that select the same component share one.
    pub variant: String,
}

impl<'a> Schema<'a> {
    pub(super) fn read(name: &str, value: &'a Value) -> Result<Self, Error> {
        let error = |reason: &str| Error::at(format!("{SCHEMAS}{name}"), reason);
        let map = value
            .as_object()
            .ok_or_else(|| error("the schema is not an object"))?;
        if map.contains_key("$ref") {
            return Err(error(
                "the schema is another name of a schema; import the document first",
            ));
        }
        let kind = if map.contains_key("oneOf") {
            union(map).ok_or_else(|| error("the discriminator has no valid mapping"))?
        } else if let Some(values) = map.get("enum").filter(|_| is_string(map)) {
            let values: Option<Vec<&str>> = values
                .as_array()
                .and_then(|all| all.iter().map(Value::as_str).collect());
            let values = values.ok_or_else(|| error("the enum has values that are not strings"))?;
            let variants = name::distinct(values.iter().copied(), pascal, &[]);
            Kind::Strings {
                values: values.into_iter().zip(variants).collect(),
            }
        } else if let Some(properties) = map.get("properties") {
            Kind::Object {
                constants: constants(map),
                fields: fields(properties),
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

    /// Whether values are booleans, numbers or strings. Callers use `bool`, not a newtype of it.
    pub fn is_primitive(&self) -> bool {
        let ty = self.value.get("type").and_then(Value::as_str);
        let is_primitive = matches!(ty, Some("boolean" | "integer" | "number" | "string"));
        self.kind == Kind::Other && is_primitive
    }

    /// The value of the constant `object`.
    pub fn object(&self) -> Option<&'a str> {
        let mut constants = self.constants().iter();
        let object = constants.find(|constant| constant.property == "object");
        object.map(|constant| constant.value)
    }

    /// The properties with a single value.
    pub fn constants(&self) -> &[Constant<'a>] {
        match &self.kind {
            Kind::Object { constants, .. } => constants,
            _ => &[],
        }
    }

    /// The property and the name of the field that typify generates for `key`: the property, or
    /// the name of the field where several properties would have the same.
    pub fn property(&self, key: &str) -> (String, String) {
        let Kind::Object { fields, .. } = &self.kind else {
            return (key.to_owned(), snake(key));
        };
        let by_property = fields.get_key_value(key);
        let by_name = || fields.iter().find(|(_, name)| *name == key);
        match by_property.or_else(by_name) {
            Some((property, name)) => ((*property).to_owned(), name.clone()),
            None => (key.to_owned(), snake(key)),
        }
    }
}

/// Whether values are strings. Enumerated numbers are a limit, and no type.
fn is_string(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_none_or(|ty| ty == "string")
}

fn union(schema: &Map<String, Value>) -> Option<Kind<'_>> {
    let Some(discriminator) = schema.get("discriminator") else {
        return Some(Kind::Untagged);
    };
    let tag = discriminator["propertyName"].as_str()?;
    let mapping = discriminator["mapping"].as_object()?;
    let mut members = mapping
        .iter()
        .map(|(tag, target)| Some((tag.as_str(), target.as_str()?.strip_prefix(SCHEMAS)?)))
        .collect::<Option<Vec<_>>>()?;
    members.sort_unstable();
    Some(match tag {
        "event" => {
            let tags = members.iter().map(|(tag, _)| *tag);
            let variants = name::distinct(tags, pascal, &[UNKNOWN]);
            let members = members.into_iter().zip(variants);
            let members = members.map(|((tag, schema), variant)| Member {
                tag,
                schema,
                variant,
            });
            Kind::Events {
                members: members.collect(),
            }
        }
        _ => Kind::Tagged {
            tag,
            members: with_variants(&members),
        },
    })
}

/// The members of a tagged union. Several values of one component are one variant, named after it.
fn with_variants<'a>(members: &[(&'a str, &'a str)]) -> Vec<Member<'a>> {
    let mut originals: Vec<(&str, &str)> = Vec::new();
    for (tag, schema) in members {
        let tags = members.iter().filter(|(_, other)| other == schema).count();
        if !originals.iter().any(|(known, _)| known == schema) {
            originals.push((schema, if tags > 1 { schema } else { tag }));
        }
    }
    let names = originals.iter().map(|(_, original)| *original);
    let variants = name::distinct(names, pascal, &[]);
    let of = |schema: &str| {
        let mut all = originals.iter().zip(&variants);
        let found = all.find(|((known, _), _)| *known == schema);
        found
            .map(|(_, variant)| variant.clone())
            .unwrap_or_default()
    };
    let members = members.iter().map(|(tag, schema)| Member {
        tag,
        schema,
        variant: of(schema),
    });
    members.collect()
}

/// The constants of an object: the tag of its unions, or the object type, and those that it
/// requires. Any other property with a single value may be left out, and is a field.
pub fn constants(schema: &Map<String, Value>) -> Vec<Constant<'_>> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let named = |name: &str| properties.get_key_value(name);
    let tags = named("type").into_iter().chain(named("object"));
    let mut constants: Vec<Constant> = Vec::new();
    for (property, definition) in tags.chain(properties) {
        let Some([Value::String(value)]) = definition["enum"].as_array().map(Vec::as_slice) else {
            continue;
        };
        if definition["nullable"] == true {
            continue;
        }
        let is_known = constants.iter().any(|known| known.property == property);
        let is_tag = property == "type" || property == "object";
        if !is_known && (is_tag || requires(schema, property)) {
            constants.push(Constant { property, value });
        }
    }
    constants
}

fn requires(schema: &Map<String, Value>, property: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|name| name == property))
}

fn fields(properties: &Value) -> BTreeMap<&str, String> {
    let properties = properties.as_object().into_iter().flatten();
    let properties: Vec<&str> = properties.map(|(name, _)| name.as_str()).collect();
    let names = name::distinct(properties.iter().copied(), snake, &RESERVED_FIELDS);
    properties.into_iter().zip(names).collect()
}
