//! Newtypes: free-form objects and maps.

use quote::quote;
use syn::{Attribute, Fields, Item, ItemStruct, parse_quote};

use super::runtime::JSON;
use super::syntax::{last_parameter, name_of};

/// A free-form object: raw JSON behind a newtype.
pub fn free_form(item: &ItemStruct, attributes: &[Attribute]) -> Vec<Item> {
    let name = &item.ident;
    let file: syn::File = parse_quote! {
        #(#attributes)*
        pub struct #name(pub #JSON::Json);

        impl ::std::ops::Deref for #name {
            type Target = #JSON::Json;

            fn deref(&self) -> &#JSON::Json {
                &self.0
            }
        }

        impl ::std::convert::From<::serde_json::Value> for #name {
            fn from(value: ::serde_json::Value) -> Self {
                Self(value.into())
            }
        }

        impl ::std::convert::From<#JSON::Json> for #name {
            fn from(value: #JSON::Json) -> Self {
                Self(value)
            }
        }
    };
    file.items
}

/// Conversions of key-value pairs into a newtype of a map. Nothing for other structs.
pub fn map_conversions(item: &ItemStruct) -> Vec<Item> {
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
            /// Returns the value of a key, or null for an unknown key, as `serde_json` does.
            impl ::std::ops::Index<&str> for #name {
                type Output = #value;

                fn index(&self, key: &str) -> &#value {
                    self.0.get(key).unwrap_or(&#value::Null)
                }
            }
        }
    });
    let file: syn::File = parse_quote! {
        impl ::std::default::Default for #name {
            fn default() -> Self {
                Self(::std::default::Default::default())
            }
        }

        impl<K, V> ::std::iter::FromIterator<(K, V)> for #name
        where
            K: ::std::convert::Into<::std::string::String>,
            V: ::std::convert::Into<#value>,
        {
            fn from_iter<I: ::std::iter::IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
                Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
            }
        }

        impl ::std::iter::IntoIterator for #name {
            type Item = (::std::string::String, #value);
            type IntoIter = <#ty as ::std::iter::IntoIterator>::IntoIter;

            fn into_iter(self) -> Self::IntoIter {
                self.0.into_iter()
            }
        }

        impl<'a> ::std::iter::IntoIterator for &'a #name {
            type Item = (&'a ::std::string::String, &'a #value);
            type IntoIter = <&'a #ty as ::std::iter::IntoIterator>::IntoIter;

            fn into_iter(self) -> Self::IntoIter {
                self.0.iter()
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{client, document, fields, implementations, object, refer};

    #[test]
    fn a_free_form_object_is_raw_json() {
        let document = document(json!({
            "Schema": { "type": "object", "additionalProperties": true },
            "Tool": object(json!({ "schema": refer("Schema") }), &["schema"]),
        }));
        assert_eq!(fields(&client(&document), "Tool"), ["schema:Schema"]);
        let from = implementations(&document, "From");
        assert_eq!(from["Schema<::serde_json::Value>"], "{Self(value.into())}");
    }
}
