//! `Deserialize` for structs. It follows the serde attributes of the fields, which the derive
//! of `Serialize` uses too, and compiles to less code than the derive of `Deserialize`.

use heck::ToUpperCamelCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Field, Item, ItemStruct, parse_quote};

use super::runtime::OBJECT;
use super::syntax::{ident, parameter_of};
use crate::error::Error;
use crate::model::reference::SCHEMAS;

/// `Deserialize` for a struct with named fields.
///
/// # Errors
/// A field has an unsupported serde attribute.
pub fn emit(item: &ItemStruct) -> Result<Vec<Item>, Error> {
    let name = &item.ident;
    let spelled = name.to_string();
    let fields = item.fields.iter().filter_map(FieldRule::of);
    let fields: Vec<FieldRule> = fields.collect::<syn::Result<_>>().map_err(|error| {
        Error::at(
            format!("{SCHEMAS}{name}"),
            format!("cannot generate `Deserialize`: {error}"),
        )
    })?;
    let numbers = 0..fields.len();
    let slots: Vec<_> = numbers
        .clone()
        .map(|number| format_ident!("value_{number}"))
        .collect();
    let properties: Vec<&String> = fields.iter().map(|field| &field.property).collect();
    let positions = numbers.clone();
    let rules = fields.iter().map(|field| {
        let rule = &field.rule;
        quote!(#OBJECT::#rule)
    });
    let idents = fields.iter().map(|field| field.ident);
    let values = fields
        .iter()
        .zip(&slots)
        .map(|(field, slot)| field.value(slot));

    let file: syn::File = parse_quote! {
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                #OBJECT::decode(deserializer)
            }
        }

        impl #OBJECT::Object for #name {
            const NAME: &'static str = #spelled;

            fn field(property: &str) -> ::std::option::Option<usize> {
                match property {
                    #(#properties => Some(#positions),)*
                    _ => None,
                }
            }

            fn decode<'de, A: ::serde::de::MapAccess<'de>>(
                mut properties: #OBJECT::Properties<A>,
            ) -> ::std::result::Result<Self, A::Error> {
                #(let mut #slots = None;)*
                while let Some(field) = properties.next(Self::field)? {
                    match field {
                        #(Some(#numbers) => properties.set::<#rules, _>(#properties, &mut #slots),)*
                        _ => properties.skip(),
                    }?;
                }
                Ok(Self { #(#idents: #values,)* })
            }
        }
    };
    Ok(file.items)
}

/// How a field is deserialized.
struct FieldRule<'a> {
    ident: &'a syn::Ident,
    property: String,
    /// A type of the module [`OBJECT`] that deserializes the value.
    rule: syn::Ident,
    missing: Missing,
}

/// The value of a missing property.
enum Missing {
    Error,
    Default,
    Of(syn::Path),
}

impl<'a> FieldRule<'a> {
    /// `None` for a field without a name.
    fn of(field: &'a Field) -> Option<syn::Result<Self>> {
        let ident = field.ident.as_ref()?;
        let mut field_rule = Self {
            ident,
            property: ident.to_string(),
            rule: self::ident("AsIs"),
            missing: match parameter_of(&field.ty, "Option") {
                Some(_) => Missing::Default,
                None => Missing::Error,
            },
        };
        let mut attributes = field.attrs.iter();
        let read = attributes.try_for_each(|attribute| field_rule.read(attribute));
        Some(read.map(|()| field_rule))
    }

    fn read(&mut self, attribute: &Attribute) -> syn::Result<()> {
        if !attribute.path().is_ident("serde") {
            return Ok(());
        }
        attribute.parse_nested_meta(|meta| {
            let value: Option<String> = match meta.input.peek(syn::Token![=]) {
                true => Some(meta.value()?.parse::<syn::LitStr>()?.value()),
                false => None,
            };
            let is = |name| meta.path.is_ident(name);
            match value {
                Some(name) if is("rename") => self.property = name,
                Some(function) if is("deserialize_with") => {
                    let (_, name) = function.rsplit_once("::").unwrap_or_default();
                    self.rule = ident(&name.to_upper_camel_case());
                }
                Some(function) if is("default") => {
                    self.missing = Missing::Of(syn::parse_str(&function)?);
                }
                None if is("default") => self.missing = Missing::Default,
                Some(_) if is("skip_serializing_if") => {}
                _ => return Err(meta.error("unsupported serde attribute")),
            }
            Ok(())
        })
    }

    fn value(&self, slot: &syn::Ident) -> TokenStream {
        let property = &self.property;
        match &self.missing {
            Missing::Error => quote!(#OBJECT::required(#property, #slot)?),
            Missing::Default => quote!(#slot.unwrap_or_default()),
            Missing::Of(function) => quote!(#slot.unwrap_or_else(#function)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_deserialized_by_their_serde_attributes() {
        let items = emit(&parse_quote! {
            struct Thing {
                id: String,
                #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
                type_: Option<String>,
                #[serde(default, deserialize_with = "crate::json::scalar::integer_or_zero")]
                count: i64,
                #[serde(default = "crate::json::scalar::unknown", deserialize_with = "crate::json::scalar::null_as_unknown")]
                level: Level,
                #[serde(deserialize_with = "crate::json::scalar::null_as_default")]
                data: Vec<String>,
            }
        });
        let items = items.expect("the attributes are supported");
        let source: String = quote!(#(#items)*).to_string().split_whitespace().collect();
        for part in [
            r#"match property { "id" => Some(0usize), "type" => Some(1usize), "count" => Some(2usize),"#,
            r#"Some(0usize) => properties.set::<crate::json::object::AsIs, _>("id", &mut value_0),"#,
            r#"Some(1usize) => properties.set::<crate::json::object::AsIs, _>("type", &mut value_1),"#,
            r#"Some(2usize) => properties.set::<crate::json::object::IntegerOrZero, _>("count", &mut value_2),"#,
            r#"Some(3usize) => properties.set::<crate::json::object::NullAsUnknown, _>("level", &mut value_3),"#,
            r#"Some(4usize) => properties.set::<crate::json::object::NullAsDefault, _>("data", &mut value_4),"#,
            r#"id: crate::json::object::required("id", value_0)?, type_: value_1.unwrap_or_default(),"#,
            r"count: value_2.unwrap_or_default(), level: value_3.unwrap_or_else(crate::json::scalar::unknown),",
            r#"data: crate::json::object::required("data", value_4)?,"#,
        ] {
            let part: String = part.split_whitespace().collect();
            assert!(source.contains(&part), "{part} is not in {source}");
        }
    }

    #[test]
    fn an_unsupported_attribute_is_an_error() {
        let items = emit(&parse_quote! {
            struct Thing {
                #[serde(alias = "name")]
                id: String,
            }
        });
        let error = items.err().expect("aliases are unsupported").to_string();
        assert!(error.contains("schemas/Thing"), "{error}");
    }
}
