//! Builders of request types. Setters accept anything that converts into the field; a failed
//! conversion is reported by `build`.

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
    let mut builders: Vec<Item> = Vec::new();
    for item in types {
        if let Item::Struct(item) = item
            && matches!(item.fields, Fields::Named(_))
            && names.contains(&item.ident.to_string())
        {
            builders.extend(builder(item));
        }
    }
    parse_quote! {
        /// Builders of request types.
        pub mod builder {
            #(#builders)*
        }
    }
}

fn builder(item: &ItemStruct) -> Vec<Item> {
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
        Some(setter(&docs, field.ident.as_ref()?, ty))
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

/// A method that accepts anything that converts into the value, or into the items of a list or a map.
pub fn setter(docs: &[Attribute], name: &syn::Ident, ty: &syn::Type) -> TokenStream {
    let key = name.to_string();
    if name_of(ty).as_deref() == Some("BTreeMap")
        && let Some(value) = last_parameter(ty)
    {
        return quote! {
            #(#docs)*
            pub fn #name<K, V>(mut self, pairs: impl ::std::iter::IntoIterator<Item = (K, V)>) -> Self
            where
                K: ::std::convert::Into<::std::string::String>,
                V: ::std::convert::Into<#value>,
            {
                let pairs = pairs.into_iter();
                self.#name = Some(pairs.map(|(key, value)| (key.into(), value.into())).collect());
                self
            }
        };
    }
    match parameter_of(ty, "Vec") {
        Some(item) => quote! {
            #(#docs)*
            pub fn #name<I>(mut self, values: I) -> Self
            where
                I: ::std::iter::IntoIterator,
                I::Item: ::std::convert::TryInto<#item>,
                <I::Item as ::std::convert::TryInto<#item>>::Error: ::std::fmt::Display,
            {
                self.#name = #SETTERS::convert_all(#key, values, &mut self.first_error);
                self
            }
        },
        None => quote! {
            #(#docs)*
            pub fn #name<V>(mut self, value: V) -> Self
            where
                V: ::std::convert::TryInto<#ty>,
                V::Error: ::std::fmt::Display,
            {
                self.#name = #SETTERS::convert(#key, value, &mut self.first_error);
                self
            }
        },
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
        for part in [
            "pub fn counts<K, V>(",
            "pairs: impl ::std::iter::IntoIterator<Item = (K, V)>",
            "V: ::std::convert::Into<i64>,",
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
