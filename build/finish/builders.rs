//! Builders of the structs that go into requests: every setter takes whatever
//! converts into its field, and what went wrong is said when the struct is built.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

use super::super::api::{Api, type_name};
use super::parameter_of;

/// The module `types::builder`, and `builder()` on each type that has one.
pub fn module(types: &[Item], api: &Api) -> Item {
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
        /// Builders of the types that go into requests.
        pub mod builder {
            #(#builders)*
        }
    }
}

fn builder(item: &ItemStruct) -> Vec<Item> {
    let name = &item.ident;
    let spelled = name.to_string();
    let doc = format!("Builder of [`{name}`](super::{name}).");
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
        let docs = field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("doc"));
        Some(setter(
            &docs.cloned().collect::<Vec<_>>(),
            field.ident.as_ref()?,
            ty,
        ))
    });
    let values = item.fields.iter().map(|field| {
        let ident = &field.ident;
        let key = ident.as_ref().map(ToString::to_string);
        if parameter_of(&field.ty, "Option").is_some() {
            quote!(#ident: self.#ident)
        } else {
            quote!(#ident: crate::codec::required(#spelled, #key, self.#ident)?)
        }
    });
    let build_doc = format!("Makes the [`{name}`](super::{name}).");

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
            /// A required value was not set, or a value could not be converted.
            pub fn build(self) -> crate::Result<super::#name> {
                crate::codec::built(self.first_error)?;
                Ok(super::#name { #(#values,)* })
            }
        }

        impl super::#name {
            /// A builder with nothing set.
            pub fn builder() -> #name {
                #name::default()
            }
        }

        impl ::std::convert::TryFrom<#name> for super::#name {
            type Error = crate::Error;

            fn try_from(builder: #name) -> crate::Result<Self> {
                builder.build()
            }
        }
    };
    file.items
}

/// The type of a field without its `Option`, as seen from the module of the builders.
fn value_type(ty: &syn::Type) -> syn::Type {
    let mut ty = parameter_of(ty, "Option").unwrap_or(ty).clone();
    qualify(&mut ty);
    ty
}

/// Names of the document's types are one module up; others have a path already.
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

/// A method that takes whatever converts into the value, or into the items of a list.
pub fn setter(docs: &[Attribute], name: &syn::Ident, ty: &syn::Type) -> TokenStream {
    let key = name.to_string();
    match parameter_of(ty, "Vec") {
        Some(item) => quote! {
            #(#docs)*
            pub fn #name<I>(mut self, values: I) -> Self
            where
                I: ::std::iter::IntoIterator,
                I::Item: ::std::convert::TryInto<#item>,
                <I::Item as ::std::convert::TryInto<#item>>::Error: ::std::fmt::Display,
            {
                self.#name = crate::codec::convert_all(#key, values, &mut self.first_error);
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
                self.#name = crate::codec::convert(#key, value, &mut self.first_error);
                self
            }
        },
    }
}
