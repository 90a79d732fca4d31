//! Builders of request types. Setters accept anything that converts into the field, and an `Option`
//! of it where the field is optional; a failed conversion is reported by `build`.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

use super::runtime::{ERROR, SETTERS};
use super::structs::is_extra;
use super::syntax::{docs, last_parameter, name_of, parameter_of};
use crate::model::api::Api;
use crate::model::reference::type_name;

/// The module `types::builder`, and `builder()` of each type that has a builder.
pub fn emit(types: &[Item], api: &Api) -> Item {
    let names: Vec<String> = api.requests.iter().map(|name| type_name(name)).collect();
    let maps = maps(types);
    let mut builders: Vec<Item> = Vec::new();
    for item in types {
        if let Item::Struct(item) = item
            && matches!(item.fields, Fields::Named(_))
            && names.contains(&item.ident.to_string())
        {
            builders.extend(builder(item, &maps));
        }
    }
    parse_quote! {
        /// Builders of request types.
        pub mod builder {
            #(#builders)*
        }
    }
}

/// The types of the document that are maps, each with the type of its values.
fn maps(types: &[Item]) -> BTreeMap<String, syn::Type> {
    let value = |item: &Item| match item {
        Item::Struct(ItemStruct {
            ident,
            fields: Fields::Unnamed(fields),
            ..
        }) => Some((ident.to_string(), map_value(&fields.unnamed.first()?.ty)?)),
        _ => None,
    };
    let extra = ("Extra".to_owned(), parse_quote!(::serde_json::Value));
    types.iter().filter_map(value).chain([extra]).collect()
}

fn builder(item: &ItemStruct, maps: &BTreeMap<String, syn::Type>) -> Vec<Item> {
    let name = &item.ident;
    let spelled = name.to_string();
    let doc = format!("Sets the properties of a [`{name}`](super::{name}).");
    let fields: Vec<_> = item
        .fields
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .collect();
    let types: Vec<_> = item
        .fields
        .iter()
        .map(|field| value_type(&field.ty))
        .collect();
    let setters = item.fields.iter().zip(&types).filter_map(|(field, ty)| {
        let docs: Vec<_> = docs(&field.attrs).cloned().collect();
        let is_optional = is_extra(field) || parameter_of(&field.ty, "Option").is_some();
        let newtype = name_of(ty).and_then(|name| maps.get(&name).cloned());
        let accepted = match newtype.or_else(|| map_value(ty)) {
            Some(mut value) => {
                qualify(&mut value);
                Accepted::Pairs(value)
            }
            None => Accepted::of(ty),
        };
        Some(setter(&docs, field.ident.as_ref()?, &accepted, is_optional))
    });
    let values = item.fields.iter().map(|field| {
        let ident = &field.ident;
        let key = ident.as_ref().map(ToString::to_string);
        if is_extra(field) {
            quote!(#ident: self.#ident.unwrap_or_default())
        } else if parameter_of(&field.ty, "Option").is_some() {
            quote!(#ident: self.#ident)
        } else {
            quote!(#ident: #SETTERS::required(#spelled, #key, self.#ident)?)
        }
    });
    let continued = item.fields.iter().map(|field| {
        let ident = &field.ident;
        match is_extra(field) || parameter_of(&field.ty, "Option").is_none() {
            true => quote!(#ident: Some(value.#ident)),
            false => quote!(#ident: value.#ident),
        }
    });
    let build_doc = format!("Builds the [`{name}`](super::{name}).");

    let file: syn::File = parse_quote! {
        #[doc = #doc]
        #[derive(Clone, Debug, Default)]
        #[must_use]
        pub struct #name {
            #(#fields: ::std::option::Option<#types>,)*
            first_error: ::std::option::Option<::std::string::String>,
        }

        impl #name {
            #(#setters)*

            #[doc = #build_doc]
            ///
            /// # Errors
            /// A required value is missing, or a value could not be converted.
            pub fn build(self) -> #ERROR::Result<super::#name> {
                #SETTERS::built(self.first_error)?;
                Ok(super::#name { #(#values,)* })
            }
        }

        impl super::#name {
            /// Returns a builder without any values.
            pub fn builder() -> #name {
                #name::default()
            }
        }

        impl ::std::convert::From<super::#name> for #name {
            fn from(value: super::#name) -> Self {
                Self {
                    #(#continued,)*
                    first_error: None,
                }
            }
        }

        impl ::std::convert::TryFrom<#name> for super::#name {
            type Error = #ERROR::Error;

            fn try_from(builder: #name) -> #ERROR::Result<Self> {
                builder.build()
            }
        }
    };
    file.items
}

/// The type of a field without `Option`, as seen from the module `builder`.
fn value_type(ty: &syn::Type) -> syn::Type {
    let mut ty = parameter_of(ty, "Option").unwrap_or(ty).clone();
    qualify(&mut ty);
    ty
}

/// Prefixes types of the document, which are in the parent module. Others have a full path.
fn qualify(ty: &mut syn::Type) {
    let syn::Type::Path(syn::TypePath { path, .. }) = ty else {
        return;
    };
    let is_bare = path.leading_colon.is_none() && path.segments.len() == 1;
    let first = path.segments[0].ident.to_string();
    if is_bare && first.starts_with(char::is_uppercase) {
        path.segments.insert(0, parse_quote!(super));
    }
    for segment in &mut path.segments {
        if let syn::PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            for argument in &mut arguments.args {
                if let syn::GenericArgument::Type(inner) = argument {
                    qualify(inner);
                }
            }
        }
    }
}

/// The type of the values of a map.
fn map_value(ty: &syn::Type) -> Option<syn::Type> {
    let is_map = name_of(ty).is_some_and(|name| matches!(name.as_str(), "BTreeMap" | "Map"));
    last_parameter(ty).filter(|_| is_map).cloned()
}

/// What a setter accepts.
pub enum Accepted {
    /// Whatever converts into this type.
    Value(syn::Type),
    /// A list of whatever converts into this type.
    List(syn::Type),
    /// Pairs of a key and whatever converts into this type.
    Pairs(syn::Type),
}

impl Accepted {
    /// What a setter of a type that is not a map accepts.
    pub fn of(ty: &syn::Type) -> Self {
        match parameter_of(ty, "Vec") {
            Some(item) => Self::List(item.clone()),
            None => Self::Value(ty.clone()),
        }
    }
}

/// A method that accepts anything that converts into the value, or into the items of a list or a
/// map; where the value is optional also an `Option` of that.
pub fn setter(
    docs: &[Attribute],
    name: &syn::Ident,
    accepted: &Accepted,
    is_optional: bool,
) -> TokenStream {
    let key = name.to_string();
    let (markers, marker) = match is_optional {
        true => (Some(quote!(<M>)), quote!(M)),
        false => (None, quote!(#SETTERS::Given)),
    };
    let (note, argument, store) = match accepted {
        Accepted::Value(ty) => (
            None,
            quote!(value: impl #SETTERS::IntoValue<#ty, #marker>),
            quote!(set(&mut self.#name, #key, value, &mut self.first_error)),
        ),
        Accepted::List(item) => (
            Some("A further call adds items."),
            quote!(items: impl #SETTERS::IntoList<#item, #marker>),
            quote!(add(&mut self.#name, #key, items, &mut self.first_error)),
        ),
        Accepted::Pairs(value) => (
            Some("Takes any map or list of pairs. A further call adds pairs."),
            quote!(pairs: impl #SETTERS::IntoPairs<#value, #marker>),
            quote!(insert(&mut self.#name, pairs)),
        ),
    };
    let note = note.map(|note| quote!(#[doc = ""] #[doc = #note]));
    quote! {
        #(#docs)*
        #note
        pub fn #name #markers(mut self, #argument) -> Self {
            #SETTERS::#store;
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use syn::Item;

    use crate::test_support::{client, document, module, object};

    #[test]
    fn a_map_is_set_from_pairs() {
        let map = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
        let file = client(&document(json!({
            "ModifyThingRequest": object(json!({ "counts": map }), &["counts"]),
        })));
        let source = prettyplease::unparse(&file);
        let source: String = source.split_whitespace().collect();
        for part in [
            "pairs:implcrate::types::setters::IntoPairs<i64,crate::types::setters::Given,>",
            "crate::types::setters::insert(&mutself.counts,pairs);",
        ] {
            assert!(source.contains(part), "{part} is not in {source}");
        }
    }

    #[test]
    fn an_optional_value_is_set_from_an_option_too() {
        let properties = json!({
            "attributes": { "type": "object", "additionalProperties": true },
            "name": { "type": "string" },
            "tags": { "type": "array", "items": { "type": "string" } },
            "title": { "type": "string" },
        });
        let source = prettyplease::unparse(&client(&document(json!({
            "ModifyThingRequest": object(properties, &["title"]),
        }))));
        let source: String = source.split_whitespace().collect();
        for part in [
            "pubfnattributes<M>(mutself,pairs:implcrate::types::setters::IntoPairs<::serde_json::Value,M>,)",
            "pubfnname<M>(mutself,value:implcrate::types::setters::IntoValue<::std::string::String,M>,)",
            "pubfntags<M>(mutself,items:implcrate::types::setters::IntoList<::std::string::String,M>,)",
            "pubfntitle(mutself,value:implcrate::types::setters::IntoValue<::std::string::String,crate::types::setters::Given,>,)",
        ] {
            assert!(source.contains(part), "{part} is not in {source}");
        }
    }

    #[test]
    fn only_request_types_have_builders() {
        let file = client(&document(json!({})));
        let builders: Vec<String> = module(&file, "types")
            .iter()
            .find_map(|item| match item {
                Item::Mod(module) if module.ident == "builder" => module.content.as_ref(),
                _ => None,
            })
            .map(|(_, items)| items.as_slice())
            .expect("the module `builder` exists")
            .iter()
            .filter_map(|item| match item {
                Item::Struct(item) => Some(item.ident.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(builders, ["ModifyThingRequest"]);
    }
}
