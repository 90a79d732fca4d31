//! The definitions of emitted types, as far as deltas need them.

use std::collections::BTreeMap;

use quote::ToTokens;
use syn::{Fields, Ident, Item, Type};

use super::super::structs::is_extra;
use super::super::syntax::renamed;
use crate::model::reference::type_name;
use crate::model::schema::{Kind, Member, Schema};

/// The definition of a type.
pub enum Definition<'a> {
    /// A struct with named fields.
    Struct(Vec<Field<'a>>),
    /// A newtype of another type.
    Newtype(&'a Type),
    /// A tagged union, with the variant for unknown members.
    Tagged(&'a [Member<'a>], &'a Ident),
    /// An untagged union, with the variant for unknown values.
    Untagged(&'a Ident),
    /// An enum of strings.
    Strings,
}

/// A field of a struct.
pub struct Field<'a> {
    /// The name in Rust.
    pub ident: &'a Ident,
    /// The name on the wire.
    pub name: String,
    /// The type.
    pub ty: &'a Type,
    /// Whether it holds the properties that have no field.
    pub is_extra: bool,
}

/// The definitions by the names of the types.
pub struct Definitions<'a>(BTreeMap<String, Definition<'a>>);

impl<'a> Definitions<'a> {
    /// Reads the definitions of emitted types.
    pub fn read(types: &'a [Item], schemas: &'a BTreeMap<&str, Schema<'a>>) -> Self {
        let kinds: BTreeMap<String, &Kind> = schemas
            .iter()
            .map(|(name, schema)| (type_name(name), &schema.kind))
            .collect();
        let definition = |item: &'a Item| match item {
            Item::Struct(item) => {
                let definition = match &item.fields {
                    Fields::Unnamed(fields) => Definition::Newtype(&fields.unnamed.first()?.ty),
                    fields => Definition::Struct(fields.iter().filter_map(field).collect()),
                };
                Some((item.ident.to_string(), definition))
            }
            Item::Enum(item) => {
                let name = item.ident.to_string();
                let unknown = &item.variants.last()?.ident;
                let definition = match *kinds.get(&name)? {
                    Kind::Tagged { members, .. } => Definition::Tagged(members, unknown),
                    Kind::Untagged => Definition::Untagged(unknown),
                    Kind::Strings { .. } => Definition::Strings,
                    _ => return None,
                };
                Some((name, definition))
            }
            _ => None,
        };
        Self(types.iter().filter_map(definition).collect())
    }

    /// The definition of a type, by its name.
    pub fn get(&self, name: &str) -> Option<&Definition<'a>> {
        self.0.get(name)
    }

    /// The definition of a type.
    pub fn of(&self, ty: &Type) -> Option<&Definition<'a>> {
        self.get(&text(ty))
    }

    /// The type that a newtype wraps.
    pub fn newtype(&self, ty: &Type) -> Option<&'a Type> {
        match self.of(ty)? {
            Definition::Newtype(inner) => Some(inner),
            _ => None,
        }
    }
}

fn field(field: &syn::Field) -> Option<Field<'_>> {
    let ident = field.ident.as_ref()?;
    Some(Field {
        ident,
        name: renamed(&field.attrs).unwrap_or_else(|| ident.to_string()),
        ty: &field.ty,
        is_extra: is_extra(field),
    })
}

/// A type as text. For a type of the document this is its name.
pub fn text(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}

/// Whether a type is `String`.
pub fn is_string(ty: &Type) -> bool {
    text(ty) == "::std::string::String"
}

/// Whether a type is a JSON value or object.
pub fn is_json(ty: &Type) -> bool {
    let text = text(ty);
    text == "::serde_json::Value" || text.starts_with("::serde_json::Map<")
}
