//! `Indexed`: the list item that a delta belongs to.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;
use proc_macro2::Ident;
use quote::quote;
use syn::{Item, Type, parse_quote};

use super::super::runtime::DELTA;
use super::super::syntax::{ident, named_type, parameter_of};
use super::definitions::{Definition, Definitions, Field, text};
use crate::model::reference::type_name;

/// Implements `Indexed` where it is required.
pub struct Indexes<'a> {
    definitions: &'a Definitions<'a>,
    known: BTreeSet<String>,
    /// The implementations.
    pub items: Vec<Item>,
}

impl<'a> Indexes<'a> {
    /// Starts without implementations.
    pub fn new(definitions: &'a Definitions<'a>) -> Self {
        Self {
            definitions,
            known: BTreeSet::new(),
            items: Vec::new(),
        }
    }

    /// Whether the deltas of a list have an index.
    pub fn has_index(&self, ty: &Type) -> bool {
        match self.definitions.of(ty) {
            Some(Definition::Struct(fields)) => fields.iter().any(is_index),
            Some(Definition::Tagged(members, _)) => members
                .iter()
                .any(|member| self.has_index(&named_type(&type_name(member.schema)))),
            _ => false,
        }
    }

    /// Implements `Indexed` for a type.
    pub fn require(&mut self, ty: &Type) {
        let name = text(ty);
        if !self.known.insert(name.clone()) {
            return;
        }
        let mut is_null = None;
        let index = match self.definitions.get(&name) {
            Some(Definition::Struct(fields)) => {
                fields.iter().find(|field| is_index(field)).map(|field| {
                    match parameter_of(field.ty, "Option") {
                        Some(_) => quote!(self.index.map(::std::convert::Into::into)),
                        None => quote!(Some(self.index.into())),
                    }
                })
            }
            Some(Definition::Tagged(members, unknown)) => {
                let variants: Vec<Ident> = members
                    .iter()
                    .map(|member| ident(&member.tag.to_upper_camel_case()))
                    .collect();
                for member in *members {
                    self.require(&named_type(&type_name(member.schema)));
                }
                let index = quote!(#DELTA::Indexed::index(delta));
                is_null = Some(quote! {
                    fn is_null(&self) -> bool {
                        ::std::matches!(self, Self::#unknown(::serde_json::Value::Null))
                    }
                });
                Some(quote! {
                    match self {
                        #(Self::#variants(delta) => #index,)*
                        Self::#unknown(delta) => #index,
                    }
                })
            }
            _ => None,
        };
        let index = index.map(|index| {
            quote! {
                fn index(&self) -> ::std::option::Option<i128> {
                    #index
                }

                #is_null
            }
        });
        let ty = ident(&name);
        self.items
            .push(parse_quote!(impl #DELTA::Indexed for #ty { #index }));
    }
}

fn is_index(field: &Field) -> bool {
    let ty = parameter_of(field.ty, "Option").unwrap_or(field.ty);
    field.name == "index" && text(ty) == "i64"
}
