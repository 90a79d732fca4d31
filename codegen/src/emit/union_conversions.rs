//! Conversions into unions: from members, their builders, lists, text and numbers.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::runtime::{ERROR, SETTERS};
use super::syntax::{ident, name_of, parameter_of};
use crate::model::api::Api;
use crate::model::reference::type_name;
use crate::model::schema::Kind;

/// `From` each member, from the members of a member that is itself a union, and `TryFrom`
/// the builders of these and lists of what converts into the items of a list.
pub fn conversions<'a>(
    union: &Ident,
    branches: impl Iterator<Item = (&'a Ident, TokenStream)>,
    api: &Api,
) -> TokenStream {
    let mut seen = Vec::new();
    let mut conversions = TokenStream::new();
    for (variant, ty) in branches {
        let Ok(parsed) = syn::parse2::<syn::Type>(ty.clone()) else {
            continue;
        };
        // Strings are converted from `&str` and `String` elsewhere.
        let is_text = name_of(&parsed).as_deref() == Some("String");
        let spelled = ty.to_string();
        if is_text || seen.contains(&spelled) {
            continue;
        }
        seen.push(spelled);
        if let Some(item) = parameter_of(&parsed, "Vec") {
            conversions.extend(from_list(union, variant, item));
            continue;
        }
        conversions.extend(quote! {
            impl ::std::convert::From<#ty> for #union {
                fn from(value: #ty) -> Self {
                    Self::#variant(value)
                }
            }
        });
        let Some((schema, kind)) = schema_of(&parsed, api) else {
            continue;
        };
        if let Kind::Tagged { members, .. } = kind {
            for member in members {
                let inner = ident(&type_name(member.schema));
                conversions.extend(quote! {
                    impl ::std::convert::From<#inner> for #union {
                        fn from(value: #inner) -> Self {
                            Self::#variant(value.into())
                        }
                    }
                });
                conversions.extend(try_from_builder(union, member.schema, api));
            }
        }
        conversions.extend(try_from_builder(union, schema, api));
    }
    conversions
}

fn try_from_builder(union: &Ident, schema: &str, api: &Api) -> Option<TokenStream> {
    let name = ident(&type_name(schema));
    api.has_builder(schema).then(|| {
        quote! {
            impl ::std::convert::TryFrom<builder::#name> for #union {
                type Error = #ERROR::Error;

                fn try_from(builder: builder::#name) -> #ERROR::Result<Self> {
                    builder.build().map(Self::from)
                }
            }
        }
    })
}

fn from_list(union: &Ident, variant: &Ident, item: &syn::Type) -> TokenStream {
    let conversion = |parameters: TokenStream, list: TokenStream| {
        quote! {
            impl<#parameters> ::std::convert::TryFrom<#list> for #union
            where
                T: ::std::convert::TryInto<#item, Error: ::std::fmt::Display>,
            {
                type Error = #ERROR::Error;

                fn try_from(items: #list) -> #ERROR::Result<Self> {
                    #SETTERS::list(items).map(Self::#variant)
                }
            }
        }
    };
    let vec = conversion(quote!(T), quote!(::std::vec::Vec<T>));
    let array = conversion(quote!(T, const N: usize), quote!([T; N]));
    quote!(#vec #array)
}

/// Conversions of text: fallible where the variant is a string enum, whose values are known.
pub fn from_text(union: &Ident, variant: &Ident, is_enum: bool) -> TokenStream {
    let texts = [
        quote!(&str),
        quote!(::std::string::String),
        quote!(&::std::string::String),
    ];
    let conversions = texts.map(|text| match is_enum {
        true => quote! {
            impl ::std::convert::TryFrom<#text> for #union {
                type Error = #ERROR::Error;

                fn try_from(value: #text) -> #ERROR::Result<Self> {
                    value.try_into().map(Self::#variant)
                }
            }
        },
        false => quote! {
            impl ::std::convert::From<#text> for #union {
                fn from(value: #text) -> Self {
                    Self::#variant(value.into())
                }
            }
        },
    });
    quote!(#(#conversions)*)
}

/// A float that is not a number in JSON, such as NaN, becomes null.
pub fn from_number(union: &Ident, unknown: &Ident) -> TokenStream {
    quote! {
        impl ::std::convert::From<i64> for #union {
            fn from(value: i64) -> Self {
                Self::Number(value.into())
            }
        }

        impl ::std::convert::From<f64> for #union {
            fn from(value: f64) -> Self {
                ::serde_json::Number::from_f64(value)
                    .map_or(Self::#unknown(::serde_json::Value::Null), Self::Number)
            }
        }
    }
}

/// Whether a type of a branch is a string enum.
pub fn is_string_enum(ty: &TokenStream, api: &Api) -> bool {
    let ty = syn::parse2::<syn::Type>(ty.clone()).ok();
    let schema = ty.and_then(|ty| schema_of(&ty, api));
    schema.is_some_and(|(_, kind)| matches!(kind, Kind::Strings { .. }))
}

fn schema_of<'a>(ty: &syn::Type, api: &'a Api) -> Option<(&'a str, &'a Kind<'a>)> {
    if parameter_of(ty, "Vec").is_some() {
        return None;
    }
    let name = name_of(ty)?;
    api.schemas
        .iter()
        .find(|(schema, _)| type_name(schema) == name)
        .map(|(schema, found)| (*schema, &found.kind))
}
