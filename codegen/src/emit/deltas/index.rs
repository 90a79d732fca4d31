//! `Indexed`: the list item that a delta belongs to, by its index or its ID.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Item, Type, parse_quote};

use super::super::runtime::DELTA;
use super::super::syntax::{ident, named_type, parameter_of};
use super::definitions::{Definition, Definitions, Field, is_string, text};
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
        let body = match self.definitions.get(&name) {
            Some(Definition::Struct(fields)) => {
                let index = fields.iter().find(|field| is_index(field));
                let index = index.map(|field| match parameter_of(field.ty, "Option") {
                    Some(_) => quote!(self.index.map(::std::convert::Into::into)),
                    None => quote!(Some(self.index.into())),
                });
                let id = fields.iter().find(|field| is_id(field));
                let id = id.map(|field| match parameter_of(field.ty, "Option") {
                    Some(_) => quote!(self.id.as_deref()),
                    None => quote!(Some(&self.id)),
                });
                methods(index, id)
            }
            Some(Definition::Tagged(members, unknown)) => {
                let variants: Vec<Ident> = members
                    .iter()
                    .map(|member| ident(&member.variant))
                    .collect();
                for member in *members {
                    self.require(&named_type(&type_name(member.schema)));
                }
                let of = |method: &TokenStream| {
                    let of_item = quote!(#DELTA::Indexed::#method(item));
                    quote! {
                        match self {
                            #(Self::#variants(item) => #of_item,)*
                            Self::#unknown(item) => #of_item,
                        }
                    }
                };
                let methods = methods(Some(of(&quote!(index))), Some(of(&quote!(id))));
                quote! {
                    #methods

                    fn is_null(&self) -> bool {
                        ::std::matches!(self, Self::#unknown(::serde_json::Value::Null))
                    }
                }
            }
            _ => TokenStream::new(),
        };
        let ty = ident(&name);
        self.items
            .push(parse_quote!(impl #DELTA::Indexed for #ty { #body }));
    }
}

fn is_index(field: &Field) -> bool {
    let ty = parameter_of(field.ty, "Option").unwrap_or(field.ty);
    field.name == "index" && text(ty) == "i64"
}

fn is_id(field: &Field) -> bool {
    let ty = parameter_of(field.ty, "Option").unwrap_or(field.ty);
    field.name == "id" && is_string(ty)
}

/// The methods that return an index and an ID.
fn methods(index: Option<TokenStream>, id: Option<TokenStream>) -> TokenStream {
    let index = index.map(|index| {
        quote! {
            fn index(&self) -> ::std::option::Option<i128> {
                #index
            }
        }
    });
    let id = id.map(|id| {
        quote! {
            fn id(&self) -> ::std::option::Option<&str> {
                #id
            }
        }
    });
    quote!(#index #id)
}
