//! Structs, newtypes and the documentation of both.

use std::collections::BTreeMap;

use quote::{ToTokens, quote};
use syn::{Attribute, Fields, Item, ItemImpl, ItemStruct, parse_quote};

use super::super::Error;
use super::super::api::{Api, Constant, Kind, Schema, type_name};
use super::{name_of, objects, parameter_of, strings, unions};

/// Turns typify's types into those that callers see.
pub fn finish(items: Vec<Item>, api: &Api) -> Result<Vec<Item>, Error> {
    let schemas: BTreeMap<String, &Schema> = api
        .schemas
        .iter()
        .map(|(name, schema)| (type_name(name), schema))
        .collect();
    let mut finished = Vec::new();
    for item in items {
        match item {
            Item::Struct(mut item) => {
                keep_description(&mut item.attrs);
                let schema = schemas.get(&item.ident.to_string()).copied();
                // A union of one is a newtype to typify.
                if let Some(Kind::Tagged { tag, members }) = schema.map(|schema| &schema.kind) {
                    finished.extend(unions::tagged(&item.ident, &item.attrs, tag, members, api));
                    continue;
                }
                if schema.is_some_and(|schema| schema.kind == Kind::Any) {
                    finished.extend(free_form(&item));
                    continue;
                }
                if let Some(schema) = schema {
                    let mut sent = api.requests.iter().map(|name| type_name(name));
                    let is_sent = sent.any(|name| item.ident == name);
                    let is_word = |ty: &syn::Type| {
                        let schema = name_of(ty).and_then(|name| schemas.get(&name).copied());
                        schema.is_some_and(|schema| matches!(schema.kind, Kind::Strings { .. }))
                    };
                    structure(&mut item, schema, is_sent, is_word);
                }
                let conveniences = newtype_conveniences(&item);
                let is_object = schema.is_some() && matches!(item.fields, Fields::Named(_));
                let decoder = match is_object {
                    true => objects::decoder(&item)?,
                    false => Vec::new(),
                };
                finished.push(Item::Struct(item));
                finished.extend(decoder);
                finished.extend(conveniences);
            }
            Item::Enum(mut item) => {
                keep_description(&mut item.attrs);
                let kind = schemas
                    .get(&item.ident.to_string())
                    .map(|schema| &schema.kind);
                finished.extend(match kind {
                    Some(Kind::Tagged { tag, members }) => {
                        unions::tagged(&item.ident, &item.attrs, tag, members, api)
                    }
                    Some(Kind::Untagged) => unions::untagged(&item, api)?,
                    Some(Kind::Strings { .. }) => strings::open(&item),
                    _ => {
                        return Err(Error::new(
                            "#/components/schemas",
                            format!("`{}` is an enum without a name in the document", item.ident),
                        ));
                    }
                });
            }
            Item::Impl(item) if !is_remade(&item, &schemas) => finished.push(Item::Impl(item)),
            _ => {}
        }
    }
    Ok(finished)
}

/// `builder()`, and what typify implements for enums and free-form objects or makes of
/// them: all of it is made anew.
fn is_remade(item: &ItemImpl, schemas: &BTreeMap<String, &Schema>) -> bool {
    let is_made = |ty: &syn::Type| {
        let schema = name_of(ty).and_then(|name| schemas.get(&name).copied());
        schema.is_some_and(|schema| !matches!(schema.kind, Kind::Object { .. } | Kind::Other))
    };
    let Some((path, _)) = &item.trait_ else {
        return true;
    };
    let as_type: syn::Type = parse_quote!(#path);
    is_made(&item.self_ty) || parameter_of(&as_type, "From").is_some_and(is_made)
}

/// What an answer is of no use without, or cannot be told apart by.
const ESSENTIAL: [&str; 4] = ["id", "index", "status", "type"];

fn structure(
    item: &mut ItemStruct,
    schema: &Schema,
    is_sent: bool,
    is_word: impl Fn(&syn::Type) -> bool,
) {
    let constant = match &schema.kind {
        Kind::Object { constant } => *constant,
        _ => None,
    };
    item.attrs = attributes(item, constant);
    if matches!(item.fields, Fields::Named(_)) {
        item.attrs.push(parse_quote!(#[non_exhaustive]));
    }
    let required = |name: &str| {
        schema
            .value
            .get("required")
            .and_then(|names| names.as_array())
            .is_some_and(|names| names.iter().any(|required| required == name))
    };
    let properties = schema.value.get("properties");
    let is_page = properties.is_some_and(|properties| properties.get("has_more").is_some());
    for field in &mut item.fields {
        keep_description(&mut field.attrs);
        let Some(ident) = field.ident.as_ref().map(ToString::to_string) else {
            continue;
        };
        let renamed = field.attrs.iter().find_map(rename);
        let wire_name = renamed.clone().unwrap_or(ident);
        field
            .attrs
            .retain(|attribute| !attribute.path().is_ident("serde"));
        let mut rules = Vec::new();
        if let Some(name) = renamed {
            rules.push(quote!(rename = #name));
        }
        let may_be_missing = !is_sent && !ESSENTIAL.contains(&wire_name.as_str());
        let ty = &field.ty;
        if let Some(value) = parameter_of(ty, "Option") {
            if is_integer(value) {
                rules.push(quote!(
                    default,
                    deserialize_with = "crate::codec::integer_or_null"
                ));
            }
            // Serde takes a missing option for `None`. A required one is written as null.
            if !required(&wire_name) {
                rules.push(quote!(
                    skip_serializing_if = "::std::option::Option::is_none"
                ));
            }
        } else if is_page && wire_name == "data" {
            // Without it the answer is none of a list.
            rules.push(quote!(deserialize_with = "crate::codec::null_as_default"));
        } else if is_collection(ty) || wire_name == "has_more" || may_be_missing && is_scalar(ty) {
            rules.push(quote!(
                default,
                deserialize_with = "crate::codec::null_as_default"
            ));
        } else if may_be_missing && is_word(ty) {
            rules.push(quote!(
                default = "crate::codec::no_word",
                deserialize_with = "crate::codec::null_as_no_word"
            ));
        } else if may_be_missing && is_integer(ty) {
            rules.push(quote!(
                default,
                deserialize_with = "crate::codec::integer_or_zero"
            ));
        } else if is_integer(ty) {
            rules.push(quote!(deserialize_with = "crate::codec::integer"));
        }
        if !rules.is_empty() {
            field.attrs.push(parse_quote!(#[serde(#(#rules),*)]));
        }
    }
}

/// Servers leave out lists and maps that are empty, or send null for them.
fn is_collection(ty: &syn::Type) -> bool {
    name_of(ty).is_some_and(|name| matches!(name.as_str(), "Vec" | "BTreeMap" | "Map"))
}

/// Text, times and numbers. A flag is not among them: neither of its values says nothing.
fn is_scalar(ty: &syn::Type) -> bool {
    name_of(ty).is_some_and(|name| matches!(name.as_str(), "String" | "Timestamp" | "f32" | "f64"))
}

fn is_integer(ty: &syn::Type) -> bool {
    name_of(ty).as_deref() == Some("i64")
}

/// The description, the derived traits, and how serde names the type.
fn attributes(item: &ItemStruct, constant: Option<Constant>) -> Vec<Attribute> {
    let is = |name: &'static str| move |attribute: &&Attribute| attribute.path().is_ident(name);
    let says =
        |attribute: &Attribute, word: &str| attribute.to_token_stream().to_string().contains(word);
    let mut attributes: Vec<Attribute> = item.attrs.iter().filter(is("doc")).cloned().collect();
    let default = item
        .attrs
        .iter()
        .filter(is("derive"))
        .any(|derive| says(derive, "Default"));
    let default = default.then(|| quote!(Default,));
    let deserialize =
        matches!(item.fields, Fields::Unnamed(_)).then(|| quote!(::serde::Deserialize));
    attributes.push(parse_quote! {
        #[derive(Clone, Debug, PartialEq, #default ::serde::Serialize, #deserialize)]
    });
    let rules = item
        .attrs
        .iter()
        .filter(is("serde"))
        .filter(|rule| !says(rule, "deny_unknown_fields"));
    attributes.extend(rules.cloned());
    if let Some(Constant { property, value }) = constant {
        attributes.push(parse_quote!(#[serde(tag = #property, rename = #value)]));
    }
    attributes
}

/// A free-form object is kept as it came, behind a newtype that `json!` builds.
fn free_form(item: &ItemStruct) -> Vec<Item> {
    let name = &item.ident;
    let attributes = attributes(item, None);
    let file: syn::File = parse_quote! {
        #(#attributes)*
        pub struct #name(pub crate::Json);

        impl ::std::ops::Deref for #name {
            type Target = crate::Json;

            fn deref(&self) -> &crate::Json {
                &self.0
            }
        }

        impl ::std::convert::From<::serde_json::Value> for #name {
            fn from(value: ::serde_json::Value) -> Self {
                Self(value.into())
            }
        }

        impl ::std::convert::From<crate::Json> for #name {
            fn from(value: crate::Json) -> Self {
                Self(value)
            }
        }
    };
    file.items
}

/// A map behind a newtype is built from pairs.
fn newtype_conveniences(item: &ItemStruct) -> Vec<Item> {
    let Fields::Unnamed(fields) = &item.fields else {
        return Vec::new();
    };
    let name = &item.ident;
    let ty = &fields.unnamed[0].ty;
    if !name_of(ty).is_some_and(|name| matches!(name.as_str(), "BTreeMap" | "Map")) {
        return Vec::new();
    }
    let Some(value) = last_parameter(ty) else {
        return Vec::new();
    };
    let is_json = name_of(value).is_some_and(|name| name == "Value");
    let index = is_json.then(|| {
        quote! {
            /// The value of a key; null where there is none, as in `serde_json`.
            impl ::std::ops::Index<&str> for #name {
                type Output = #value;

                fn index(&self, key: &str) -> &#value {
                    self.0.get(key).unwrap_or(&#value::Null)
                }
            }
        }
    });
    let file: syn::File = parse_quote! {
        impl<K, V> ::std::iter::FromIterator<(K, V)> for #name
        where
            K: ::std::convert::Into<::std::string::String>,
            V: ::std::convert::Into<#value>,
        {
            fn from_iter<I: ::std::iter::IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
                Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
            }
        }

        #index

        impl<K, V, const N: usize> ::std::convert::From<[(K, V); N]> for #name
        where
            K: ::std::convert::Into<::std::string::String>,
            V: ::std::convert::Into<#value>,
        {
            fn from(pairs: [(K, V); N]) -> Self {
                pairs.into_iter().collect()
            }
        }
    };
    file.items
}

/// `V` of `BTreeMap<K, V>`.
fn last_parameter(ty: &syn::Type) -> Option<&syn::Type> {
    let syn::Type::Path(path) = ty else {
        return None;
    };
    match &path.path.segments.last()?.arguments {
        syn::PathArguments::AngleBracketed(arguments) => match arguments.args.last()? {
            syn::GenericArgument::Type(value) => Some(value),
            _ => None,
        },
        _ => None,
    }
}

/// typify puts the JSON schema of a type behind its description: only the
/// description is documentation.
fn keep_description(attributes: &mut [Attribute]) {
    for attribute in attributes {
        if let Some(text) = doc(attribute)
            && let Some(schema) = text.find("<details>")
        {
            let text = text[..schema].trim();
            *attribute = parse_quote!(#[doc = #text]);
        }
    }
}

fn doc(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The wire name of a field or variant, where it differs from the Rust one.
pub fn rename(attribute: &Attribute) -> Option<String> {
    let mut name = None;
    if attribute.path().is_ident("serde") {
        // Values of other keys are of no interest, so what does not parse is passed over.
        let _ = attribute.parse_nested_meta(|meta| {
            let is_rename = meta.path.is_ident("rename");
            if meta.input.peek(syn::Token![=]) {
                let value: syn::LitStr = meta.value()?.parse()?;
                if is_rename {
                    name = Some(value.value());
                }
            }
            Ok(())
        });
    }
    name
}
