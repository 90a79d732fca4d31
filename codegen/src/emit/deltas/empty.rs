//! `Empty`: the value of a type before its first delta.

use std::collections::BTreeMap;

use quote::quote;
use syn::{Item, Type, parse_quote};

use super::super::runtime::{DELTA, SCALAR};
use super::super::syntax::{ident, name_of, parameter_of};
use super::definitions::{Definition, Definitions, is_json, is_string, text};

/// Implements `Empty` where it is required.
pub struct Empties<'a> {
    definitions: &'a Definitions<'a>,
    /// Whether a type has an empty value, by the text of the type.
    known: BTreeMap<String, bool>,
    /// The implementations.
    pub items: Vec<Item>,
}

impl<'a> Empties<'a> {
    /// Starts without implementations.
    pub fn new(definitions: &'a Definitions<'a>) -> Self {
        Self {
            definitions,
            known: BTreeMap::new(),
            items: Vec::new(),
        }
    }

    /// Implements `Empty` for a type. Returns false if it has no empty value.
    pub fn require(&mut self, ty: &Type) -> bool {
        let name = text(ty);
        if let Some(known) = self.known.get(&name) {
            return *known;
        }
        let Some(definition) = self.definitions.get(&name) else {
            return match parameter_of(ty, "Box") {
                Some(inner) => self.require(inner),
                None => is_implemented(ty),
            };
        };
        // A recursive type contains itself in a place that is empty at first.
        self.known.insert(name.clone(), true);
        let empty = quote!(#DELTA::Empty::empty());
        let value = match definition {
            Definition::Struct(fields) => {
                let names = fields.iter().map(|field| field.ident);
                fields
                    .iter()
                    .all(|field| self.require(field.ty))
                    .then(|| quote!(Self { #(#names: #empty),* }))
            }
            Definition::Newtype(inner) => self.require(inner).then(|| quote!(Self(#empty))),
            Definition::Tagged(_, unknown) | Definition::Untagged(unknown) => {
                Some(quote!(Self::#unknown(::serde_json::Value::Null)))
            }
            Definition::Strings => Some(quote!(#SCALAR::StringEnum::from_wire(""))),
        };
        let ty = ident(&name);
        self.known.insert(name, value.is_some());
        self.items.extend(value.iter().map(|value| -> Item {
            parse_quote! {
                impl #DELTA::Empty for #ty {
                    fn empty() -> Self {
                        #value
                    }
                }
            }
        }));
        value.is_some()
    }
}

/// Whether handwritten code implements `Empty` for a type outside the document.
fn is_implemented(ty: &Type) -> bool {
    let is_container = ["Option", "Vec", "BTreeMap"]
        .iter()
        .any(|container| parameter_of(ty, container).is_some());
    is_container
        || is_string(ty)
        || is_json(ty)
        || matches!(
            name_of(ty).as_deref(),
            Some("bool" | "i64" | "f32" | "f64" | "Timestamp" | "Extra")
        )
}
